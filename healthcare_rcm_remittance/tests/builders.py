"""Small builders of remittance values for the pure tests."""

from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path

from lxml import etree

from ..settlement import (
    ClaimFacts,
    LegFacts,
    LineFacts,
    Options,
    RuleBook,
    RuleFacts,
)
from ..x12 import model as x12

DAY = date(2026, 11, 20)
PAYER, SECOND = 1, 2
RULES_FILE = Path(__file__).parents[1] / "data" / "rcm_posting_rule_data.xml"


def money(value) -> Decimal:
    """An exact amount with two places."""
    return Decimal(str(value)).quantize(Decimal("0.01"))


def shipped_rules() -> list[RuleFacts]:
    """The posting rules as they are shipped."""
    numbers = count(1)
    rules = []
    for record in etree.parse(str(RULES_FILE)).iter("record"):
        values = {field.get("name"): field.text for field in record.iter("field")}
        rules.append(
            RuleFacts(
                id=next(numbers),
                kind=values["kind"],
                reason=values["reason_code"],
                action=values.get("action") or values["treatment"],
                group=values.get("group_code", ""),
                remark=values.get("remark_code", ""),
                sign=values.get("sign", "any"),
                category=values.get("category", ""),
                purpose=values.get("purpose", ""),
            )
        )
    return rules


def adjustments(*codes) -> tuple[x12.Adjustment, ...]:
    """``("CO-45", 600)`` pairs as CAS triples."""
    triples = []
    for code, amount in codes:
        group, reason = code.split("-", 1)
        triples.append(x12.Adjustment(group, reason, money(amount)))
    return tuple(triples)


def svc(index, charge, paid, *codes, code="99213", number=None, submitted=None, **more):
    """A service line; ``number`` is REF*6R."""
    references = (x12.Reference("6R", number),) if number else ()
    return x12.Service(
        index=index,
        procedure=x12.Procedure("HC", code),
        submitted=x12.Procedure("HC", submitted) if submitted else None,
        charge=money(charge),
        paid=money(paid),
        adjustments=adjustments(*codes),
        references=references,
        **more,
    )


def clp(index, number, charge, paid, *codes, status="1", services=(), **more):
    """A claim; ``codes`` at claim level."""
    every = list(adjustments(*codes))
    for service in services:
        every += service.adjustments
    patient = sum((item.amount for item in every if item.group == "PR"), Decimal(0))
    more.setdefault("payer_claim_number", f"ICN{number}")
    return x12.Claim(
        index=index,
        control_number=number,
        status=status,
        charge=money(charge),
        paid=money(paid),
        patient_responsibility=patient,
        adjustments=adjustments(*codes),
        services=tuple(services),
        **more,
    )


def plb(reason, amount, reference=""):
    """A provider adjustment."""
    return x12.ProviderAdjustment("1234567893", DAY, reason, reference, money(amount))


def st(amount, *claims, adjustments=(), **more):
    """A transaction that pays ``amount``."""
    header = x12.InterchangeHeader(
        "ZZ",
        "PAYER",
        "ZZ",
        "CLINIC",
        DAY,
        "0900",
        "1",
        "00501",
        "P",
        x12.Delimiters(),
        0,
    )
    values = {
        "control_number": "0001",
        "version": "005010X221A1",
        "group": None,
        "interchange": header,
        "handling": "I" if amount else "H",
        "amount": money(amount),
        "credit_debit": "C",
        "method": "ACH" if amount else "NON",
        "payment_date": DAY,
        "trace": "T1",
        "payer_trace_id": "1512345678",
        "trace_subdivision": "",
        "currency": None,
        "payer": None,
        "payee": None,
        "production_date": None,
        "claims": claims,
        "provider_adjustments": tuple(adjustments),
        "unknown_segments": (),
        "balance": x12.Balance(True, True, True),
        "findings": (),
        "offset": 0,
        "end_offset": 0,
        "content_hash": "",
    }
    return x12.Transaction(**{**values, **more})


def line(id_, charge=1000, code="99213", number=None, expected=None, **more):
    """A line of our claim."""
    return LineFacts(
        id_,
        number or f"L{id_}",
        code,
        charge=money(charge),
        expected=None if expected is None else money(expected),
        **more,
    )


def facts(number, charge=1000, lines=None, payers=(PAYER,), open_by_payer=None, **more):
    """Our claim, invoiced to its first payer."""
    legs = tuple(
        LegFacts(sequence, payer) for sequence, payer in enumerate(payers, start=1)
    )
    more.setdefault("id", abs(hash(number)) % 10_000)
    if open_by_payer is None:
        open_by_payer = {payers[0]: charge}
    return ClaimFacts(
        control_number=number,
        charge=money(charge),
        lines=tuple(lines or (line(1, charge),)),
        legs=legs,
        open_by_payer={payer: money(amount) for payer, amount in open_by_payer.items()},
        **more,
    )


def options(**more):
    """Options of the first payer today."""
    more.setdefault("payer_id", PAYER)
    return Options(today=DAY, **more)


def rule_book(*extra) -> RuleBook:
    """The shipped rules and ``extra`` ones."""
    return RuleBook([*shipped_rules(), *extra])


def entry(plan, payer=PAYER) -> dict[str, str]:
    """Balances of a plan by purpose; another payer's receivable gets a 2."""
    totals = {}
    for item in plan.lines:
        key = item.purpose
        if key == "receivable_payer" and item.payer_id != payer:
            key = "receivable_payer2"
        totals[key] = totals.get(key, Decimal(0)) + item.balance
    return {key: f"{amount:.2f}" for key, amount in totals.items() if amount}
