from . import (
    rcm_adapter,
    rcm_adapter_roles,
    rcm_adapter_json,
    rcm_adapter_file,
    rcm_adapter_standard_webhooks,
    rcm_adapter_http_json,
    rcm_adapter_charges_csv,
)
