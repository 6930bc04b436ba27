"""What a second message with the same id means."""

from enum import Enum


class Decision(Enum):
    """Outcome of comparing an incoming event with what its id already names."""

    NEW = "new"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


def decide(known_hash, incoming_hash):
    """Compare content hashes; ``known_hash`` is None when the id is unused.

    An empty hash is never equal to anything: without evidence it is a conflict.
    """
    if known_hash is None:
        return Decision.NEW
    if known_hash and known_hash == incoming_hash:
        return Decision.DUPLICATE
    return Decision.CONFLICT
