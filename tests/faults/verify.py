"""A process that asks the suite itself, after a fault: do chain, hashes and books hold?

    python verify.py DATABASE        prints one JSON object

Seals what waits, verifies the audit log, asks Odoo for the hashes of the sealed
journals, and runs the nightly check of ledger against sub-ledgers.
"""

import json
import os
import sys

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry


def main(database):
    """Every check; what is wrong in words."""
    odoo.tools.config.parse_config(
        ["-c", os.environ["ODOO_RC"], "-d", database, "--log-level", "critical"]
        + os.environ["RCM_FAULTS_OPTIONS"].split()
    )
    with Registry(database).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        wrong = [*_audit(env), *_hashes(env), *_books(env)]
        cr.rollback()
    print(json.dumps({"wrong": wrong}))


def _audit(env):
    while env["rcm.audit.seal"]._rcm_seal_block():
        pass
    result = env["rcm.audit.verification"]._rcm_verify()
    for finding in result["findings"]:
        yield f"audit: {finding.code} at {finding.location}"
    if result["pending"]:
        yield f"audit: {result['pending']} rows cannot be sealed"


def _hashes(env):
    """Odoo's own check of inalterability, as an accountant would ask for it."""
    for company in env["res.company"].search([]):
        if not company._rcm_accounts():
            continue
        user = env["res.users"].create(
            {
                "name": "Accountant",
                "login": f"faults-accountant-{company.id}",
                "company_id": company.id,
                "company_ids": [(6, 0, company.ids)],
                "group_ids": [
                    (4, env.ref("account.group_account_manager").id),
                    (4, env.ref("account.group_account_user").id),
                ],
            }
        )
        for row in company.with_user(user)._check_hash_integrity()["results"]:
            if row["status"] not in ("verified", "no_data"):
                yield f"hashes: {row['journal_name']}: {row['status']}"


def _books(env):
    for company in env["res.company"].search([]):
        if not company._rcm_accounts():
            continue
        run = env["rcm.reconciliation.run"]._rcm_check_company(company)
        for item in run.break_ids:
            yield f"books: {item.code} {item.record_name} {item.what}"


if __name__ == "__main__":
    main(sys.argv[1])
