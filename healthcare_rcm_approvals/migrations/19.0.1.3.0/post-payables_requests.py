from odoo import SUPERUSER_ID, api

KINDS = "('vendor_bill', 'purchase_order', 'payment', 'payment_run', 'refund')"
EFFECTS = "('exceed_budget', 'accept_mismatch')"
RULES = {
    "rcm_approval_request_rule_payables": "",
    "rcm_approval_request_step_rule_payables": "request_id.",
    "rcm_approval_decision_rule_payables": "request_id.",
    "rcm_approval_log_rule_payables": "request_id.",
}


def migrate(cr, version):
    """Payables see what an order over its budget or a held bill waits for as well.

    A rule that somebody changed stays as it is.
    """
    if not version:
        return
    env = api.Environment(cr, SUPERUSER_ID, {})
    for name, path in RULES.items():
        rule = env.ref(f"healthcare_rcm_approvals.{name}", raise_if_not_found=False)
        before = f"[('{path}document_type', 'in', {KINDS})]"
        if rule and rule.domain_force == before:
            rule.domain_force = (
                f"['|', ('{path}document_type', 'in', {KINDS}), "
                f"('{path}effect', 'in', {EFFECTS})]"
            )
