from . import rcm_approval_decide
