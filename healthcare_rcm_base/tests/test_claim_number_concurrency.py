import threading

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestFirstNumbers(BaseCase):
    """Real connections: two build claims of a company whose sequence was deleted."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            company = env["res.company"].create({"name": "T-RACE numbers"})
            env["rcm.claim"]._rcm_number_sequence(company).unlink()
            self.company_id = company.id
        self.addCleanup(self.clean)

    def clean(self):
        """The company was committed; take it away again with what came along."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            company = env["res.company"].browse(self.company_id)
            own = [("company_id", "=", company.id)]
            env["ir.sequence"].search(own).unlink()
            partner = company.partner_id
            company.unlink()
            partner.unlink()

    def draw(self, cr):
        env = api.Environment(cr, SUPERUSER_ID, {})
        company = env["res.company"].browse(self.company_id)
        return env["rcm.claim"]._rcm_next_numbers(company, 2)

    def test_the_second_begins_anew_and_goes_on_after_the_first(self):
        outcome, waits = [], threading.Event()

        def second():
            with self.registry.cursor() as cr, mute_logger("odoo.sql_db"):
                cr.execute("SELECT 1")  # its snapshot is older than the first's commit
                waits.set()
                try:
                    outcome.append(self.draw(cr))
                except SerializationFailure as error:
                    outcome.append(error)
                    cr.rollback()

        with self.registry.cursor() as cr:
            first = self.draw(cr)
            thread = threading.Thread(target=second)
            thread.start()
            waits.wait()
        thread.join()
        self.assertIsInstance(outcome[0], SerializationFailure)
        with self.registry.cursor() as cr:
            self.assertFalse(set(first) & set(self.draw(cr)))
            count = api.Environment(cr, SUPERUSER_ID, {})["ir.sequence"].search_count(
                [("code", "=", "rcm.claim"), ("company_id", "=", self.company_id)]
            )
        self.assertEqual(count, 1)
