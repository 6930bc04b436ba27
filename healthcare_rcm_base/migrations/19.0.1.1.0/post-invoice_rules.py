"""The payer's own selection of when to invoice becomes rule records."""

from odoo import SUPERUSER_ID, api
from odoo.tools.sql import column_exists


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    if column_exists(cr, "rcm_payer", "invoice_rule_before"):
        _make_rules(env)
        _mark_claims(cr)
        cr.execute("ALTER TABLE rcm_payer DROP COLUMN invoice_rule_before")
    # Charges came with their encounters before there was anything else.
    cr.execute("UPDATE rcm_charge SET origin = 'encounter' WHERE origin = 'manual'")
    _complete_accounting(env)


def _make_rules(env):
    """A rule for each payer that did not invoice when the claim was cleared."""
    env.cr.execute(
        "SELECT id, company_id FROM rcm_payer WHERE invoice_rule_before = 'adjudicated'"
    )
    Rule = env["rcm.invoice.rule"]
    for payer_id, company_id in env.cr.fetchall():
        if not Rule.search_count([("payer_id", "=", payer_id)], limit=1):
            Rule.create(
                {
                    "payer_id": payer_id,
                    "company_id": company_id,
                    "rule": "adjudicated",
                }
            )


def _mark_claims(cr):
    """Claims keep the rule they were built by."""
    cr.execute(
        """
        UPDATE rcm_claim claim
           SET invoice_rule = COALESCE(
                   (SELECT payer.invoice_rule_before FROM rcm_payer payer
                     WHERE payer.id = claim.payer_id AND NOT claim.self_pay), 'now')
         WHERE claim.invoice_rule IS NULL
        """
    )


def _complete_accounting(env):
    """Companies whose books were set up get the account that is new."""
    new = ["Receivables from ordering clients"]
    for company in env["res.company"].search([("parent_id", "=", False)]):
        if company._rcm_accounting_ready() == new:
            company._rcm_ensure_accounting()
