from . import rcm_accounting_setup
from . import rcm_audit_export
from . import rcm_audit_verify
from . import rcm_charge_correct
from . import rcm_exception_reprocess
from . import rcm_exception_step
from . import rcm_guarantor_edit
from . import rcm_price_check
