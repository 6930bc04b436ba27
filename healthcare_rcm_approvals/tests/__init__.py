from . import test_policy_routing
from . import test_rcm_approval_request
