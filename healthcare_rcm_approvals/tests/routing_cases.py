"""Routing cases as data: a clinic's policies, and who is asked for which document.

A case is (title, document type, amount, what else it states, policy, steps). Steps
read as in the sentence of a policy: ``,`` is "then", ``+`` is "side by side", a
number is how many. ``None`` as policy: nothing applies, nothing passes.
"""

from datetime import date
from decimal import Decimal

from ..policy import MANAGER, USERS, Facts, Policy, Step

APPROVER, FINANCE, ADMIN = 1, 2, 3
NORTH, SOUTH = 11, 12
LAB, IMAGING = 21, 22
DRUGS, TEMPS = 31, 32
ANNA, BEN = 41, 42
NAMES = {APPROVER: "approver", FINANCE: "finance", ADMIN: "admin"}
TODAY = date(2026, 6, 15)


def by(role, sequence=10, needed=1):
    return Step(role * 100 + sequence, sequence, role, needed)


def ids(*values):
    return frozenset(values)


def _policies():
    one, both = (by(APPROVER),), (by(APPROVER), by(FINANCE, 20))
    side = (by(APPROVER), by(FINANCE))
    people = (Step(1, 10, needed=2, kind=USERS, users=ids(ANNA, BEN)),)
    boss = (Step(1, 10, kind=MANAGER), by(FINANCE, 20))
    rows = [
        ("claims", "claim", 0, 5000, {}, ()),
        ("large claims", "claim", 5000, None, {}, one),
        ("risky claims", "claim", 0, 5000, {"risk_from": 40}, one),
        ("medicare claims", "claim", 1000, None,
         {"payer_types": ids("medicare")}, side),
        ("north's claims", "claim", 0, 500, {"facilities": ids(NORTH)}, one),
        ("bills", "vendor_bill", 0, 1000, {}, ()),
        ("mid bills", "vendor_bill", 1000, 25000, {}, one),
        ("large bills", "vendor_bill", 25000, None, {}, both),
        ("lab's bills", "vendor_bill", 0, 2000, {"departments": ids(LAB)}, boss),
        ("drug bills", "vendor_bill", 0, None, {"vendor_categories": ids(DRUGS)},
         people),
        ("outsourced bills", "vendor_bill", 0, None,
         {"contract_types": ids("outsourced_service")}, both),
        ("new vendors' bills", "vendor_bill", 0, 1000, {"risk_from": 30}, one),
        ("flood relief", "vendor_bill", 0, 5000,
         {"priority": 5, "facilities": ids(SOUTH), "valid_from": date(2026, 6, 1),
          "valid_to": date(2026, 6, 30)}, ()),
        ("write-offs", "write_off", 0, 25, {}, ()),
        ("larger write-offs", "write_off", 25, None, {}, both),
        ("the second company's write-offs", "write_off", 0, None, {"company": 2},
         (by(FINANCE),)),
        ("refunds", "refund", 0, 1000, {"effect": "pay"}, one),
        ("urgent orders", "purchase_order", 0, 100,
         {"domain": "[('priority','=','1')]"}, ()),
        ("orders", "purchase_order", 0, None, {}, (by(APPROVER, needed=2),)),
        ("old payments", "payment", 0, None, {"valid_to": date(2025, 12, 31)}, one),
        ("payments", "payment", 0, None, {"valid_from": date(2026, 1, 1)}, both),
        ("policy changes", "policy_change", 0, None, {}, (by(ADMIN),)),
    ]  # fmt: skip
    return {
        name: Policy(
            ref, name, kind, amount_from=Decimal(low),
            amount_to=None if high is None else Decimal(high), steps=steps, **values,
        )
        for ref, (name, kind, low, high, values, steps) in enumerate(rows, start=1)
    }  # fmt: skip


POLICIES = _policies()
PLAIN, THROUGH = {}, ""
BOTH, SIDE, BOSS = "approver, finance", "approver + finance", "manager, finance"

CASES = [
    # amounts: bands meet at their edges, credits count by their size
    ("a claim of nothing", "claim", "0", PLAIN, "claims", THROUGH),
    ("just below", "claim", "4999.99", PLAIN, "claims", THROUGH),
    ("at the edge", "claim", "5000", PLAIN, "large claims", "approver"),
    ("far above", "claim", "1000000", PLAIN, "large claims", "approver"),
    ("a credit just below", "claim", "-4999.99", PLAIN, "claims", THROUGH),
    ("a credit at the edge", "claim", "-5000", PLAIN, "large claims", "approver"),
    ("bill of 999.99", "vendor_bill", "999.99", PLAIN, "bills", THROUGH),
    ("bill of 1000", "vendor_bill", "1000", PLAIN, "mid bills", "approver"),
    ("bill of 24999.99", "vendor_bill", "24999.99", PLAIN, "mid bills", "approver"),
    ("bill of 25000", "vendor_bill", "25000", PLAIN, "large bills", BOTH),
    # risk
    ("no risk", "claim", "100", {"risk": 0}, "claims", THROUGH),
    ("some risk", "claim", "100", {"risk": 39}, "claims", THROUGH),
    ("high risk", "claim", "100", {"risk": 40}, "risky claims", "approver"),
    ("highest risk", "claim", "4999", {"risk": 100}, "risky claims", "approver"),
    ("large and risky", "claim", "5000", {"risk": 100}, "large claims", "approver"),
    ("new vendor", "vendor_bill", "10", {"risk": 30}, "new vendors' bills", "approver"),
    ("new vendor, more", "vendor_bill", "1000", {"risk": 30}, "mid bills", "approver"),
    # payer type
    ("small medicare", "claim", "999", {"payer_type": "medicare"}, "claims", THROUGH),
    ("medicare", "claim", "1000", {"payer_type": "medicare"}, "medicare claims", SIDE),
    ("large medicare", "claim", "9000", {"payer_type": "medicare"},
     "medicare claims", SIDE),
    ("commercial", "claim", "1000", {"payer_type": "commercial"}, "claims", THROUGH),
    # facility
    ("north", "claim", "100", {"facility": NORTH}, "north's claims", "approver"),
    ("north above its band", "claim", "500", {"facility": NORTH}, "claims", THROUGH),
    ("south", "claim", "100", {"facility": SOUTH}, "claims", THROUGH),
    ("north, medicare, mid", "claim", "1500",
     {"facility": NORTH, "payer_type": "medicare"}, "medicare claims", SIDE),
    # department, vendor category, contract type
    ("lab's bill", "vendor_bill", "10", {"department": LAB}, "lab's bills", BOSS),
    ("lab's larger bill", "vendor_bill", "2000", {"department": LAB}, "mid bills",
     "approver"),
    ("imaging's bill", "vendor_bill", "10", {"department": IMAGING}, "bills", THROUGH),
    ("drugs", "vendor_bill", "10", {"vendor_categories": ids(DRUGS)}, "drug bills",
     "2 of 41 42"),
    ("drugs and more", "vendor_bill", "90000",
     {"vendor_categories": ids(DRUGS, TEMPS)}, "drug bills", "2 of 41 42"),
    ("temps", "vendor_bill", "10", {"vendor_categories": ids(TEMPS)}, "bills", THROUGH),
    ("outsourced", "vendor_bill", "10", {"contract_type": "outsourced_service"},
     "outsourced bills", BOTH),
    ("other contract", "vendor_bill", "10", {"contract_type": "client"}, "bills",
     THROUGH),
    # priority and dates
    ("relief in the south", "vendor_bill", "4999", {"facility": SOUTH}, "flood relief",
     THROUGH),
    ("relief beats drugs", "vendor_bill", "10",
     {"facility": SOUTH, "vendor_categories": ids(DRUGS)}, "flood relief", THROUGH),
    ("relief's first day", "vendor_bill", "1000",
     {"facility": SOUTH, "on": date(2026, 6, 1)}, "flood relief", THROUGH),
    ("relief's last day", "vendor_bill", "1000",
     {"facility": SOUTH, "on": date(2026, 6, 30)}, "flood relief", THROUGH),
    ("before the relief", "vendor_bill", "1000",
     {"facility": SOUTH, "on": date(2026, 5, 31)}, "mid bills", "approver"),
    ("after the relief", "vendor_bill", "1000",
     {"facility": SOUTH, "on": date(2026, 7, 1)}, "mid bills", "approver"),
    ("relief's upper end", "vendor_bill", "5000", {"facility": SOUTH}, "mid bills",
     "approver"),
    ("last year's payment", "payment", "1", {"on": date(2025, 12, 31)}, "old payments",
     "approver"),
    ("this year's payment", "payment", "1", {"on": date(2026, 1, 1)}, "payments", BOTH),
    # company
    ("first company", "write_off", "24", PLAIN, "write-offs", THROUGH),
    ("second company", "write_off", "24", {"company": 2},
     "the second company's write-offs", "finance"),
    ("third company", "write_off", "25", {"company": 3}, "larger write-offs", BOTH),
    # condition and effect
    ("urgent order", "purchase_order", "99", {"domains": ("urgent orders",)},
     "urgent orders", THROUGH),
    ("urgent large order", "purchase_order", "100", {"domains": ("urgent orders",)},
     "orders", "2 × approver"),
    ("order", "purchase_order", "99", PLAIN, "orders", "2 × approver"),
    ("order, condition broken", "purchase_order", "99",
     {"broken_domains": ("urgent orders",)}, None, None),
    ("large order, condition broken", "purchase_order", "100",
     {"broken_domains": ("urgent orders",)}, "orders", "2 × approver"),
    ("refund paid", "refund", "10", {"effect": "pay"}, "refunds", "approver"),
    ("refund applied", "refund", "10", {"effect": "apply"}, None, None),
    ("refund above every band", "refund", "1000", {"effect": "pay"}, None, None),
    ("a type without policies", "override", "1", PLAIN, None, None),
    ("a policy's change", "policy_change", "0", PLAIN, "policy changes", "admin"),
]  # fmt: skip


def facts_of(kind, amount, stated):
    """Facts of a case; conditions are named by their policies."""
    values = {"effect": "post", "company": 1, "on": TODAY, **stated}
    for name in ("domains", "broken_domains"):
        if name in values:
            values[name] = frozenset(POLICIES[policy].ref for policy in values[name])
    return Facts(kind, values.pop("effect"), Decimal(amount), **values)


def words(steps):
    """Steps as a case writes them."""
    levels = {}
    for step in sorted(steps, key=lambda item: (item.sequence, item.ref)):
        levels.setdefault(step.sequence, []).append(_word(step))
    return ", ".join(" + ".join(level) for _sequence, level in sorted(levels.items()))


def _word(step):
    if step.kind == MANAGER:
        return "manager"
    if step.kind == USERS:
        return f"{step.needed} of {' '.join(map(str, sorted(step.users)))}"
    name = NAMES[step.role]
    return f"{step.needed} × {name}" if step.needed > 1 else name
