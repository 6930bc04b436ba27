"""Prices charges against a payer contract and says how it got there.

Pure and exact: the same facts give the same answer in whatever order they come.
Where nothing applies the answer is ``Unpriced``; a price is never invented.
"""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from .pricing_facts import (
    METHODS,
    REASONS,
    ChargeFacts,
    ContractFacts,
    Priced,
    RateFacts,
    TraceStep,
    Unpriced,
    is_effective,
)

__all__ = [
    "METHODS",
    "REASONS",
    "ChargeFacts",
    "ContractFacts",
    "Priced",
    "RateFacts",
    "TraceStep",
    "Unpriced",
    "price",
    "price_lines",
]

HUNDRED = Decimal(100)
METHOD_WORDS = {
    "fixed": "fixed fee {amount} for the line",
    "percent_of_charge": "{percent} % of the charge",
    "per_unit": "{amount} per unit",
    "per_diem": "{amount} per day",
    "case_rate": "case rate {amount} for the whole encounter",
}


def price(charge, contract):
    """Price one charge alone; see ``price_lines`` for charges billed together."""
    return price_lines((charge,), contract)[0]


def price_lines(charges, contract):
    """Price the charges of one encounter together, answers in the same order.

    Together they matter to case rates, which cover all lines that are not carved
    out, and to multiple-procedure reduction, which ranks the lines of a day.
    """
    works = [_Work(charge, contract) for charge in charges]
    _apply_case_rate(works, contract)
    _reduce_multiple_procedures(works, contract)
    return [work.result() for work in works]


class _Work:
    """One charge on its way to a price."""

    def __init__(self, charge, contract):
        self.charge = charge
        self.contract = contract
        self.rate = None
        self.amount = None
        self.settled = False
        self.reason = _refusal(charge, contract)
        self.trace = [_contract_step(contract)]
        if not self.reason:
            self._choose()

    def _choose(self):
        found = self.contract.matching_rates(self.charge)
        if found:
            self.rate = found[0]
            self.step("rate", _rate_text(self.rate, len(found) - 1))
            if self.rate.method != "case_rate":
                self.set("method", *_method_amount(self.rate, self.charge))
        elif self.contract.default_method == "percent_of_charge":
            percent = self.contract.default_percent
            self.step("default", f"No rate fits; default {_plain(percent)} % of charge")
            self.set("method", *_percent_amount(self.charge, percent))
        else:
            self.reason = "no_rate"

    def step(self, code, text, amount=None, facts=None):
        self.trace.append(TraceStep(code, text, amount, facts))

    def set(self, code, amount, text, facts):
        self.amount = _round(amount, self.contract.digits)
        self.step(code, f"{text} = {self.amount}", self.amount, facts)

    def settle(self, amount, rate, text, facts):
        """Take ``amount`` as final: a case rate decided, caps no longer apply."""
        self.amount, self.rate, self.reason, self.settled = amount, rate, None, True
        self.step("case_rate", text, amount, facts)

    def result(self):
        charge = self.charge
        if self.reason:
            self.step("unpriced", _refusal_text(self.reason, charge))
            return Unpriced(self.reason, tuple(self.trace), charge.ref)
        if not self.settled:
            self._cap()
        self.step("expected", f"Expected {self.amount}", self.amount)
        rate_ref = self.rate.ref if self.rate else None
        return Priced(self.amount, rate_ref, tuple(self.trace), charge.ref)

    def _cap(self):
        percent = _cap_percent(self.rate, self.contract)
        if percent is None:
            return
        limit = _round(self.charge.amount * percent / HUNDRED, self.contract.digits)
        if limit < self.amount:
            text = f"Not more than {_plain(percent)} % of charge {self.charge.amount}"
            facts = _figures("cap", charge=self.charge.amount, percent=percent)
            self.set("cap", limit, text, facts)


# ----------------------------------------------------------------------
# Rules over several lines
# ----------------------------------------------------------------------
def _apply_case_rate(works, contract):
    """One case rate covers every valid line that is not carved out.

    Of several, the highest amount wins, then the more specific rate. It is spread
    over the covered lines in proportion to their charges, to the cent.
    """
    triggers = [w for w in works if w.rate and w.rate.method == "case_rate"]
    if not triggers:
        return
    winner = max(triggers, key=_case_rank)
    rate = winner.rate
    covered = [
        work
        for work in works
        if work.reason in (None, "no_rate")
        and not (work.rate and work.rate.carve_out and work not in triggers)
    ]
    # Where a line stands decides nothing, not even who gets the odd cent.
    covered.sort(key=lambda work: (work is not winner, work.charge.order_key))
    total = sum((work.charge.amount for work in covered), Decimal(0))
    amount = _round(rate.amount, contract.digits)
    words = f"Case rate {amount} of code {winner.charge.code}"
    figures = {"rate": rate.amount, "total": total}
    percent = _cap_percent(rate, contract)
    if percent is not None:
        figures["percent"] = percent
        limit = _round(total * percent / HUNDRED, contract.digits)
        if limit < amount:
            words += f", not more than {_plain(percent)} % of charges {total}"
            amount = limit
    shares = _spread(amount, [work.charge.amount for work in covered], contract.digits)
    for work, (share, cents) in zip(covered, shares, strict=True):
        if not total:
            share, cents = (amount if work is winner else Decimal(0)), 0
            figures["whole"] = work is winner
        share = _round(share, contract.digits)
        facts = _figures("share", **figures, charge=work.charge.amount, cents=cents)
        work.settle(share, rate, f"{words}: share of this line {share}", facts)


def _case_rank(work):
    """The highest amount, then the more specific rate; equal lines are equal."""
    key = work.charge.order_key
    return (work.rate.amount, work.rate.specificity, key)


def _reduce_multiple_procedures(works, contract):
    """Rank the subject lines of a day by full price; the lower ones are reduced.

    A line counts once whatever its units. Ties go by what the lines say, never by
    where they stand, so that equal lines are interchangeable.
    """
    percents = contract.multiple_procedure_percents
    if not percents:
        return
    by_day = {}
    for work in works:
        if work.rate and work.rate.multiple_procedure and not work.settled:
            by_day.setdefault(work.charge.service_date, []).append(work)
    for lines in by_day.values():
        if len(lines) < 2:
            continue
        lines.sort(key=_procedure_rank)
        for position, work in enumerate(lines):
            percent = percents[min(position, len(percents) - 1)]
            if percent != HUNDRED:
                text = f"Procedure {position + 1} of the day at {_plain(percent)} %"
                facts = _figures("reduce", percent=percent)
                work.set("multiple", work.amount * percent / HUNDRED, text, facts)


def _procedure_rank(work):
    return (-work.amount, work.charge.order_key)


# ----------------------------------------------------------------------
# Helpers
# ----------------------------------------------------------------------
def _refusal(charge, contract):
    if charge.units <= 0 or charge.amount < 0 or not charge.code:
        return "charge_invalid"
    if not is_effective(contract, charge.service_date):
        return "contract_not_effective"
    if contract.facilities and charge.facility not in contract.facilities:
        return "facility_not_covered"
    return None


def _refusal_text(reason, charge):
    return {
        "charge_invalid": "The charge has no code, no units or a negative amount",
        "contract_not_effective": f"Not in effect on {charge.service_date}",
        "facility_not_covered": "The contract does not cover this facility",
        "no_rate": f"No rate fits code {charge.code} on {charge.service_date}",
    }[reason]


def _contract_step(contract):
    network = "" if contract.network == "in_network" else ", out-of-network terms"
    start = contract.date_from or "the beginning"
    end = contract.date_to or "further notice"
    return TraceStep(
        "contract",
        f"Contract {contract.name}{network}, from {start} until {end}",
        facts={"digits": contract.digits},
    )


def _rate_text(rate, others):
    text = f"Rate for {criteria_text(rate)}: {value_text(rate)}"
    if others:
        text += f" (more specific than {others} other)"
    return text


def criteria_text(rate):
    """Which services ``rate`` is for, in words."""
    criteria = []
    if rate.code:
        codes = f"{rate.code}–{rate.code_to}" if rate.code_to else rate.code
        criteria.append(f"code {codes}")
    if rate.modifiers:
        criteria.append(f"modifier {', '.join(rate.modifiers)}")
    if rate.facility is not None:
        criteria.append("this facility")
    if rate.place_of_service:
        criteria.append(f"place of service {rate.place_of_service}")
    if rate.revenue_code:
        criteria.append(f"revenue code {rate.revenue_code}")
    return "; ".join(criteria) or "any service"


def value_text(rate):
    """What ``rate`` is worth, in words."""
    return METHOD_WORDS[rate.method].format(
        amount=_plain(rate.amount), percent=_plain(rate.percent)
    )


def _method_amount(rate, charge):
    """Return the full amount by the rate's method, its sum in words and figures."""
    if rate.method == "fixed":
        return rate.amount, "Fixed fee", _figures("fixed", rate=rate.amount)
    if rate.method == "percent_of_charge":
        return _percent_amount(charge, rate.percent)
    if rate.method == "per_unit":
        return _times(rate.amount, charge.units, "unit")
    if rate.method == "per_diem":
        days = charge.units if charge.days is None else charge.days
        return _times(rate.amount, days, "day")
    raise ValueError(f"unknown pricing method {rate.method!r}")


def _percent_amount(charge, percent):
    return (
        charge.amount * percent / HUNDRED,
        f"{_plain(percent)} % of {charge.amount}",
        _figures("percent", charge=charge.amount, percent=percent),
    )


def _times(rate, number, word):
    text = f"{_plain(rate)} × {_plain(number)} {word}{'' if number == 1 else 's'}"
    return rate * number, text, _figures("times", rate=rate, number=number)


def _figures(operation, **figures):
    """The figures of one step as JSON-able data for ``pricing_replay``."""
    return {
        "op": operation,
        **{
            name: str(value) if isinstance(value, Decimal) else value
            for name, value in figures.items()
        },
    }


def _cap_percent(rate, contract):
    if rate and rate.charge_cap_percent is not None:
        return rate.charge_cap_percent
    return contract.charge_cap_percent


def _spread(amount, weights, digits):
    """Share ``amount`` by ``weights`` into pairs (share, odd cents in it).

    Rounded down first; the cents left go to the largest remainders, ties to the
    larger weight and then to the earlier place. The shares add up exactly.
    """
    total = sum(weights, Decimal(0))
    if not total:
        return [(Decimal(0), 0)] * len(weights)
    unit = Decimal(1).scaleb(-digits)
    exact = [amount * weight / total for weight in weights]
    shares = [value.quantize(unit, ROUND_DOWN) for value in exact]
    left = int((amount - sum(shares)) / unit)
    order = sorted(
        range(len(weights)),
        key=lambda i: (shares[i] - exact[i], -weights[i], i),
    )
    lucky = set(order[:left])
    return [
        (share + unit, 1) if i in lucky else (share, 0)
        for i, share in enumerate(shares)
    ]


def _round(value, digits):
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _plain(value):
    """A number for people: no exponent, no needless zeros behind whole cents."""
    if value == value.to_integral_value():
        return f"{value:.0f}"
    text = f"{value.normalize():f}"
    whole, _dot, places = text.partition(".")
    return f"{whole}.{places.ljust(2, '0')}"
