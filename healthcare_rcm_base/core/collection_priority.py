"""Which open claim a payer has to be asked about first, by what it last said.

The newest answer decides, so that a status that comes in puts the claim at its place in
the worklist at once; money orders those of one rank.
"""

from typing import NamedTuple

URGENT, HIGH, NORMAL, NONE = "3", "2", "1", "0"
WITH_PAYER = frozenset({"submitted", "accepted", "pending_interface"})
DECIDED = frozenset({"adjudicated", "reopened"})
# In all other states nobody is asked, whatever else is known.
ASKED = WITH_PAYER | DECIDED | {"rejected"}


class Standing(NamedTuple):
    """What decides about a claim: where it stands, and what is open with its payer.

    ``pended``: the payer asks for something. ``overdue``: it should have answered by
    now. ``due_next``: the next payer's turn has come, which is sending, not asking.
    """

    state: str
    payment_status: str
    open: bool
    pended: bool = False
    overdue: bool = False
    due_next: bool = False


def priority(standing):
    """``(rank, why)``; rank ``0`` where nobody has to be asked."""
    if not standing.open or standing.state not in ASKED:
        return NONE, ""
    if standing.state == "rejected":
        return URGENT, "rejected"
    if standing.payment_status == "denied":
        return URGENT, "denied"
    if standing.state in WITH_PAYER:
        if standing.pended:
            return HIGH, "pended"
        return (HIGH, "overdue") if standing.overdue else (NONE, "")
    if standing.payment_status == "partially_denied":
        return HIGH, "partially_denied"
    if standing.state == "reopened":
        return HIGH, "taken_back"
    return (NONE, "") if standing.due_next else (NORMAL, "rest_open")
