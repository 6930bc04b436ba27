from . import dispatcher, events, files, jsonrpc, documents, openapi, health, problems
