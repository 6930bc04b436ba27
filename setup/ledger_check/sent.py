"""The events that were sent, and what each encounter charges by them."""

import json
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

from .books import ZERO


def read_events(folder):
    """Unique events in the order they were first sent."""
    events = {}
    for line in (folder / "events.jsonl").read_text().splitlines():
        event = json.loads(line)
        events.setdefault(event["id"], event)
    return list(events.values())


def read_seed(folder):
    """The seed of what was sent, or None."""
    path = folder / "run.json"
    return json.loads(path.read_text())["seed"] if path.exists() else None


class Charges:
    """The charges of one encounter as its events tell of them."""

    def __init__(self):
        self.current = {}
        self.codes = {}
        self.package = ZERO
        self.self_pay = False
        self.payers = 0
        self.client = None

    def total(self):
        """What counts now, with packages."""
        return self.package + sum(self.current.values(), ZERO)

    def take(self, item):
        """A charge, new or as it was."""
        self.current[item["id"]] = Decimal(item["amount"])
        self.codes[item["id"]] = item["code"]

    def tax(self, percents):
        """What the guarantor is taxed, by ``{code: percent}``."""
        return sum(
            (
                (amount * percents.get(self.codes[name], ZERO) / 100).quantize(
                    Decimal("0.01"), ROUND_HALF_UP
                )
                for name, amount in self.current.items()
            ),
            ZERO,
        )


def read_charges(events):
    """Replay ``events``: encounters, and what each claim was last sent at.

    :return: ({encounter: Charges}, {control number: encounter}, {encounter: amount})
    """
    encounters, claims, billed = defaultdict(Charges), {}, {}
    for event in events:
        kind, data = event["type"], event["data"]
        if kind in ("encounter.completed", "encounter.registered"):
            visit = encounters[data["encounter"]["number"]]
            visit.self_pay = data["encounter"].get("self_pay", False)
            visit.payers = len(data.get("coverages") or ())
            for item in data.get("charges") or ():
                visit.take(item)
        elif kind == "order.placed" and data["order"].get("client"):
            encounters[data["order"]["encounter"]].client = data["order"]["client"]
        elif kind == "charge.captured":
            encounters[data["encounter"]].take(data["charge"])
        elif kind == "charge.corrected":
            del encounters[data["encounter"]].current[data["charge_id"]]
            if data["action"] == "replace":
                encounters[data["encounter"]].take(data["charge"])
        elif kind == "person.package_sold":
            encounters[data["encounter"]].package += Decimal(data["price"])
        elif kind in ("claim.submitted", "person.batch_submitted"):
            for item in data.get("claims") or [data]:
                claims[item["control_number"]] = item["encounter"]
                billed[item["encounter"]] = encounters[item["encounter"]].total()
    return encounters, claims, billed


def order_charges(events):
    """Charges that came with test results go to the encounter of their order."""
    orders = {
        event["data"]["order"]["number"]: event["data"]["order"]["encounter"]
        for event in events
        if event["type"] == "order.placed"
    }
    for event in events:
        if event["type"] == "test.completed" and event["data"].get("charge"):
            data = event["data"]
            yield orders[data["order"]], data["charge"]
