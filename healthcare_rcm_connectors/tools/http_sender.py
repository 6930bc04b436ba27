"""One outgoing HTTP request: guarded address, no redirects, no proxy, a time limit."""

import socket
from dataclasses import dataclass
from time import monotonic

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError

from ..protocol.addresses import AddressRefused, check_address, check_url

TIMEOUT_SECONDS = 20
AGENT = "Healthcare-RCM-Odoo"
LIMIT = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status, or the kind of failure."""

    status: int | None
    error: str | None
    retry_after: str | None
    duration_ms: int


def send(url, body, headers, private_allowed=False, timeout=TIMEOUT_SECONDS):
    """POST ``body`` (text); return the :class:`Answer`, also of a network failure.

    The body of the answer is not kept: what a stranger writes is not ours to store.
    """
    start = monotonic()
    status = error = retry_after = None
    try:
        check_url(url, private_allowed)
        with _session(private_allowed) as session:
            with session.post(
                url,
                data=body.encode(),
                headers={
                    "Content-Type": "application/json",
                    "User-Agent": AGENT,
                    **headers,
                },
                timeout=timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                status = response.status_code
                retry_after = response.headers.get("Retry-After")
                if not 200 <= status < 300:
                    error = "redirect" if 300 <= status < 400 else "status"
    except AddressRefused as refused:
        error = refused.code
    except requests.Timeout:
        error = "timeout"
    except requests.exceptions.SSLError:
        error = "certificate"
    except requests.RequestException as failure:
        error = _refused_code(failure) or "connection"
    return Answer(status, error, retry_after, round((monotonic() - start) * 1000))


def fetch(url, headers, private_allowed=False, timeout=TIMEOUT_SECONDS, limit=LIMIT):
    """GET ``url``; return (:class:`Answer`, content of at most ``limit`` bytes)."""
    start = monotonic()
    status = error = retry_after = None
    content = b""
    try:
        check_url(url, private_allowed)
        with _session(private_allowed) as session:
            with session.get(
                url,
                headers={"User-Agent": AGENT, **headers},
                timeout=timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                status = response.status_code
                retry_after = response.headers.get("Retry-After")
                if 200 <= status < 300:
                    content = response.raw.read(limit + 1, decode_content=True)
                    error = "too_large" if len(content) > limit else None
                else:
                    error = "redirect" if 300 <= status < 400 else "status"
    except AddressRefused as refused:
        error = refused.code
    except requests.Timeout:
        error = "timeout"
    except requests.exceptions.SSLError:
        error = "certificate"
    except (requests.RequestException, HTTPError) as failure:
        error = _refused_code(failure) or "connection"
    duration = round((monotonic() - start) * 1000)
    return Answer(status, error, retry_after, duration), b"" if error else content


def _session(private_allowed):
    session = requests.Session()
    session.trust_env = False  # neither proxies nor .netrc of the machine
    adapter = _GuardedAdapter(private_allowed)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _refused_code(failure):
    """The code of an :class:`AddressRefused` somewhere behind ``failure``."""
    seen = failure
    while seen is not None:
        if isinstance(seen, AddressRefused):
            return seen.code
        inner = seen.args[0] if seen.args else None
        reason = getattr(inner, "reason", None)
        seen = reason if isinstance(reason, BaseException) else seen.__cause__
    return None


class _Guard:
    """Judges every address before anything is sent to it.

    A name is looked up once, every address it has is judged, and the connection goes
    to an address that was judged: a name that changes its meaning in between leads
    nowhere, not even to a knock on the door.
    """

    private_allowed = False

    def _new_conn(self):
        failure = NewConnectionError(self, "no such host")
        for address in self._judged_addresses():
            try:
                return self._connect_to(address)
            except NewConnectionError as error:
                failure = error
        raise failure

    def _judged_addresses(self):
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, 0, socket.SOCK_STREAM)
        except OSError as error:
            raise NewConnectionError(self, "no such host") from error
        addresses = list(dict.fromkeys(address[0] for *_rest, address in found))
        try:
            for address in addresses:
                check_address(address, self.private_allowed)
        except AddressRefused as refused:
            raise NewConnectionError(self, "address refused") from refused
        return addresses

    def _connect_to(self, address):
        """Connect to an address; the certificate is still asked for the name."""
        name, self._dns_host = self._dns_host, address
        try:
            return super()._new_conn()
        finally:
            self._dns_host = name


def _pools(allowed):
    class PlainConnection(_Guard, HTTPConnection):
        private_allowed = allowed

    class SecureConnection(_Guard, HTTPSConnection):
        private_allowed = allowed

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    return {"http": PlainPool, "https": SecurePool}


_POOLS = {allowed: _pools(allowed) for allowed in (False, True)}


class _GuardedAdapter(HTTPAdapter):
    def __init__(self, private_allowed):
        self._private_allowed = private_allowed
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args, **kwargs):
        result = super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS[self._private_allowed]
        return result
