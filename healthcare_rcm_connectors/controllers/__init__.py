from . import dispatcher, events, files, jsonrpc, documents, openapi, health, metrics, pages, problems
from . import (
    dispatcher,
    events,
    files,
    jsonrpc,
    documents,
    openapi,
    health,
    outage,
    metrics,
    pages,
    problems,
)
