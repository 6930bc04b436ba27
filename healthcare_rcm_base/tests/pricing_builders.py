"""Charges, rates and contracts as the pricing engine takes them."""

from datetime import date
from decimal import Decimal

from ..core.pricing import ChargeFacts, ContractFacts, RateFacts

DAY = date(2026, 3, 2)
CODES = ("99213", "99214", "20610", "20611", "J1100", "CASE1")


def charge(code="99213", amount="150.00", units="1", **facts):
    return ChargeFacts(
        code=code,
        amount=Decimal(amount),
        service_date=facts.pop("day", DAY),
        units=Decimal(units),
        **facts,
    )


def rate(ref, method="per_unit", amount="92.00", code="99213", **facts):
    return RateFacts(ref=ref, method=method, amount=Decimal(amount), code=code, **facts)


def contract(*rates, **terms):
    return ContractFacts(ref=1, name="Acme 2026", rates=rates, **terms)
