"""Is the person whom the payer names the patient of our claim?"""

from ..x12.model import Claim
from .facts import ClaimFacts


def compare_patient(claim: Claim, facts: ClaimFacts) -> tuple[bool, bool]:
    """(the name is another one, the member number is another one).

    What either side does not say differs from nothing.
    """
    named = [item for item in (claim.name("QC"), claim.name("IL")) if item]
    names = {item.last for item in named if item.last}
    members = {
        _plain(item.identifier)
        for item in named
        if item.identifier and item.qualifier == "MI"
    }
    ours = {_plain(item) for item in facts.member_ids}
    name_differs = bool(
        names
        and facts.last_name
        and not any(_same_name(name, facts.last_name) for name in names)
    )
    return name_differs, bool(members and ours and not members & ours)


def _plain(text: str) -> str:
    return "".join(char for char in text.upper() if char.isalnum())


def _same_name(one: str, other: str) -> bool:
    """Equal, or one begins with the other (suffixes, double names)."""
    one, other = _plain(one), _plain(other)
    return bool(one and other) and (one.startswith(other) or other.startswith(one))
