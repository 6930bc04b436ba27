from datetime import timedelta
from itertools import count
from time import monotonic
from unittest.mock import patch

from odoo import fields

from odoo.addons.healthcare_rcm_base.tests.builders import billing_address

from ..controllers import dispatcher
from ..models import ir_http, rcm_event_intake

_numbers = count(1)


class ConnectorMixin:
    """A connector with service user and key, and a facility; all invented here."""

    @classmethod
    def make_world(cls):
        cls.company = cls.env.company
        cls.facility = cls.env["rcm.facility"].create(
            {"name": "Test Clinic", "code": "TCLINIC", "npi": "1234567893"}
        )
        cls.group = cls.env["rcm.provider.group"].create(
            {
                "name": "Test Group",
                "code": "TGROUP",
                "npi": "1245319599",
                "tax_id": "123456789",
                "billing_partner_id": billing_address(cls.env).id,
            }
        )
        cls.payer = cls.env["rcm.payer"].create({"name": "Test Plan", "code": "TPLAN"})
        cls.service_user = cls.make_user("svc-one", "integration")
        cls.connector = cls.make_connector(cls.service_user, "one")

    @classmethod
    def make_user(cls, login, *roles):
        groups = [cls.env.ref(f"healthcare_rcm_base.group_{role}").id for role in roles]
        return cls.env["res.users"].create(
            {
                "name": f"Test {login}",
                "login": login,
                "password": login + "-password",
                "group_ids": [(6, 0, groups)],
                "company_id": cls.company.id,
                "company_ids": [(6, 0, cls.company.ids)],
            }
        )

    @classmethod
    def make_connector(cls, user, code, **values):
        types = cls.env["rcm.event.type"].search([("state", "=", "active")])
        return cls.env["rcm.connector"].create(
            {
                "name": f"Connector {code}",
                "code": code,
                "user_id": user.id,
                "event_type_ids": [(6, 0, types.ids)],
                **values,
            }
        )

    @classmethod
    def make_key(cls, user, scope="rcm", days=1):
        expires = fields.Datetime.now() + timedelta(days=days)
        keys = cls.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate(scope, f"test {next(_numbers)}", expires)

    def envelope(self, name, data, **changes):
        return {
            "id": f"test-{next(_numbers)}",
            "type": name,
            "version": 1,
            "occurred_at": "2026-11-02T10:30:00Z",
            "data": data,
            **changes,
        }

    def submitted(self, control_number="RTEST0000001", **changes):
        data = {
            "control_number": control_number,
            "submitted_at": "2026-11-03T08:00:00Z",
        }
        return self.envelope("claim.submitted", data, **changes)

    def completed(self, number="E-1", charges=None, **changes):
        """An ``encounter.completed`` of an invented patient."""
        data = {
            "encounter": {
                "number": number,
                "facility": self.facility.code,
                "provider_group": self.group.code,
                "type": "outpatient",
                "service_date": "2026-11-02",
                "place_of_service": "11",
                "coding_signed_off": True,
                "diagnoses": ["E119"],
                "self_pay": False,
            },
            "patient": {
                "mrn": "M-" + number,
                "account_number": "PA-" + number,
                "first_name": "Zacharias",
                "last_name": "Quillfeather",
                "birth_date": "1980-01-01",
                "sex": "M",
            },
            "guarantor": {
                "relationship": "self",
                "first_name": "Zacharias",
                "last_name": "Quillfeather",
                "account_number": "G-" + number,
            },
            "coverages": [
                {
                    "sequence": 1,
                    "payer": self.payer.code,
                    "member_id": "MEMBER-77",
                    "subscriber_relationship": "self",
                    "effective_from": "2025-01-01",
                    "effective_to": None,
                }
            ],
            "charges": charges
            or [
                {
                    "id": "C1",
                    "code": "99213",
                    "modifiers": [],
                    "units": "1",
                    "amount": "150.00",
                    "diagnosis_pointers": [1],
                    "service_date": "2026-11-02",
                    "place_of_service": "11",
                }
            ],
        }
        return self.envelope("encounter.completed", data, **changes)

    def receive(self, *envelopes, connector=None):
        """Store events as the doors do; return them in the order they were sent."""
        connector = connector or self.connector
        answers = self.env["rcm.event"]._rcm_submit(connector, list(envelopes))
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        events = self.env["rcm.event"].search(
            [
                ("connector_id", "=", connector.id),
                ("external_id", "in", [item["id"] for item in envelopes]),
            ]
        )
        by_id = {event.external_id: event for event in events}
        return events.browse([by_id[item["id"]].id for item in envelopes])

    def forget_the_doors(self):
        """Nothing that the doors of this process keep in memory outlives a test."""
        for memory in (dispatcher._rates, ir_http._failures):
            memory._by_key.clear()
        ir_http._verified.clear()
        rcm_event_intake._queue_depth.clear()

    def stop_the_clock(self, module):
        """A slow machine must not refill a bucket while the test empties it."""
        self.startPatcher(patch.object(module, "monotonic", return_value=monotonic()))

    def keep_one_clock(self):
        """The database's clock follows the frozen one of the test."""
        patcher = patch.object(
            type(self.env["ir.cron"]),
            "_rcm_database_clock",
            lambda cron: fields.Datetime.now(),
        )
        patcher.start()
        self.addCleanup(patcher.stop)

    def process(self):
        self.env["rcm.event"]._cron_process_events()
        self.env.invalidate_all()
