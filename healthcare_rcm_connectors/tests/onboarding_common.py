from odoo import fields

from odoo.addons.healthcare_rcm_base.tests import builders
from odoo.addons.healthcare_rcm_base.tests.ledger_common import LedgerCase

from .common import ConnectorMixin


class OnboardingCase(ConnectorMixin, LedgerCase):
    """A clinic, its template, and the administrator who brings it in."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator = cls.make_user("admin-onb", "administrator")
        cls.support = cls.make_user("support-onb", "integration_support")
        cls.facility = builders.facility(cls.env, name="New Clinic", code="NEW")
        cls.group = builders.provider_group(cls.env)
        cls.payer = builders.payer(cls.env)
        cls.types = cls.env["rcm.event.type"].search([("state", "=", "active")])
        reference = cls.make_connector(
            cls.make_user("svc-ref", "integration"), "ref", company_id=cls.company.id
        )
        cls.mapping = cls.env["rcm.mapping"].create(
            {
                "connector_id": reference.id,
                "type_id": cls.types.filtered(lambda t: t.name == "payer.updated").id,
                "keep_rest": True,
                "line_ids": [(0, 0, {"target": "payer.note", "action": "remove"})],
            }
        )
        cls.queue = cls.env["rcm.exception.queue"].create(
            {
                "name": "Clinic work",
                "code": "clinic",
                "company_id": cls.company.id,
                "facility_ids": [
                    (6, 0, builders.facility(cls.env, name="Old", code="OLD").ids)
                ],
            }
        )
        cls.feed = cls.env["rcm.expected.feed"].create(
            {
                "name": "Totals, every day",
                "connector_id": reference.id,
                "company_id": cls.company.id,
                "event_name": "source.totals",
            }
        )
        cls.template = cls.env["rcm.facility.template"].create(
            {
                "name": "Clinic",
                "company_id": cls.company.id,
                "place_of_service": "11",
                "provider_group_ids": [(6, 0, cls.group.ids)],
                "queue_ids": [(6, 0, cls.queue.ids)],
                "connector_ids": [
                    (
                        0,
                        0,
                        {
                            "name": "EHR",
                            "suffix": "ehr",
                            "event_type_ids": [(6, 0, cls.types.ids)],
                            "mapping_ids": [(6, 0, cls.mapping.ids)],
                            "feed_ids": [(6, 0, cls.feed.ids)],
                            "rate_limit_per_minute": 77,
                        },
                    )
                ],
            }
        )

    def onboard(self, until="shadow"):
        record = (
            self.env["rcm.facility.onboarding"]
            .with_user(self.administrator)
            .create(
                {
                    "facility_id": self.facility.id,
                    "template_id": self.template.id,
                    "company_id": self.company.id,
                }
            )
        )
        if until != "draft":
            record.action_prepare()
        if until == "shadow":
            record.action_start_shadow()
        self.connector = record.sudo()._rcm_connectors()
        return record.sudo()

    def totals(self, count, amount, **changes):
        return self.envelope(
            "source.totals",
            {
                "day": "2026-11-02",
                "facility": "NEW",
                "totals": [{"flow": "encounters", "count": count, "amount": amount}],
            },
            **changes,
        )

    def results(self):
        return self.env["rcm.shadow.result"].search(
            [("facility_id", "=", self.facility.id)], order="id"
        )

    def go_live(self, record, cutover=None, note="Agreed with the clinic."):
        dialog = (
            self.env["rcm.facility.go.live"]
            .with_user(self.administrator)
            .create(
                {
                    "onboarding_id": record.id,
                    "note": note,
                    "cutover_at": cutover or fields.Datetime.to_datetime("2026-11-01"),
                }
            )
        )
        said = dialog.handed_over_count, dialog.left_behind_count
        dialog.action_go_live()
        return said
