from . import dispatcher, events, files, jsonrpc, documents, openapi, health, metrics, pages, problems
