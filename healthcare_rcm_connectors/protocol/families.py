"""Measurements as values: what is measured, in which kind, for which labels."""

from dataclasses import dataclass, field

COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"


@dataclass(frozen=True, slots=True)
class Reading:
    """One number (a histogram: counts per bucket and the sum) under its labels."""

    labels: tuple[str, ...]
    value: float
    counts: tuple[int, ...] = ()


@dataclass(slots=True)
class Family:
    """All readings of one measurement."""

    name: str
    kind: str
    help: str
    labels: tuple[str, ...] = ()
    readings: list[Reading] = field(default_factory=list)

    def add(self, labels, value, counts=()):
        """Add a reading; labels in the family's order."""
        texts = tuple(str(label) for label in labels)
        if len(texts) != len(self.labels):
            raise ValueError(f"{self.name} wants {self.labels}, got {texts}")
        self.readings.append(Reading(texts, float(value), tuple(counts)))
        return self
