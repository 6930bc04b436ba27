"""Talks to the suite's doors the way an external system does."""

import time
from pathlib import Path

import requests

from .people import TIMEOUT_SECONDS, FeedError, People

FINAL_STATES = frozenset({"done", "dead", "ignored"})


class Client:
    """HTTP client with an API key that keeps a copy of all it sent.

    :param url: base address of the server.
    :param database: Odoo database name.
    :param api_key: key (scope ``rcm``) of the integration user.
    :param sent: folder that gets ``events.jsonl`` and the 835 files; or None.
    """

    def __init__(self, url: str, database: str, api_key: str, sent: Path | None = None):
        self.url = url.rstrip("/")
        self.database = database
        self.sent = sent
        self.session = requests.Session()
        self.session.headers.update(
            {"Authorization": f"Bearer {api_key}", "X-Odoo-Database": database}
        )

    def people(self) -> People:
        """The clinic's people in front of the same database."""
        return People(self.url, self.database)

    def _call(self, method: str, path: str, **kwargs) -> requests.Response:
        response = self.session.request(
            method, f"{self.url}{path}", timeout=TIMEOUT_SECONDS, **kwargs
        )
        if response.status_code >= 500 or response.status_code in (401, 403, 413, 422):
            raise FeedError(
                f"{method} {path} answered {response.status_code}: "
                f"{response.text[:500]}"
            )
        return response

    def keep(self, name: str, content: bytes) -> None:
        """Append to or write a file of what was sent."""
        if self.sent:
            with (self.sent / name).open("ab") as stream:
                stream.write(content)

    def rpc(self, method: str, params: dict):
        """One JSON-RPC 2.0 call; raises :class:`FeedError` on an error answer."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = self._call("POST", "/rcm/v1/jsonrpc", json=body).json()
        if "error" in answer:
            raise FeedError(f"{method}: {answer['error']}")
        return answer["result"]

    def post_event(self, event: dict) -> dict:
        """Send one event through the plain HTTP door."""
        return self._call("POST", "/rcm/v1/events", json=event).json()

    def get_event(self, event_id: str) -> dict:
        """Status of one event."""
        return self._call("GET", f"/rcm/v1/events/{event_id}").json()

    def get_encounter(self, number: str, facility: str) -> dict:
        """The encounter with its claims, lines and open cases."""
        path = f"/rcm/v1/documents/encounter/{number}"
        return self._call("GET", path, params={"facility": facility}).json()

    def wait_processed(self, event_ids: list[str], seconds: int) -> dict[str, dict]:
        """Poll until every event is final; returns the last answer of each."""
        deadline = time.monotonic() + seconds
        waiting, answers = list(event_ids), {}
        while waiting:
            still = []
            for event_id in waiting:
                answers[event_id] = self.get_event(event_id)
                if answers[event_id]["status"] not in FINAL_STATES:
                    still.append(event_id)
            waiting = still
            if waiting and time.monotonic() > deadline:
                raise FeedError(
                    f"{len(waiting)} events not processed after {seconds} s, first: "
                    f"{waiting[0]} ({answers[waiting[0]]['status']}). Is the scheduled "
                    "action that processes events active?"
                )
            if waiting:
                self.rest(0.5)
        return answers

    def rest(self, seconds: float) -> None:
        """Give the server time to work; tests run its scheduled actions here."""
        time.sleep(seconds)
