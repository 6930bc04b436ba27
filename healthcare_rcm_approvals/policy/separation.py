"""Separation of duties: who may decide, and who may take the next step."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .facts import ROLE, Step

NOBODY: Mapping[str, frozenset[int]] = MappingProxyType({})
APPROVE = "approve"


@dataclass(frozen=True, slots=True)
class Decider:
    """Who wants to decide: a user id and the roles (group ids) they hold.

    ``on_behalf`` is the chain of delegation, nearest first: ``(b, c)`` reads "acts
    for b, who acts for c".
    """

    user: int
    roles: frozenset[int]
    on_behalf: tuple[int, ...] = ()

    @property
    def people(self) -> tuple[int, ...]:
        """Everybody whose hand is in the decision."""
        return (self.user, *self.on_behalf)

    @property
    def source(self) -> int:
        """The person whose own right it is."""
        return self.people[-1]


def may_decide(
    decider: Decider,
    role: int | None,
    preparers: frozenset[int],
    decided: frozenset[int],
    *,
    candidates: frozenset[int] | None = None,
    done: Mapping[str, frozenset[int]] = NOBODY,
    conflicts: frozenset[tuple[str, str]] = frozenset(),
) -> str | None:
    """Why ``decider`` may not decide this step, or None when they may.

    Every hand in the decision must be clean: the person who acts and each one on
    whose behalf. What someone may not do himself he cannot have done by another.

    :param role: role the step asks for; it is looked at where no ``candidates`` are
        given.
    :param preparers: users who made, changed or requested the document.
    :param decided: users who already decided on this request, or for whom someone
        did.
    :param candidates: users the step names, whatever way it names them.
    :param done: who did which earlier duty of the document.
    :param conflicts: pairs of duties one person must not do both.
    :return: ``delegation_loop``, ``missing_role``, ``own_document``,
        ``decided_before``, ``duty_conflict`` or None.
    """
    people = decider.people
    if len(set(people)) < len(people):
        return "delegation_loop"
    if candidates is not None:
        entitled = decider.source in candidates
    else:
        entitled = not decider.on_behalf and role in decider.roles
    if not entitled:
        return "missing_role"
    if preparers.intersection(people):
        return "own_document"
    if decided.intersection(people):
        return "decided_before"
    if conflicting_duty(people, APPROVE, done, conflicts):
        return "duty_conflict"
    return None


def conflicting_duty(people, duty, done=NOBODY, conflicts=frozenset()) -> str | None:
    """The earlier duty one of ``people`` did that excludes ``duty``, or None.

    :param people: the user who acts and those on whose behalf
    """
    people = frozenset(people)
    for other in sorted(_excluded_by(duty, conflicts)):
        if people & done.get(other, frozenset()):
            return other
    return None


def _excluded_by(duty, conflicts):
    """Duties that exclude ``duty``; a pair excludes in both directions."""
    return {
        second if first == duty else first
        for first, second in conflicts
        if duty in (first, second)
    }


def decides_as(step: Step) -> int | None:
    """The role a decision on this step is recorded under, if the step names one."""
    return step.role if step.kind == ROLE else None
