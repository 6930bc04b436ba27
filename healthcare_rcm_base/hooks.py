from .models import rcm_audit_guard


def uninstall_hook(env):
    """Take away what the ORM does not know of: side tables and functions."""
    rcm_audit_guard.remove(env.cr)
