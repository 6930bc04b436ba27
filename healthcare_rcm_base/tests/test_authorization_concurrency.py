import threading

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

UNITS = 5
THREADS = 4
TURNS = 3


@tagged("post_install", "-at_install")
class TestUnitsUnderConcurrency(BaseCase):
    """Real connections: authorized units are used once and given back once."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            records = [
                env["rcm.facility"].create({"name": "Race", "code": "T-RACE"}),
                env["rcm.payer"].create({"name": "Race", "code": "T-RACE"}),
            ]
            records.append(
                env["rcm.patient.account"].create(
                    {"name": "T-RACE", "facility_id": records[0].id}
                )
            )
            records.append(
                env["rcm.authorization"].create(
                    {
                        "number": "T-RACE",
                        "patient_id": records[2].id,
                        "payer_id": records[1].id,
                        "state": "active",
                        "date_from": "2026-01-01",
                        "units_authorized": UNITS,
                    }
                )
            )
            # What was made along with them goes with them.
            records.append(records[1].partner_id)
            records.append(records[0].analytic_account_id)
            self.made = [(record._name, record.id) for record in records]
        self.addCleanup(self.clean)

    def clean(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            for position in (3, 2, 1, 0, 4, 5):
                model, id_ = self.made[position]
                env[model].browse(id_).exists().unlink()

    def authorization(self, cr):
        env = api.Environment(cr, SUPERUSER_ID, {})
        return env["rcm.authorization"].browse(self.made[3][1])

    def use(self, units):
        """Use units in a transaction of its own, tried again as the batches do."""
        while True:
            try:
                with self.registry.cursor() as cr:
                    self.authorization(cr)._rcm_use(units)
                return True
            except SerializationFailure:
                continue
            except UserError:
                return False

    def race(self, units):
        """How many of all tries went through, and what is used then."""
        done, errors = [], []

        def work():
            try:
                done.extend(self.use(units) for _turn in range(TURNS))
            except Exception as error:  # of a thread; the test shows it
                errors.append(error)

        threads = [threading.Thread(target=work) for _number in range(THREADS)]
        # round all threads: what one of them mutes another would make heard again
        with mute_logger("odoo.sql_db"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(errors, [])
        self.assertEqual(len(done), THREADS * TURNS)
        with self.registry.cursor() as cr:
            found = self.authorization(cr)
            return done.count(True), found.units_used, found.units_left

    def test_units_are_never_used_twice_nor_given_back_twice(self):
        self.assertEqual(self.race(1), (UNITS, UNITS, 0))
        self.assertEqual(self.race(-1), (UNITS, 0, UNITS))
