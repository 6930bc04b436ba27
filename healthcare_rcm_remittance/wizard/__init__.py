from . import rcm_remittance_upload
from . import rcm_remittance_resolve
from . import rcm_remittance_unpost
from . import rcm_posting_rule_preview
from . import rcm_deposit_close_day
from . import rcm_remittance_undo
from . import rcm_remittance_progress
