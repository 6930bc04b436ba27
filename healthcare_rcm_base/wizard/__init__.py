from . import rcm_accounting_setup
from . import rcm_audit_export
from . import rcm_audit_verify
