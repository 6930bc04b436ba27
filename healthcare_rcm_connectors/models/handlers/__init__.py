from . import (
    rcm_event_handler,
    encounter_completed,
    claim_submitted,
    claim_status_changed,
    remittance_received,
    authorization_confirmed,
    payer_updated,
)
