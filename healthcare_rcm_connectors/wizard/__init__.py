from . import (
    rcm_configuration_check,
    rcm_connector_key_wizard,
    rcm_event_check,
    rcm_secret_show,
)
from . import rcm_connector_pull_dialogs, rcm_facility_go_live
