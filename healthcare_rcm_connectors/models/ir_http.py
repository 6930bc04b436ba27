import hashlib
import logging
import re
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from time import monotonic

from psycopg2 import DatabaseError, InterfaceError
from psycopg2.errors import SerializationFailure
from werkzeug.exceptions import HTTPException

from odoo import api, fields, models
from odoo.http import request
from odoo.tools import SQL

from odoo.addons.base.models.res_users import INDEX_SIZE, KEY_CRYPT_CONTEXT

from ..protocol import signature
from ..protocol.problem import Problem, ProblemError
from ..protocol.rate import Buckets
from ..protocol.sender import Sender
from ..tools.last_use import TOUCH_SECONDS
from ..tools.lost_connection import is_lost
from .rcm_connector_key import SCOPE

_logger = logging.getLogger(__name__)

COME_BACK = {"Retry-After": "5"}
CACHE_SIZE = 1024
FAILURES_PER_MINUTE = 30
NOTES_AT_ONCE = 3
UNKNOWN_LIMIT = 1024 * 1024
_SENDER = re.compile(r"[0-9a-f]{32}\Z")
_BEARER = re.compile(r"bearer\s+(\S{1,200})\s*\Z", re.IGNORECASE)
_WWW_AUTHENTICATE = {"WWW-Authenticate": 'Bearer realm="rcm"'}

# sha256 of a key → (id, stored hash) of the row it was verified against. Verifying
# costs milliseconds; whether the row still holds is asked every time.
_verified = OrderedDict()
_verified_lock = Lock()
_failures = Buckets()
_noted = {}


@dataclass(frozen=True, slots=True)
class Access:
    """Who is at the door: a connector, by its API key or by its signature (None)."""

    apikey_id: int | None
    user_id: int
    connector_id: int
    sender: Sender


class Refused(HTTPException):
    """A problem found before any controller runs."""

    def __init__(self, problem):
        super().__init__()
        self.code = problem.status
        self.problem = problem


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _auth_method_rcm(cls):
        """An API key of scope ``rcm`` of the service user of a live connector, or a
        message signed by one (Standard Webhooks).

        A key without scope opens everything else in Odoo and is refused here: a
        leaked connector key must not be worth more than the connector.
        """
        try:
            cls._rcm_open_door()
        except ProblemError as error:
            # Odoo passes only HTTP errors on from here.
            raise Refused(error.problem) from None
        except (DatabaseError, InterfaceError) as error:
            if not is_lost(error):
                raise
            # Odoo would say that the key is wrong, and a sender would give up.
            raise Refused(Problem("not-ready", headers=COME_BACK)) from error

    @classmethod
    def _pre_dispatch(cls, rule, args):
        """A sender has no language, session or sign-up token to be found out."""
        if not hasattr(request, "rcm_access"):
            return super()._pre_dispatch(rule, args)
        return request.dispatcher.pre_dispatch(rule, args)

    @classmethod
    def _rcm_open_door(cls):
        http_request = request.httprequest
        address = http_request.remote_addr
        connectors = request.env["rcm.connector"]
        sequence = connectors._rcm_sequence()  # before anything is read
        if signature.SIGNATURE_HEADER in http_request.headers:
            cls._rcm_open_signed(connectors, sequence, address)
            return
        match = _BEARER.match(http_request.headers.get("Authorization", ""))
        row = match and cls._rcm_find_key(match.group(1), address)
        if not row:
            cls._rcm_failed(address, "key")
            raise ProblemError("unauthenticated", headers=_WWW_AUTHENTICATE)
        sender = connectors._rcm_find_sender(sequence, user_id=row["user_id"])
        if not sender:
            raise ProblemError("forbidden", "The user has no active connector.")
        cls._rcm_enter(sender, row["id"], address)
        _note_use("rcm.connector.key", row["id"])

    @classmethod
    def _auth_method_rcm_monitor(cls):
        """The token of a monitoring system: it opens the metrics and nothing else."""
        try:
            cls._rcm_open_metrics()
        except ProblemError as error:
            raise Refused(error.problem) from None

    @classmethod
    def _rcm_open_metrics(cls):
        http_request = request.httprequest
        address = http_request.remote_addr
        env = request.env(user=api.SUPERUSER_ID)
        match = _BEARER.match(http_request.headers.get("Authorization", ""))
        monitor = env["rcm.monitor"]
        if match:
            cls._rcm_refuse_locked(env, address)
            monitor = monitor._rcm_find(match.group(1), address)
        if not monitor:
            cls._rcm_failed(address, "monitor")
            raise ProblemError("unauthenticated", headers=_WWW_AUTHENTICATE)
        request.session.can_save = False
        request.update_env(user=api.SUPERUSER_ID, context={})
        request.rcm_monitor_id = monitor.id
        _note_use("rcm.monitor", monitor.id)

    @classmethod
    def _rcm_refuse_locked(cls, env, address):
        """Refuse to look at anything new from an address that failed too often.

        This process knows of the last minute without asking; the database knows of
        what all processes saw in the last quarter of an hour.
        """
        cls._rcm_refuse_insistent(address)
        if env["rcm.auth.failure"]._rcm_is_locked(address):
            raise _too_many_failures()

    @classmethod
    def _rcm_refuse_insistent(cls, address):
        """Refuse an address that failed too often here within a minute."""
        if _failures.peek(address, FAILURES_PER_MINUTE, monotonic()):
            raise _too_many_failures()

    @classmethod
    def _rcm_failed(cls, address, reason, connector_id=None):
        """Count a failed attempt, here and in the database.

        In a transaction of its own: that of the request is rolled back. An address
        that this process refuses already is not counted again.
        """
        if _failures.take(address, FAILURES_PER_MINUTE, monotonic()):
            return
        for _attempt in range(NOTES_AT_ONCE):
            try:
                with request.registry.cursor() as cr:
                    env = api.Environment(cr, api.SUPERUSER_ID, {})
                    env["rcm.auth.failure"]._rcm_note(address, reason, connector_id)
                return
            except SerializationFailure:
                continue  # another process counted the same minute: once more
        _logger.warning("A failed sign-in could not be counted: too many at once.")

    @classmethod
    def _rcm_enter(cls, sender, apikey_id, address):
        """Go on as the service user of ``sender``, or tell why it may not come in."""
        request.session.can_save = False
        # No client chooses the language or company of what the doors do.
        request.update_env(user=sender.user_id, context={"lang": sender.lang})
        if not sender.is_integration:
            raise ProblemError("forbidden", "The user is no integration user.")
        if sender.state == "disabled":
            raise ProblemError("connector-disabled")
        if not sender.may_come_from(address):
            # A good key or signature from elsewhere may be a stolen one.
            cls._rcm_failed(address, "network", sender.id)
            raise ProblemError(
                "forbidden", "This system may not call from this address."
            )
        request.rcm_access = Access(apikey_id, sender.user_id, sender.id, sender)

    @classmethod
    def _rcm_open_signed(cls, connectors, sequence, address):
        """Let a sender in whose signature over the raw body holds.

        The sender names itself in the address (``?sender=``); who is unknown, has no
        secret or signs wrongly gets one and the same answer.
        """
        cls._rcm_refuse_insistent(address)
        name, sender = request.httprequest.args.get("sender", ""), None
        if _SENDER.match(name):
            sender = connectors._rcm_find_sender(sequence, sender_id=name)
        secrets = sender.secrets_at(fields.Datetime.now()) if sender else ()
        body = cls._rcm_signed_body(sender)
        headers = request.httprequest.headers
        signed = {one: headers[one] for one in signature.HEADERS if one in headers}
        if not signature.verify(secrets, signed, body):
            # Only now: a sender that signs well is not stopped by its neighbours.
            cls._rcm_refuse_locked(connectors.env, address)
            cls._rcm_failed(address, "signature", sender and sender.id)
            raise ProblemError(
                "unauthenticated",
                "The signature does not hold: unknown sender, wrong secret, a changed "
                "body, or a clock that is more than five minutes off.",
                headers=_WWW_AUTHENTICATE,
            )
        cls._rcm_enter(sender, None, address)
        _note_use("rcm.secret", sender.id)

    @classmethod
    def _rcm_signed_body(cls, sender):
        """The raw body as text, no larger than the sender may send."""
        http_request = request.httprequest
        if http_request.content_length is None:
            raise ProblemError("length-required")
        limit = sender.payload_limit if sender else UNKNOWN_LIMIT
        if http_request.content_length > limit:
            raise ProblemError("too-large", limit_bytes=limit)
        http_request.max_content_length = limit
        try:
            return http_request.get_data().decode()
        except UnicodeDecodeError:
            raise ProblemError("invalid-json", "The body is not UTF-8.") from None

    @classmethod
    def _rcm_find_key(cls, token, address):
        """Return {id, user_id} of the valid key ``token``, or None."""
        env = request.env(su=True)
        fingerprint = hashlib.sha256(token.encode()).hexdigest()
        cache_key = env.cr.dbname, fingerprint
        with _verified_lock:
            known = _verified.get(cache_key)
        if known:
            [row] = cls._rcm_candidates(env, token, known[0]) or [None]
            if row and row["key"] == known[1]:
                return row
        cls._rcm_refuse_locked(env, address)
        for row in cls._rcm_candidates(env, token):
            if KEY_CRYPT_CONTEXT.verify(token, row["key"]):
                with _verified_lock:
                    _verified[cache_key] = (row["id"], row["key"])
                    if len(_verified) > CACHE_SIZE:
                        _verified.popitem(last=False)
                return row
        return None

    @classmethod
    def _rcm_candidates(cls, env, token, key_id=None):
        """Rows of keys that hold now and begin like ``token``."""
        return env.execute_query_dict(
            SQL(
                """
                SELECT k.id, k.user_id, k.key
                  FROM res_users_apikeys k JOIN res_users u ON u.id = k.user_id
                 WHERE u.active AND k.scope = %s AND k.index = %s
                   AND (k.expiration_date IS NULL
                        OR k.expiration_date >= now() AT TIME ZONE 'UTC')
                   AND (%s OR k.id = %s)
                """,
                SCOPE,
                token[:INDEX_SIZE],
                key_id is None,
                key_id or 0,
            )
        )


def _too_many_failures():
    return ProblemError(
        "too-many-requests",
        "Too many failed attempts from this address.",
        headers={"Retry-After": "60"},
    )


def _note_use(model, res_id):
    """Note the use of a key or secret after the request, by itself.

    Here it is asked for once a minute only; the database says whether it is one.
    """
    registry = request.registry
    key, now = (registry.db_name, model, res_id), monotonic()
    if now - _noted.get(key, -TOUCH_SECONDS) < TOUCH_SECONDS:
        return

    @request.env.cr.postcommit.add
    def touch():
        _noted[key] = now
        # another process noted the same use at the same moment: that is enough
        with suppress(SerializationFailure), registry.cursor() as cr:
            api.Environment(cr, api.SUPERUSER_ID, {})[model]._rcm_touch(res_id)
