"""What a replay would do with an event, before it does it."""

from dataclasses import dataclass

REPLAYED = "replay"
WAITING = "wait"
REFUSED = "refuse"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What happens to one event, and by which rule."""

    outcome: str
    reason: str


def judge(state, connector_state, type_state, has_handler):
    """Return the :class:`Judgement` on one event.

    What is done or being worked on is never done again; what already waits in line
    needs no replay.
    """
    if state == "done":
        return Judgement(REFUSED, "done")
    if state == "processing":
        return Judgement(REFUSED, "processing")
    if connector_state == "disabled":
        return Judgement(REFUSED, "connector_disabled")
    if type_state == "retired":
        return Judgement(REFUSED, "type_retired")
    if state == "received":
        return Judgement(WAITING, "in_line")
    if not has_handler:
        return Judgement(WAITING, "no_handler")
    if connector_state in ("paused", "down"):
        return Judgement(REPLAYED, "connector_paused")
    return Judgement(REPLAYED, "ready")


def judge_own(judgement, state):
    """What a sender's own wish may do: only failed events go back in line by it."""
    if judgement.outcome == REPLAYED and state != "dead":
        return Judgement(WAITING, "not_failed")
    return judgement
