from . import dispatcher, events, jsonrpc, documents, health, problems
