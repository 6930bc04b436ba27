"""Separation of duties: who may decide on a request."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decider:
    """Who wants to decide: a user id and the roles (group ids) they hold."""

    user: int
    roles: frozenset[int]


def may_decide(
    decider: Decider,
    role: int,
    preparers: frozenset[int],
    decided: frozenset[int],
) -> str | None:
    """Why ``decider`` may not decide this step, or None when they may.

    :param role: role the step asks for.
    :param preparers: users who made, changed or requested the document.
    :param decided: users who already decided on this request.
    :return: ``missing_role``, ``own_document``, ``decided_before`` or None.
    """
    if role not in decider.roles:
        return "missing_role"
    if decider.user in preparers:
        return "own_document"
    if decider.user in decided:
        return "decided_before"
    return None
