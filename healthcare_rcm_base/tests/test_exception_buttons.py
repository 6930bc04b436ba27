from odoo.tests import TransactionCase, tagged

from . import common_ground as ground


@tagged("post_install", "-at_install")
class TestExceptionButtons(TransactionCase):
    """Reprocess is shown to those whose step it is, and to nobody else."""

    def setUp(self):
        super().setUp()
        client = self.env["rcm.client"].search([], limit=1) or self._client()
        self.client_case = ground.make_case(
            self.env, "CLIENT", res_id=client.id, res_model="rcm.client"
        )

    def _client(self):
        partner = self.env["res.partner"].create({"name": "A client"})
        return self.env["rcm.client"].create(
            {"name": "A client", "code": "BUTTONS", "partner_id": partner.id}
        )

    def seen_by(self, case, role):
        return case.with_user(ground.role_user(self.env, role)).can_reprocess

    def test_it_is_shown_to_the_roles_of_the_document(self):
        self.assertTrue(self.seen_by(self.client_case, "biller"))

    def test_it_is_not_shown_to_other_case_workers(self):
        self.assertFalse(self.seen_by(self.client_case, "coder"))

    def test_it_is_not_shown_for_a_document_that_is_gone(self):
        case = ground.make_case(self.env, "GONE", res_id=999999, res_model="rcm.client")
        self.assertFalse(self.seen_by(case, "biller"))

    def test_it_is_not_shown_for_a_document_without_a_step(self):
        case = ground.make_case(
            self.env, "PLAIN", res_id=self.env.company.id, res_model="res.company"
        )
        self.assertFalse(self.seen_by(case, "biller"))
