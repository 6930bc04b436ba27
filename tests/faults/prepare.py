"""Runs inside ``odoo shell``: the demo company, its people and a key, in a database.

Writes the key and the names of the hooks that were loaded to RCM_FAULTS_ACCESS.
"""

import json
import os
from datetime import datetime, timedelta

from odoo.tools import convert_file

DEMO_FILES = (
    ("healthcare_rcm_base", "demo/rcm_master_demo.xml"),
    ("healthcare_rcm_base", "demo/rcm_users_demo.xml"),
    ("healthcare_rcm_base", "demo/rcm_accounting_demo.xml"),
    ("healthcare_rcm_connectors", "demo/rcm_connector_demo.xml"),
)
# Cron jobs of Odoo itself would only add noise to a machine that is to be hurt.
OURS = "healthcare_rcm%"


def main(env):
    """Load the demo files, give a key, leave only the suite's own jobs."""
    for module, path in DEMO_FILES:
        convert_file(env, module, path, {}, mode="init", noupdate=True)
    user = env.ref("healthcare_rcm_base.demo_user_integration")
    keys = env["res.users.apikeys"].with_user(user).sudo()
    key = keys._generate("rcm", "faults", datetime.now() + timedelta(days=1))
    connector = env["rcm.connector"].search([("user_id", "=", user.id)])
    connector.rate_limit_per_minute = 1000000
    # every change is told to a receiver that is not there: the outbox is worked too
    webhook = env["rcm.webhook"].create(
        {
            "name": "Nobody",
            "url": "https://example.invalid/hook",
            "patterns": "rcm.remittance.state_changed\nrcm.claim.state_changed",
        }
    )
    env["ir.cron"].search([("id", "not in", _ours(env))]).active = False
    env.ref("healthcare_rcm_connectors.cron_deliver").active = False
    env.cr.commit()
    with open(os.environ["RCM_FAULTS_ACCESS"], "w") as out:
        json.dump({"api_key": key, "webhook": webhook.id}, out)


def _ours(env):
    names = env["ir.model.data"].search(
        [("model", "=", "ir.cron"), ("module", "=like", OURS)]
    )
    return names.mapped("res_id")


if "env" in globals():
    main(globals()["env"])
