"""Whether money of a fund or under a contract may be spent so: values in, reasons out.

Amounts are in the company's currency, prices in the contract's.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Charge:
    """A line of an order or a bill, as far as funds and contracts ask."""

    ref: int
    amount: Decimal
    day: date
    vendor: int
    categories: frozenset[int] = frozenset()  # of the product, with those above it
    vendor_categories: frozenset[int] = frozenset()
    accounts: frozenset[int] = frozenset()  # analytic accounts it is charged to
    product: int | None = None
    quantity: Decimal = Decimal(0)
    price: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Fund:
    """Empty sets mean every one. ``left`` is what is left after these charges."""

    open: bool
    date_from: date
    date_to: date
    left: Decimal
    categories: frozenset[int] = frozenset()
    vendors: frozenset[int] = frozenset()
    vendor_categories: frozenset[int] = frozenset()
    account: int | None = None
    missing_documents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contract:
    """``left_*`` are what is left after these charges; None is without a ceiling."""

    open: bool
    vendor: int
    product: int | None
    rate: Decimal
    date_from: date
    date_to: date
    left_amount: Decimal | None = None
    left_quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Why it may not be spent so; ``line`` None speaks of all lines together."""

    code: str
    line: int | None = None
    expected: Any = None
    actual: Any = None


def check_fund(fund, charges):
    """Every reason why ``charges`` may not be borne by ``fund``."""
    if not fund.open:
        return (Block("fund_closed"),)
    blocks = []
    for charge in charges:
        if not fund.date_from <= charge.day <= fund.date_to:
            blocks.append(
                Block(
                    "fund_dates",
                    charge.ref,
                    (fund.date_from, fund.date_to),
                    charge.day,
                )
            )
        if fund.categories and not fund.categories & charge.categories:
            blocks.append(Block("fund_category", charge.ref))
        if not _vendor_allowed(fund, charge):
            blocks.append(Block("fund_vendor", charge.ref))
        if fund.account and fund.account not in charge.accounts:
            blocks.append(Block("fund_account", charge.ref))
    blocks += [Block("fund_document", None, name) for name in fund.missing_documents]
    if fund.left < 0 < sum(charge.amount for charge in charges):
        blocks.append(Block("fund_money", None, Decimal(0), fund.left))
    return tuple(blocks)


def _vendor_allowed(fund, charge):
    if not fund.vendors and not fund.vendor_categories:
        return True
    return charge.vendor in fund.vendors or bool(
        fund.vendor_categories & charge.vendor_categories
    )


def check_contract(contract, charges):
    """Every reason why ``charges`` do not agree with ``contract``."""
    if not contract.open:
        return (Block("contract_closed"),)
    blocks = []
    for charge in charges:
        if charge.vendor != contract.vendor:
            blocks.append(Block("contract_vendor", charge.ref))
        if contract.product and charge.product != contract.product:
            blocks.append(Block("contract_service", charge.ref))
        if not contract.date_from <= charge.day <= contract.date_to:
            blocks.append(
                Block(
                    "contract_dates",
                    charge.ref,
                    (contract.date_from, contract.date_to),
                    charge.day,
                )
            )
        if charge.price > contract.rate:
            blocks.append(
                Block("contract_rate", charge.ref, contract.rate, charge.price)
            )
    if sum(charge.quantity for charge in charges) > 0:
        left = contract.left_quantity
        if left is not None and left < 0:
            blocks.append(Block("contract_quantity", None, Decimal(0), left))
    if sum(charge.amount for charge in charges) > 0:
        left = contract.left_amount
        if left is not None and left < 0:
            blocks.append(Block("contract_money", None, Decimal(0), left))
    return tuple(blocks)


def plain(value):
    """A Decimal for people: no trailing zeros, no exponent."""
    return format(value.normalize(), "f")
