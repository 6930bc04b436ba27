from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from ..models import rcm_event_pace, rcm_event_processing
from ..models.rcm_event_verdict import Outcome
from .common import ConnectorMixin

SECONDS = 4.0


@tagged("post_install", "-at_install")
class TestEventPace(ConnectorMixin, TransactionCase):
    """One slow connector never starves another."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.other = cls.make_connector(cls.make_user("svc-calm", "integration"), "calm")

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.dict(rcm_event_pace._seconds, clear=True))
        self.moment = 0.0
        self.startPatcher(
            patch.object(rcm_event_processing, "perf_counter", lambda: self.moment)
        )
        handler = type(self.env["rcm.event.handler.claim.submitted"])
        self.startPatcher(patch.object(handler, "_rcm_handle", self.handle))
        self.batches = []
        original = rcm_event_processing.RcmEvent._rcm_process_batch

        def process(batch):
            slow = batch.filtered(lambda event: event.connector_id == self.connector)
            self.batches.append((len(slow), len(batch - slow)))
            return original(batch)

        self.startPatcher(
            patch.object(rcm_event_processing.RcmEvent, "_rcm_process_batch", process)
        )

    def handle(self, event, data):
        """As a handler of a slow connector and of a quick one."""
        slow = event.connector_id.id == self.connector.id
        self.moment += SECONDS if slow else 0.02
        return event.connector_id

    def send(self, count, connector=None, start=0):
        numbers = range(start, start + count)
        return self.receive(
            *[self.submitted(f"R{n:011}") for n in numbers], connector=connector
        )

    def test_the_slow_one_takes_few_of_a_batch_and_the_quick_one_all_it_may(self):
        slow, quick = self.send(14), self.send(25, self.other, start=100)
        self.process()
        self.assertEqual(set((slow | quick).mapped("state")), {"done"})
        first, *later = self.batches
        self.assertEqual(first, (10, 10), "half a second each, as long as nobody knows")
        self.assertEqual(later, [(2, 15), (2, 0)])

    def test_a_quick_event_waits_for_no_more_than_two_slow_ones(self):
        self.send(3)
        self.process()
        slow = self.send(20, start=100)
        late = self.send(1, self.other, start=200)
        batch = self.env["rcm.event"]._rcm_lock_next(50)._rcm_share_time()
        self.assertIn(late, batch)
        self.assertEqual(len(batch & slow), 2)

    def test_at_least_one_of_each_is_taken_however_slow(self):
        event = self.send(1)
        self.env["rcm.event"]._rcm_note_pace(
            {event: Outcome("done", duration_ms=900_000)}
        )
        self.send(3, start=10)
        batch = self.env["rcm.event"]._rcm_lock_next(50)._rcm_share_time()
        self.assertEqual(len(batch), 1)

    def test_a_connector_that_became_quick_takes_more_again(self):
        event = self.send(1)
        key = self.env.cr.dbname, self.connector.id
        for milliseconds, known in ((8000, 8.0), (0, 4.0), (0, 2.0), (0, 1.0)):
            outcome = Outcome("done", duration_ms=milliseconds)
            self.env["rcm.event"]._rcm_note_pace({event: outcome})
            self.assertEqual(rcm_event_pace._seconds[key], known)
