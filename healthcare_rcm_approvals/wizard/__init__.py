from . import account_payment_register
from . import account_validate_move
from . import rcm_approval_coverage
from . import rcm_approval_decide
from . import rcm_approval_simulation
from . import rcm_requested_document_reverse
