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
