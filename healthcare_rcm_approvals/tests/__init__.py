from . import test_policy_routing
