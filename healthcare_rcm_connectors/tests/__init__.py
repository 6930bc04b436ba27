from . import (
    test_protocol_json,
    test_protocol_envelope,
    test_protocol_jsonrpc,
    test_protocol_openapi,
    test_protocol_outbound,
    test_protocol_retry,
    test_protocol_schema,
    test_protocol_signature,
)
from . import (
    test_doors,
    test_event_processing,
    test_file_door,
    test_handlers,
    test_migration_sender_ids,
    test_handlers_charges,
    test_handlers_control,
    test_replay,
    test_security,
    test_signed_doors,
    test_webhook,
)
