"""What a merge did, and what undoing it may put back."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One value a merge set: on which record, from what to what."""

    model: str
    id: int
    field: str
    old: Any
    new: Any


CHANGED, GONE = "changed_since", "gone"


def split_undo(changes, current):
    """Divide the changes of a merge into what goes back and what stays, with reason.

    Only what still says what the merge wrote is put back: a value somebody changed
    since is somebody's decision.

    :param current: {(model, id, field): value now}; a record that is gone is missing
    :return: (changes to put back in reverse order, [(change, reason)] that stay)
    """
    back, stay = [], []
    for change in reversed(list(changes)):
        place = (change.model, change.id, change.field)
        if place not in current:
            stay.append((change, GONE))
        elif current[place] != change.new:
            stay.append((change, CHANGED))
        else:
            back.append(change)
    return back, stay
