"""What happens once, when the module is installed or removed."""

from .models import account_balance_check, rcm_audit_guard
from .tools import work_marks


def post_init_hook(env):
    """Give every company its numbers, and its accounts where it has a chart."""
    env["res.company"].search([])._rcm_ensure_sequences()
    env["res.company"]._rcm_ensure_all_accounting()


def uninstall_hook(env):
    """Take away what the ORM does not know of: side tables and functions."""
    rcm_audit_guard.remove(env.cr)
    account_balance_check.remove(env.cr)
    work_marks.drop_table(env.cr)
