from . import rcm_approval_policy
from . import rcm_approval_policy_step
from . import rcm_approval_policy_version
from . import rcm_approval_request
from . import rcm_approval_decision
from . import rcm_approval_mixin
from . import rcm_document_mixin
from . import rcm_claim
