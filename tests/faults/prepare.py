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
# The jobs that carry a document on. Watchers and nightly checks would log what time it
# is, not what was done; Odoo's own would only add noise.
JOBS = (
    "healthcare_rcm_connectors.cron_process_events",
    "healthcare_rcm_connectors.cron_process_events_lane",
    "healthcare_rcm_base.cron_bill_ready",
    "healthcare_rcm_base.cron_seal_audit_log",
    "healthcare_rcm_remittance.cron_remittance_read",
    "healthcare_rcm_remittance.cron_remittance_post",
)


def main(env):
    """Load the demo files, give a key, leave only the jobs that work."""
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
    jobs = [env.ref(name).id for name in JOBS]
    env["ir.cron"].search([("id", "not in", jobs)]).active = False
    env.cr.commit()
    with open(os.environ["RCM_FAULTS_ACCESS"], "w") as out:
        json.dump({"api_key": key, "webhook": webhook.id}, out)


if "env" in globals():
    main(globals()["env"])
