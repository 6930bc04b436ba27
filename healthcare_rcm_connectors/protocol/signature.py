"""Standard Webhooks signatures: what was sent, by whom, and when.

Specification: https://www.standardwebhooks.com. The reference library does the
cryptography and reads the clock; without it nothing is accepted or signed.
"""

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
    try:
        _hook(secret).verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False
    return True


def _hook(secret):
    if Webhook is None:
        raise SignatureUnavailable("install the Python package standardwebhooks")
    return Webhook(secret)
