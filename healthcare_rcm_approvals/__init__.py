from . import controllers, models, policy, wizard
from .models import rcm_approval_guard


def uninstall_hook(env):
    """Drop the functions and triggers the ORM does not know of."""
    rcm_approval_guard.remove(env.cr)
