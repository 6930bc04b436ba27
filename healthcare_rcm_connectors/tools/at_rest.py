"""Secrets in the database, encrypted by a key that is not in it.

The keys stand in the environment of the server, ``RCM_SECRET_KEYS``: Fernet keys
(AES-128-CBC with HMAC-SHA256, from ``cryptography``), separated by commas. The first
encrypts and every one of them decrypts, so a key is replaced by putting the next one
before it. Without any key secrets lie as they are, and the configuration check says so.
"""

import os
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken

VARIABLE = "RCM_SECRET_KEYS"
PREFIX = "fernet:"
PLAIN, SEALED, OLDER, LOCKED = "plain", "sealed", "older", "locked"


class SecretLocked(Exception):
    """No key of this server opens the secret, or a key is no Fernet key."""


def is_configured():
    """Whether this server has a key."""
    return bool(_keys())


def seal(text):
    """``text`` as it is stored: encrypted by the first key, if there is one."""
    keys = _keys()
    if not keys:
        return text
    return PREFIX + keys[0].encrypt(text.encode()).decode()


def unseal(stored):
    """The text of what :func:`seal` gave, whenever that was.

    :raises SecretLocked: none of the keys opens it
    """
    if not stored.startswith(PREFIX):
        return stored
    token = stored.removeprefix(PREFIX).encode()
    for key in _keys():
        try:
            return key.decrypt(token).decode()
        except InvalidToken:
            continue
    raise SecretLocked(f"none of the keys in {VARIABLE} opens it")


def state(stored):
    """``sealed`` by the first key, ``older``: by another, ``locked`` or ``plain``."""
    if not stored.startswith(PREFIX):
        return PLAIN
    token = stored.removeprefix(PREFIX).encode()
    for place, key in enumerate(_keys()):
        try:
            key.decrypt(token)
        except InvalidToken:
            continue
        return OLDER if place else SEALED
    return LOCKED


def _keys():
    return _read(os.environ.get(VARIABLE, ""))


@lru_cache(maxsize=4)
def _read(text):
    try:
        return tuple(Fernet(key.strip()) for key in text.split(",") if key.strip())
    except ValueError as error:
        # the text of the error would say nothing of which, ours must not say what
        raise SecretLocked(f"{VARIABLE} holds something that is no key") from error
