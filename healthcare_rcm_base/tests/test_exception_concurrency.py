import threading

from odoo import SUPERUSER_ID, api
from odoo.exceptions import ConcurrencyError
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged


@tagged("post_install", "-at_install")
class TestOneOpenCase(BaseCase):
    """Real connections: two transactions fail on the same record at the same time."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.addCleanup(self.clean)

    def clean(self):
        """The cases were committed; take them away again."""
        with self.registry.cursor() as cr:
            cr.execute(
                "DELETE FROM rcm_exception_case WHERE message LIKE 'concurrent %'"
            )

    def raise_case(self, cr, text):
        env = api.Environment(cr, SUPERUSER_ID, {})
        blocked = env.ref("healthcare_rcm_base.rcm_exception_type_price_missing")
        return env["rcm.exception.case"]._rcm_raise("claim_invalid", blocked, text)

    def test_the_second_runs_again_and_adds_an_occurrence(self):
        outcome, waits = [], threading.Event()

        def second():
            with self.registry.cursor() as cr:
                cr.execute("SELECT 1")  # its snapshot is older than the first's commit
                waits.set()
                try:
                    self.raise_case(cr, "concurrent two")
                except ConcurrencyError as error:
                    outcome.append(error)
                    cr.rollback()

        with self.registry.cursor() as cr:
            self.raise_case(cr, "concurrent one")
            thread = threading.Thread(target=second)
            thread.start()
            waits.wait()
        thread.join()
        self.assertEqual(len(outcome), 1, "the index made it wait, then refused it")
        with self.registry.cursor() as cr:
            case = self.raise_case(cr, "concurrent two")
            self.assertEqual(case.occurrence_count, 2)
            case.env.cr.execute(
                "SELECT count(*) FROM rcm_exception_case "
                "WHERE message LIKE 'concurrent %'"
            )
            self.assertEqual(cr.fetchone()[0], 1)
