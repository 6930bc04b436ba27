"""Gaps and overlaps between the bands of policies."""

from decimal import Decimal

from .facts import Policy


def _scope(policy: Policy) -> tuple:
    return (
        policy.document_type,
        policy.effect,
        policy.company,
        policy.facilities,
        policy.payer_types,
    )


def _bands(policies: list[Policy]) -> dict[tuple, list[Policy]]:
    grouped: dict[tuple, list[Policy]] = {}
    for policy in policies:
        grouped.setdefault(_scope(policy), []).append(policy)
    for group in grouped.values():
        group.sort(key=lambda policy: (policy.amount_from, policy.ref))
    return grouped


def find_gaps(policies: list[Policy]) -> list[tuple[tuple, Decimal, Decimal | None]]:
    """Amount ranges no policy of a scope covers: (scope, from, to or None).

    Only scopes without facility and payer-type conditions are judged: a narrower
    scope falls back on the wider one.
    """
    gaps = []
    for scope, group in _bands(policies).items():
        if scope[3] or scope[4]:
            continue
        reached: Decimal | None = Decimal(0)
        for policy in group:
            if reached is None:
                break
            if policy.amount_from > reached:
                gaps.append((scope, reached, policy.amount_from))
            if policy.amount_to is None:
                reached = None
            else:
                reached = max(reached, policy.amount_to)
        if reached is not None:
            gaps.append((scope, reached, None))
    return gaps


def find_overlaps(policies: list[Policy]) -> list[tuple[Policy, Policy]]:
    """Pairs of policies of one scope and priority whose bands overlap."""
    pairs = []
    for group in _bands(policies).values():
        for index, first in enumerate(group):
            for second in group[index + 1 :]:
                apart = first.amount_to is not None and (
                    second.amount_from >= first.amount_to
                )
                if not apart and first.priority == second.priority:
                    pairs.append((first, second))
    return pairs
