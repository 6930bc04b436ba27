import os
import random
from datetime import date

from odoo.tests import tagged

from ..common import HttpCaseClient, SuiteCase
from ..simulator.client import FeedError
from ..simulator.feed import DemoDay
from .day import KNOBS
from .ledger import Picture

# From which order to which; ``./setup/faults --goals R3`` plays two hundred.
FIRST, LAST = map(int, os.environ.get("RCM_FAULTS_ORDERS", "1-2").split("-"))
REPEATED, LATE = 0.30, 0.05
MOST_AT_ONCE = 12
ROUNDS = 30


class DirectClient(HttpCaseClient):
    """Sends over the doors, and looks into the database how far the work is."""

    def wait_processed(self, event_ids, seconds):
        for _round in range(ROUNDS):
            self.case.env.cr.execute(
                "SELECT count(*) FROM rcm_event WHERE external_id = ANY(%s)"
                " AND state IN ('done', 'dead', 'ignored')",
                [list(event_ids)],
            )
            if self.case.env.cr.fetchone()[0] >= len(set(event_ids)):
                return {}
            self.rest(0.5)
        raise FeedError(f"{len(event_ids)} events not processed in {ROUNDS} rounds")

    def submit_batch(self, events):
        for answer in self.rpc("submit_batch", {"events": events}):
            if "error" in answer:
                raise FeedError(f"an event was refused: {answer['error']}")


class StormyDay(DemoDay):
    """A period whose events come shuffled, some of them twice, some of them late.

    What is late comes when the rest of its wave has been worked off; a repetition may
    come at any later moment, also in a later wave. Files of payers come in any order.
    """

    def __init__(self, *args, order, **kwargs):
        super().__init__(*args, **kwargs)
        self.order = random.Random(f"order-{order}")
        self.repetitions = []
        self.sent = 0

    def _send_all(self, events, mix=True):
        events = list(events)
        self.order.shuffle(events)
        cut = max(1, round(len(events) * LATE))
        late, prompt = events[:cut], events[cut:]
        again = [event for event in events if self.order.random() < REPEATED]
        now = [event for event in again if self.order.random() < 0.5]
        self._wave(prompt, [*now, *self.repetitions])
        self.repetitions = [event for event in again if event not in now]
        self.client.rest(1)
        self._wave(late, ())
        wanted = [event["id"] for event in events]
        self.client.wait_processed(wanted, self.patience)
        self.event_ids += wanted

    def _wave(self, events, again):
        # a repetition of what is not there yet is the first of the two
        batch = [*events, *again]
        self.order.shuffle(batch)
        self.sent += len(batch)
        while batch:
            size = self.order.randint(1, MOST_AT_ONCE)
            self.client.submit_batch(batch[:size])
            batch = batch[size:]

    def _send_files(self, files):
        files = list(files)
        if not self.files_sent:  # what follows them speaks of them
            self.order.shuffle(files)
        super()._send_files(files)


@tagged("post_install", "-at_install")
class TestOrders(SuiteCase):
    """However one day's events arrive, the books are the same to the line."""

    def test_every_order_gives_the_same_books(self):
        self.env.cr.execute("SELECT coalesce(max(id), 0) FROM rcm_audit_log")
        [self.since] = self.env.cr.fetchone()
        key = self.make_client().headers["Authorization"].removeprefix("Bearer ")
        self.client = DirectClient(self, key, self.make_sent_folder())
        knobs = KNOBS
        want, _events = self._play(DemoDay(self.client, knobs, date.today()))
        digests, events = {want.digest}, 0
        for order in range(FIRST, LAST + 1):
            with self.subTest(order=order):
                day = StormyDay(self.client, knobs, date.today(), order=order)
                picture, sent = self._play(day)
                events += sent
                digests.add(picture.digest)
                self.assertEqual(picture.faults, [])
                self.assertEqual(picture.differences(want), [])
        print(  # noqa: T201 - what the long form tells
            f"{LAST - FIRST + 1} orders, {events} events: {len(digests)} digest(s), "
            f"{want.digest[:12]}",
            flush=True,
        )
        self.assertEqual(len(digests), 1)

    def _play(self, day):
        """What a day leaves behind, and how many events it sent; then it is undone."""
        savepoint = self.env.cr.savepoint()
        day.run()
        self.env.flush_all()
        picture = Picture(self.env.cr, self.since)
        left = [
            name for name, (state, _tries) in picture.events.items() if state != "done"
        ]
        self.assertEqual(left, [])
        savepoint.close(rollback=True)
        self.env.invalidate_all()
        self.registry.clear_all_caches()
        return picture, getattr(day, "sent", 0) + day.files_sent
