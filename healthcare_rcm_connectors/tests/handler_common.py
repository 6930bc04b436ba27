from odoo.tests import TransactionCase

from .common import ConnectorMixin


class HandlerCase(ConnectorMixin, TransactionCase):
    """Events through the suite's own steps."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()

    def case_types(self, record):
        cases = self.env["rcm.exception.case"].search(
            [("res_model", "=", record._name), ("res_id", "=", record.id)]
        )
        return set(cases.mapped("type_code"))

    def done(self, *envelopes):
        events = self.receive(*envelopes)
        self.process()
        for event in events:
            self.assertEqual(event.state, "done", event.error_message)
        return events

    def encounter(self, number="E-1"):
        return self.env["rcm.encounter"].search([("number", "=", number)])
