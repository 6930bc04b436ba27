from . import test_policy_routing
from . import test_rcm_approval_request
from . import test_account_move_approval
from . import test_account_payment_approval
from . import test_rcm_duty_conflict
