"""Entries we decide ourselves about a claim, and what they do to its amounts.

Each function takes balances of a claim by purpose (debit positive) and returns the
amounts of the entry by purpose; an empty mapping means that there is nothing to book.
"""

from decimal import ROUND_HALF_UP, Decimal

from .ledger_entries import ZERO, EntryError

# What a local entry against a payer's receivable does to the claim's own amounts.
POSTED_AS = {
    "reserve": "contractual",
    "contractual": "contractual",
    "sequestration": "sequestration",
    "withhold_receivable": "withhold",
    "denial_writeoff": "writeoff",
    "administrative_writeoff": "writeoff",
    "small_balance_writeoff": "writeoff",
    "charity": "writeoff",
    "bad_debt": "writeoff",
    "concession": "writeoff",
    "concession_reserve": "writeoff",
    "patient_unbilled": "patient",
    "payer_overpayment": "paid",
    "unapplied_payer_cash": "paid",
    "clearing": "paid",
    "refunds_payable": "paid",
}


def true_up(balances):
    """Take what is left in a closed claim's reserve to contractual adjustments."""
    left = balances.get("reserve", ZERO)
    return {"contractual": left, "reserve": -left} if left else {}


def concession_release(balances):
    """Give back the part of the concession that was not needed."""
    left = balances.get("concession_reserve", ZERO)
    return {"concession_reserve": -left, "concession": left} if left else {}


def give_up(balances, amount, receivable="receivable_patient"):
    """Stop asking for ``amount``: the reserve carries it, then the concession."""
    _check_open(balances, amount, receivable)
    from_reserve = min(amount, max(-balances.get("concession_reserve", ZERO), ZERO))
    return _without_zeros(
        {
            "concession_reserve": from_reserve,
            "concession": amount - from_reserve,
            receivable: -amount,
        }
    )


def charity(balances, amount, receivable="receivable_patient"):
    """Two entries: its share of the reserve is released, then charity is granted."""
    _check_open(balances, amount, receivable)
    reserve = max(-balances.get("concession_reserve", ZERO), ZERO)
    share = (reserve * amount / balances[receivable]).quantize(
        Decimal("0.01"), ROUND_HALF_UP
    )
    release = _without_zeros({"concession_reserve": share, "concession": -share})
    return release, {"charity": amount, receivable: -amount}


def write_off(balances, amount, expense, receivable):
    """Write ``amount`` of what is open off to the purpose ``expense``."""
    _check_open(balances, amount, receivable)
    return {expense: amount, receivable: -amount}


def denial_loss(balances, charge, allowance):
    """A denied charge is lost: its part of the reserve first, the rest is a loss."""
    _check_open(balances, charge, "receivable_payer")
    if not ZERO <= allowance <= charge:
        raise EntryError(f"allowance {allowance} is not within the charge {charge}")
    return _without_zeros(
        {
            "denial_writeoff": charge - allowance,
            "reserve": allowance,
            "receivable_payer": -charge,
        }
    )


def posting_rows(amounts, receivable):
    """``[(kind, amount)]``: how an entry changes the claim's posted amounts.

    Only what moves the receivable the claim was invoiced to counts; entries on the
    patient's side of an insured claim leave its payer side alone.
    """
    if receivable not in amounts:
        return []
    rows = {}
    for purpose, amount in amounts.items():
        if purpose == receivable:
            continue
        if purpose not in POSTED_AS:
            raise EntryError(f"{purpose} cannot settle a claim")
        kind = POSTED_AS[purpose]
        rows[kind] = rows.get(kind, ZERO) + amount
    return [(kind, amount) for kind, amount in rows.items() if amount]


def _check_open(balances, amount, receivable):
    open_amount = balances.get(receivable, ZERO)
    if amount <= ZERO:
        raise EntryError(f"amount {amount} is not above zero")
    if amount > open_amount:
        raise EntryError(f"amount {amount} exceeds the open balance {open_amount}")


def _without_zeros(amounts):
    return {purpose: amount for purpose, amount in amounts.items() if amount}
