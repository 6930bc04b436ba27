"""A running suite inside a test, driven over its real doors."""

import json
import tempfile
from datetime import timedelta
from pathlib import Path

from odoo import fields
from odoo.service.model import call_kw
from odoo.tests import HttpCase
from odoo.tools import convert_file

from odoo.addons.healthcare_rcm_base.tests.neighbour import Neighbour

from .simulator.client import Client, FeedError

DEMO_FILES = (
    ("healthcare_rcm_base", "demo/rcm_master_demo.xml"),
    ("healthcare_rcm_base", "demo/rcm_users_demo.xml"),
    ("healthcare_rcm_base", "demo/rcm_accounting_demo.xml"),
    ("healthcare_rcm_connectors", "demo/rcm_connector_demo.xml"),
)
# In the order in which work flows; each run may wake the next.
SCHEDULED_ACTIONS = (
    "healthcare_rcm_connectors.cron_process_events",
    "healthcare_rcm_base.cron_bill_ready",
    "healthcare_rcm_remittance.cron_remittance_read",
    "healthcare_rcm_remittance.cron_remittance_post",
)


class HttpCaseClient(Client):
    """The simulator's client over ``HttpCase.url_open``.

    Waiting means running the scheduled actions: a test has no cron workers.
    """

    def __init__(self, case, api_key, sent):
        super().__init__("", case.env.cr.dbname, api_key, sent)
        self.case = case
        self.headers = {
            "Authorization": f"Bearer {api_key}",
            "Content-Type": "application/json",
        }

    def _call(self, method, path, json_body=None, params=None, **kwargs):
        body = kwargs.pop("json", json_body)
        query = "&".join(f"{key}={value}" for key, value in (params or {}).items())
        response = self.case.url_open(
            f"{path}?{query}" if query else path,
            data=None if body is None else json.dumps(body),
            headers=self.headers,
            method=method,
        )
        if response.status_code not in (200, 202):
            raise FeedError(f"{method} {path}: {response.status_code} {response.text}")
        return response

    def people(self):
        return PeopleOfCase(self.case)

    def rest(self, seconds):
        self.case.run_scheduled_actions()


class PeopleOfCase:
    """People behind the same call as their browser's, without the browser."""

    def __init__(self, case):
        self.case = case

    def call(self, login, model, method, *args, **kwargs):
        env = self.case.env
        user = env["res.users"].search([("login", "=", login)])
        return call_kw(env(user=user.id)[model], method, list(args), kwargs)


class SuiteCase(Neighbour, HttpCase):
    """The demo company in a test database: facilities, payers, people, connector."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for module, path in DEMO_FILES:
            convert_file(cls.env, module, path, {}, mode="init", noupdate=True)
        cls.company = cls.env.ref("base.main_company")
        cls.neighbour = cls.make_invoiced_neighbour()

    def make_client(self, sent=None):
        """A client with a fresh key of the integration user's connector."""
        user = self.env.ref("healthcare_rcm_base.demo_user_integration")
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        expires = fields.Datetime.now() + timedelta(days=1)
        return HttpCaseClient(self, keys._generate("rcm", "suite test", expires), sent)

    def make_sent_folder(self):
        """A folder for what is sent, gone after the test."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name)
        (path / "remittances").mkdir()
        return path

    def run_scheduled_actions(self):
        """One round of every scheduled action that moves documents on."""
        for xmlid in SCHEDULED_ACTIONS:
            self.env.ref(xmlid).method_direct_trigger()
        self.env.invalidate_all()
