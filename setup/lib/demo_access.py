"""Runs inside `odoo shell` on a demo database: logins and an API key for the feed.

The suite's demo data brings one user per role, whose password is its login; a user
without a password gets that one. The demo feed gets a key that lasts a day. Writes
JSON to the file that the environment variable RCM_ACCESS_FILE names.
"""

import json
import os
from datetime import datetime, timedelta

PREFIX = "demo_user_"
INTEGRATION = "integration"


def demo_users(env):
    """{role: user} of the demo users, by external id."""
    ours = [
        ("module", "=like", "healthcare_rcm%"),
        ("model", "=", "res.users"),
        ("name", "=like", PREFIX + "%"),
    ]
    data = env["ir.model.data"].search(ours, order="id")
    users = {
        row.name.removeprefix(PREFIX): env["res.users"].browse(row.res_id).exists()
        for row in data
    }
    return {role: user for role, user in users.items() if user}


def set_missing_passwords(env, users):
    for user in users.values():
        env.cr.execute(
            "SELECT password IS NULL FROM res_users WHERE id = %s", [user.id]
        )
        if env.cr.fetchone()[0]:
            user.password = user.login


def feed_key(env, users):
    """A key for the integration user, or None when there is no such user."""
    user = users.get(INTEGRATION)
    if not user:
        return None
    until = datetime.now() + timedelta(days=1)
    keys = env["res.users.apikeys"].with_user(user).sudo()
    return keys._generate("rcm", "demo feed", until)


def main(env):
    users = demo_users(env)
    set_missing_passwords(env, users)
    access = {
        "logins": {role: user.login for role, user in users.items()},
        "api_key": feed_key(env, users),
    }
    env.cr.commit()
    with open(os.environ["RCM_ACCESS_FILE"], "w") as out:
        json.dump(access, out)


if "env" in globals():
    main(globals()["env"])
