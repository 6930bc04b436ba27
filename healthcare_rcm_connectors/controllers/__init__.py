from . import dispatcher, events, jsonrpc, documents, openapi, health, problems
