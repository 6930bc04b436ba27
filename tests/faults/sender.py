"""A sender as every good sender is: it keeps trying until it is told that it arrived.

It also misbehaves as real ones do: sends five times, in any order, at once, and rubbish
in between. What was acknowledged is remembered, because that must never be lost.
"""

import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests
from simulator.client import Client
from simulator.feed import DemoDay
from simulator.people import TIMEOUT_SECONDS, FeedError

# on a loaded machine a worker needs half a minute to load the suite after each crash
TRY_SECONDS = 600
PAUSE_SECONDS = 0.3
WAKE_SECONDS = 2
SENDERS = 4
INTERNAL = "-32603"
# What a sender may not retry: it is its own fault.
REFUSED = (400, 401, 403, 404, 409, 411, 413, 415, 422)


class PatientClient(Client):
    """The simulator's client that outlives a server that dies under it."""

    def __init__(self, nodes, database, api_key, sent):
        super().__init__(nodes[0].url, database, api_key, sent)
        self.nodes = nodes
        self.turn = 0
        self.acknowledged = set()
        self.retries = 0
        self.stopped = threading.Event()
        self._last_wake = 0.0

    def _call(self, method, path, **kwargs):
        deadline = time.monotonic() + TRY_SECONDS
        problem = None
        while time.monotonic() < deadline and not self.stopped.is_set():
            self.turn += 1
            url = self.nodes[self.turn % len(self.nodes)].url
            try:
                # no session: a dead worker's connection must not be used again
                response = requests.request(
                    method,
                    f"{url}{path}",
                    timeout=TIMEOUT_SECONDS,
                    headers=self.session.headers,
                    **kwargs,
                )
            except requests.RequestException as error:
                problem = type(error).__name__
            else:
                if response.status_code < 400:
                    return response
                if response.status_code in REFUSED:
                    raise FeedError(f"{method} {path}: {response.text[:400]}")
                problem = f"{response.status_code} {response.text[:300]}"
            self.retries += 1
            time.sleep(PAUSE_SECONDS)
        raise FeedError(f"{method} {path}: no answer in {TRY_SECONDS} s ({problem})")

    def post_event(self, event):
        answer = super().post_event(event)
        self.acknowledged.add(event["id"])
        return answer

    def rpc(self, method, params):
        answer = self._rpc_again(method, params)
        if method == "submit_event":
            self.acknowledged.add(params["event"]["id"])
        return answer

    def submit_batch(self, events):
        """Many at once; each of them must be taken."""
        answers = self.rpc("submit_batch", {"events": events})
        refused = [answer["error"] for answer in answers if "error" in answer]
        if refused:
            raise FeedError(f"{len(refused)} events refused, first: {refused[0]}")
        self.acknowledged.update(event["id"] for event in events)

    def _rpc_again(self, method, params):
        """Over JSON-RPC a failure of the server is an error object, not a status."""
        deadline = time.monotonic() + TRY_SECONDS
        while True:
            try:
                return super().rpc(method, params)
            except FeedError as error:
                passing = INTERNAL in str(error) and time.monotonic() < deadline
                if not passing or self.stopped.is_set():
                    raise
            self.retries += 1
            time.sleep(PAUSE_SECONDS)

    def rest(self, seconds):
        """As a load balancer does, ask every node now and then how it is."""
        if time.monotonic() - self._last_wake > WAKE_SECONDS:
            self._last_wake = time.monotonic()
            for node in self.nodes:
                node.answers()
        time.sleep(min(seconds, 0.3))


class RoughDay(DemoDay):
    """A simulated period, sent the way a bad day sends it.

    :param int copies: how often each event is sent, partly at the same moment
    :param int disorder: seed of the order in which a wave is sent; None as it happened
    :param list poison: envelopes that are sent in between
    """

    def __init__(self, client, knobs, today, *, copies=1, disorder=None, poison=()):
        super().__init__(client, knobs, today, patience=TRY_SECONDS)
        self.copies = copies
        self.order = None if disorder is None else random.Random(f"order-{disorder}")
        self.poison = list(poison)

    def _send_all(self, events, mix=True):
        batch = list(events)
        if self.order:
            self.order.shuffle(batch)
        batch = [event for event in batch for _copy in range(self.copies)]
        if self.order:
            self.order.shuffle(batch)
        if self.poison:
            places = max(1, len(batch) // (len(self.poison) + 1))
            for number, item in enumerate(self.poison):
                batch.insert(min(len(batch), number * places), item)
            self.poison = []
        wanted = [event["id"] for event in events]
        if self.order or self.copies > 1:
            with ThreadPoolExecutor(SENDERS) as pool:
                list(pool.map(self._send_any, enumerate(batch)))
        else:
            for numbered in enumerate(batch):
                self._send_any(numbered)
        self.client.wait_processed(wanted, self.patience)
        self.event_ids += wanted

    def _send_any(self, numbered):
        position, event = numbered
        if isinstance(event, bytes):
            self._send_rubbish(event)
        elif event.get("poison"):
            event = {key: value for key, value in event.items() if key != "poison"}
            self.client.post_event(event)
        else:
            self._send(event, through_rpc=position % 3 == 0)

    def _send_rubbish(self, body):
        """What is no event is refused, and refused again."""
        try:
            self.client._call("POST", "/rcm/v1/events", data=body)
        except FeedError:
            return
        raise FeedError(f"rubbish was taken: {body[:80]!r}")


def poison_events(seed, count):
    """``count`` events that no handler will ever do, of each kind in turn.

    Rubbish the door must refuse; a reference that nobody knows; a handler that raises;
    a handler that takes its worker with it.
    """
    makers = (_rubbish, _unknown, _raising, _killing)
    return [makers[number % len(makers)](seed, number) for number in range(count)]


def _event(name, number):
    return {
        "id": f"{name}-{number}",
        "type": "claim.submitted",
        "version": 1,
        "occurred_at": "2026-01-05T10:00:00Z",
        "data": {
            "control_number": f"POISON{number}",
            "submitted_at": "2026-01-05T10:00:00Z",
        },
        "poison": True,
    }


def _rubbish(seed, number):
    return json.dumps({"id": f"rubbish-{seed}-{number}", "type": 7}).encode()


def _unknown(seed, number):
    return _event(f"poison-unknown-{seed}", number)


def _raising(seed, number):
    return _event(f"poison-raises-{seed}", number)


def _killing(seed, number):
    return _event(f"poison-kills-{seed}", number)
