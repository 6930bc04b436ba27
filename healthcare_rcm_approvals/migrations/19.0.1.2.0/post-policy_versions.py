"""Payer types in a text become records; policies and requests get their versions."""

from odoo import SUPERUSER_ID, api
from odoo.tools.sql import column_exists


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    if column_exists(cr, "rcm_approval_policy", "payer_types"):
        _link_payer_types(env)
    # bands begin at nothing, and are listed so
    cr.execute(
        "UPDATE rcm_approval_policy SET amount_from = 0 WHERE amount_from IS NULL"
    )
    policies = env["rcm.approval.policy"].with_context(active_test=False).search([])
    policies._rcm_take_versions()
    if column_exists(cr, "rcm_approval_policy", "version"):
        _keep_numbers(cr)
    if column_exists(cr, "rcm_approval_request", "policy_version_id"):
        _link_versions(cr)


def _link_payer_types(env):
    """``medicare, medicaid`` was checked when it was written: every word is known."""
    env.cr.execute(
        "SELECT id, payer_types FROM rcm_approval_policy"
        " WHERE payer_types IS NOT NULL AND payer_types != ''"
    )
    texts = env.cr.fetchall()
    terms = {
        term.code: term.id
        for term in env["rcm.approval.term"].search([("kind", "=", "payer_type")])
    }
    rows = [
        (policy_id, terms[word.strip()])
        for policy_id, words in texts
        for word in words.split(",")
        if word.strip()
    ]
    for row in rows:
        env.cr.execute(
            "INSERT INTO rcm_approval_policy_payer_type_rel (policy_id, term_id)"
            " VALUES (%s, %s) ON CONFLICT DO NOTHING",
            row,
        )
    env.cr.execute("UPDATE rcm_approval_policy SET payer_types = NULL")
    env.invalidate_all()


def _keep_numbers(cr):
    """The first version kept has the number the policy had counted to."""
    cr.execute(
        """
        UPDATE rcm_approval_policy_version kept
           SET number = policy.version
          FROM rcm_approval_policy policy
         WHERE policy.id = kept.policy_id AND policy.version > kept.number
           AND NOT EXISTS (SELECT 1 FROM rcm_approval_policy_version other
                            WHERE other.policy_id = policy.id AND other.id != kept.id)
        """
    )


def _link_versions(cr):
    """Open and closed requests point at the oldest version kept of their policy.

    What the policy said before versions were kept is in the audit log; the requests
    keep their number of it.
    """
    cr.execute(
        """
        UPDATE rcm_approval_request request
           SET policy_version_id = (
                   SELECT kept.id FROM rcm_approval_policy_version kept
                    WHERE kept.policy_id = request.policy_id
                 ORDER BY kept.number LIMIT 1)
         WHERE request.policy_version_id IS NULL AND request.policy_id IS NOT NULL
        """
    )
