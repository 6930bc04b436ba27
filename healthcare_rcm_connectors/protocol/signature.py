"""Standard Webhooks signatures: what was sent, by whom, and when.

Specification: https://www.standardwebhooks.com. The reference library does the
cryptography and reads the clock; without it nothing is accepted or signed.
"""

import base64
import re
from datetime import timezone

try:
    from standardwebhooks.webhooks import Webhook, WebhookVerificationError
except ImportError:
    Webhook = None

    class WebhookVerificationError(Exception):
        """Stands in where the library is missing."""


ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"
HEADERS = (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER)
_SIGNATURE = re.compile(r"v1,[A-Za-z0-9+/]{43}=\Z")
_TIME = re.compile(r"[1-9][0-9]{0,11}\Z")


class SignatureUnavailable(RuntimeError):
    """The library that signs is not installed."""


def sign(secret, message_id, moment, body):
    """Return the three headers for ``body`` (text) sent at ``moment`` (naive UTC)."""
    moment = moment.replace(tzinfo=timezone.utc)
    return {
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: str(int(moment.timestamp())),
        SIGNATURE_HEADER: _hook(secret).sign(message_id, moment, body),
    }


def sign_all(secrets, message_id, moment, body):
    """Like :func:`sign` with every secret of ``secrets``, newest first.

    While one secret replaces another the receiver finds a signature of either.
    """
    headers = [sign(secret, message_id, moment, body) for secret in secrets]
    joined = " ".join(item[SIGNATURE_HEADER] for item in headers)
    return {**headers[0], SIGNATURE_HEADER: joined}


def verify(secrets, headers, body):
    """Whether ``body`` was signed with one of ``secrets`` within five minutes.

    Several secrets are valid while one replaces the other. None means refuse.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    return any(_verify_one(secret, lowered, body) for secret in secrets if secret)


def _verify_one(secret, headers, body):
    strict = _in_one_form(headers)
    if strict is None:
        return False
    try:
        _hook(secret).verify(body, strict, json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False
    return True


def _in_one_form(headers):
    """The headers without signatures that are not written as they are made.

    Base64 has several texts for the same bytes and decoders skip what they do not
    know, so a changed header would hold; a time has several texts, too. None when
    nothing is left.
    """
    listed = headers.get(SIGNATURE_HEADER, "").split(" ")
    kept = [item for item in listed if _SIGNATURE.match(item) and _canonical(item)]
    if not kept or not _TIME.match(headers.get(TIMESTAMP_HEADER, "")):
        return None
    return {**headers, SIGNATURE_HEADER: " ".join(kept)}


def _canonical(item):
    text = item.removeprefix("v1,")
    return base64.b64encode(base64.b64decode(text)).decode() == text


def _hook(secret):
    if Webhook is None:
        raise SignatureUnavailable("install the Python package standardwebhooks")
    return Webhook(secret)
