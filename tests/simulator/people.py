"""What people do in the web client, over the same door as their browser."""

import requests

TIMEOUT_SECONDS = 30


class FeedError(RuntimeError):
    """The suite did not take or finish what was sent; the text says what to do."""


class People:
    """Logs in as a role (its password is its login) and calls what a button calls."""

    def __init__(self, url: str, database: str):
        self.url = url.rstrip("/")
        self.database = database
        self.sessions: dict[str, requests.Session] = {}

    def call(self, login: str, model: str, method: str, *args, **kwargs):
        """Call a public method as this person and return its answer."""
        path = f"/web/dataset/call_kw/{model}/{method}"
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        return self._post(self._session(login), path, params)

    def _session(self, login: str) -> requests.Session:
        if login not in self.sessions:
            session = requests.Session()
            params = {"db": self.database, "login": login, "password": login}
            self._post(session, "/web/session/authenticate", params)
            self.sessions[login] = session
        return self.sessions[login]

    def _post(self, session: requests.Session, path: str, params: dict):
        body = {"jsonrpc": "2.0", "id": 1, "method": "call", "params": params}
        response = session.post(
            f"{self.url}{path}", json=body, timeout=4 * TIMEOUT_SECONDS
        )
        answer = response.json()
        if "error" in answer:
            detail = answer["error"].get("data") or answer["error"]
            raise FeedError(f"{path}: {detail.get('message')}")
        return answer.get("result")  # left out when it is nothing
