"""Orders, bills and payments stand on threads of the audit log."""

from odoo.addons.healthcare_rcm_approvals.hooks import begin_threads


def migrate(cr, version):
    begin_threads(cr)
