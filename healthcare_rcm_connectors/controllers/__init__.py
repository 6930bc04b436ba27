from . import (
    dispatcher,
    events,
    files,
    jsonrpc,
    documents,
    openapi,
    health,
    outage,
    no_database,
    metrics,
    pages,
    problems,
)
