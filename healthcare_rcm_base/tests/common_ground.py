"""Shared by the tests of documents, audit and exceptions: a sample document."""

from odoo.tests import new_test_user

ROLES = (
    "front_desk",
    "biller",
    "coder",
    "cash_poster",
    "denial_analyst",
    "collector",
    "payables",
    "approver",
    "finance_manager",
    "executive",
    "auditor",
    "integration_support",
    "integration",
    "administrator",
)


def role_user(env, role, login=None):
    """Return a user who holds one role and nothing else."""
    login = login or f"ground_{role}"
    return env["res.users"].search([("login", "=", login)]) or new_test_user(
        env, login=login, groups=f"healthcare_rcm_base.group_{role}"
    )


def exception_type(env, code="claim_invalid"):
    """Return a shipped exception type."""
    return env["rcm.exception.type"]._rcm_get(code)


def make_case(env, number="T1", code="claim_invalid", res_id=1, **vals):
    """Return an exception case, the simplest document of the base module."""
    return env["rcm.exception.case"]._rcm_create(
        [
            {
                "name": number,
                "type_id": exception_type(env, code).id,
                "res_model": "rcm.exception.type",
                "res_id": res_id,
                "record_name": f"Document {number}",
                **vals,
            }
        ]
    )


def audit_rows(env, record, event=None):
    """Return the audit rows of ``record``, oldest first."""
    domain = [("model", "=", record._name), ("res_id", "in", record.ids)]
    if event:
        domain.append(("event", "=", event))
    return env["rcm.audit.log"].sudo().search(domain, order="id")
