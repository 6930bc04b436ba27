"""Effective-dated rows: how a new one takes its place among those that stand.

Days are inclusive; ``None`` is an open start or end.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """One row that stands: ``ref`` says which."""

    ref: object
    start: date | None
    end: date | None

    def covers(self, day):
        """Whether ``day`` lies within it."""
        return (self.start is None or self.start <= day) and (
            self.end is None or day <= self.end
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a new row goes: the row it replaces, the one it ends, its own end."""

    same: object = None
    ended: object = None
    ended_on: date | None = None
    end: date | None = None


def place(spans, start, end=None):
    """Say how a row from ``start`` until ``end`` joins ``spans`` without overlap.

    A row with the same start is the same row, corrected. A row in force on that day
    ends the day before. The new one ends, at the latest, before the next begins.
    Only a row that stands can have an open start.
    """
    same = next((span for span in spans if span.start == start), None)
    first = start or date.min
    earlier = [
        span for span in spans if span is not same and start and span.covers(start)
    ]
    later = [
        span.start for span in spans if span.start is not None and span.start > first
    ]
    if later:
        limit = min(later) - DAY
        end = limit if end is None else min(end, limit)
    before = earlier[0] if earlier else None
    return Placed(
        same=same.ref if same else None,
        ended=before.ref if before else None,
        ended_on=start - DAY if before else None,
        end=end,
    )


def overlapping(spans):
    """The first pair of spans that share a day, in order, or None."""
    ordered = sorted(spans, key=lambda span: span.start or date.min)
    for one, other in zip(ordered, ordered[1:], strict=False):
        if one.end is None or other.start is None or other.start <= one.end:
            return one, other
    return None


@dataclass(frozen=True, slots=True)
class Row:
    """A span with what it says; ``ref`` is None for one that is new."""

    ref: object
    start: date | None
    end: date | None
    data: object = None

    def covers(self, day):
        """Whether ``day`` lies within it."""
        return Span(self.ref, self.start, self.end).covers(day)


def settle(standing, incoming):
    """Take ``incoming`` rows in among the ``standing`` ones of the same key.

    :return: (rows as they stand then, rows that changed, new rows)
    """
    rows = {("old", index): row for index, row in enumerate(standing)}
    changed, new = set(), set()
    for number, row in enumerate(
        sorted(incoming, key=lambda item: item.start or date.min)
    ):
        spans = [Span(key, item.start, item.end) for key, item in rows.items()]
        where = place(spans, row.start, row.end)
        if where.ended is not None:
            rows[where.ended] = replace(rows[where.ended], end=where.ended_on)
            changed.add(where.ended)
        if where.same is not None:
            kept = replace(rows[where.same], end=where.end, data=row.data)
            if kept != rows[where.same]:
                rows[where.same] = kept
                changed.add(where.same)
        else:
            key = ("new", number)
            rows[key] = replace(row, ref=None, end=where.end)
            new.add(key)
    return (
        list(rows.values()),
        [row for key, row in rows.items() if key in changed - new],
        [row for key, row in rows.items() if key in new],
    )
