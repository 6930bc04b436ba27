import copy
import json
import pickle

from odoo.tests import BaseCase, tagged

from ..core.errors import PredecessorMissing, RcmRetryable, ReferenceMissing
from ..core.ticket import Ticket


@tagged("post_install", "-at_install")
class TestTicket(BaseCase):
    def test_it_covers_these_records_and_fields_only(self):
        ticket = Ticket("rcm.claim", [1, 2], ["state"])
        self.assertTrue(ticket.covers_write("rcm.claim", [1], ["state"]))
        for model, ids, names in (
            ("rcm.claim", [3], ["state"]),
            ("rcm.claim", [1, 3], ["state"]),
            ("rcm.claim", [1], ["state", "amount"]),
            ("rcm.remittance", [1], ["state"]),
        ):
            with self.subTest(model=model, ids=ids, names=names):
                self.assertFalse(ticket.covers_write(model, ids, names))
        self.assertFalse(ticket.covers_create("rcm.claim", ["state"]))
        creation = Ticket("rcm.claim", None, ["state"])
        self.assertTrue(creation.covers_create("rcm.claim", ["state"]))
        self.assertFalse(creation.covers_write("rcm.claim", [1], ["state"]))

    def test_nothing_that_looks_like_it_is_found(self):
        class Pretender(Ticket):
            pass

        for value in (True, 1, "ticket", {"model": "x"}, ["x"], Pretender("m", [], [])):
            with self.subTest(value=value):
                self.assertIsNone(Ticket.found_in({Ticket.KEY: value}))
        ticket = Ticket("m", [1], ["f"])
        self.assertIs(Ticket.found_in({Ticket.KEY: ticket}), ticket)

    def test_it_never_travels(self):
        ticket = Ticket("m", [1], ["f"])
        for send in (json.dumps, pickle.dumps, copy.copy):
            with self.subTest(send=send), self.assertRaises(TypeError):
                send(ticket)


@tagged("post_install", "-at_install")
class TestErrors(BaseCase):
    def test_errors_say_what_the_caller_needs(self):
        missing = ReferenceMissing("payer", "X1")
        self.assertEqual((missing.code, missing.kind), ("reference_missing", "payer"))
        self.assertIn("X1", str(missing))
        waits = PredecessorMissing("claim:R1", seconds=5)
        self.assertIsInstance(waits, RcmRetryable)
        self.assertEqual((waits.seconds, waits.business_key), (5, "claim:R1"))
