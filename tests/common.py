"""A running suite inside a test, driven over its real doors."""

import json

from odoo.tests import HttpCase

from .simulator.client import Client, FeedError

CRONS = (
    "healthcare_rcm_connectors.cron_process_events",
    "healthcare_rcm_base.cron_bill_ready",
    "healthcare_rcm_remittance.cron_remittance_read",
    "healthcare_rcm_remittance.cron_remittance_post",
)


class HttpCaseClient(Client):
    """The simulator's client over ``HttpCase.url_open``.

    Waiting means running the scheduled actions, as no cron worker does it here.
    """

    def __init__(self, case, api_key, sent=None):
        super().__init__("", case.env.cr.dbname, api_key, sent)
        self.case = case
        self.headers = {"Authorization": f"Bearer {api_key}"}

    def _call(self, method, path, json_body=None, params=None, **kwargs):
        body = kwargs.pop("json", json_body)
        query = "&".join(f"{key}={value}" for key, value in (params or {}).items())
        response = self.case.url_open(
            f"{path}?{query}" if query else path,
            data=None if body is None else json.dumps(body),
            headers={**self.headers, "Content-Type": "application/json"},
            method=method,
        )
        if response.status_code not in (200, 202):
            raise FeedError(f"{method} {path}: {response.status_code} {response.text}")
        return response

    def rest(self, seconds):
        for xmlid in CRONS:
            with self.case.enter_registry_test_mode():
                self.case.env.ref(xmlid).method_direct_trigger()
        self.case.env.invalidate_all()


class SuiteCase(HttpCase):
    """Helpers for tests of the whole suite; concrete classes carry the tags."""

    def make_client(self, sent=None):
        """A client with a fresh key of the integration user of a connector."""
        key = self.connector_key()
        return HttpCaseClient(self, key, sent)
