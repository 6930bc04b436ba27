from . import (
    handlers,
    ir_http,
    rcm_event_type,
    rcm_connector_key,
    rcm_connector,
    res_users_apikeys,
    rcm_event_attempt,
    rcm_event,
    rcm_event_intake,
    rcm_event_processing,
    rcm_document_answer,
)
