"""Measurements in Prometheus' text format, by the reference library."""

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)

from ..protocol import latency
from ..protocol.families import COUNTER, HISTOGRAM

CONTENT_TYPE = CONTENT_TYPE_LATEST


class _Collector:
    def __init__(self, families):
        self._families = families

    def collect(self):
        for family in self._families:
            yield _converted(family)


def render(families):
    """The text (bytes) of these :class:`~..protocol.families.Family`."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(families))
    return generate_latest(registry)


def _converted(family):
    if family.kind == HISTOGRAM:
        result = HistogramMetricFamily(
            family.name, family.help, labels=list(family.labels)
        )
        for reading in family.readings:
            result.add_metric(
                list(reading.labels),
                latency.cumulative(reading.counts),
                sum_value=reading.value,
            )
        return result
    kind = CounterMetricFamily if family.kind == COUNTER else GaugeMetricFamily
    result = kind(family.name, family.help, labels=list(family.labels))
    for reading in family.readings:
        result.add_metric(list(reading.labels), reading.value)
    return result
