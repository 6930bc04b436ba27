"""Synthetic encounters of a clinic."""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from . import world
from .knobs import Knobs

ZERO = Decimal(0)
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """One charge of an encounter; ``amount`` is the gross of the whole line."""

    external_id: str
    code: str
    units: int
    amount: Decimal
    modifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A charge that comes late (``replaces`` nothing) or in the place of another."""

    charge: ChargeLine
    replaces: str | None = None
    recoded: bool = False


@dataclass(frozen=True, slots=True)
class Encounter:
    """An encounter as the source system knows it; ``kind`` says what it shows.

    ``payers`` stand in the order in which they pay; the source may name them
    otherwise (``told_payers``). ``twin_of`` is the encounter of the same person under
    another account. ``changes`` come after the encounter itself.
    """

    number: str
    facility: str
    service_date: date
    patient: int
    payers: tuple[str, ...]
    charges: tuple[ChargeLine, ...]
    diagnoses: tuple[str, ...]
    authorization: str | None = None
    kind: str = "clean"
    told_payers: tuple[str, ...] = ()
    twin_of: "Encounter | None" = None
    changes: tuple[Change, ...] = ()
    package: Decimal = Decimal(0)
    client: str | None = None
    signed_off: bool = True

    @property
    def self_pay(self) -> bool:
        return not self.payers

    @property
    def total(self) -> Decimal:
        return sum((charge.amount for charge in self.charges), Decimal(0))

    @property
    def charges_billed(self) -> tuple[ChargeLine, ...]:
        """The charges of the first claim: a coder's word comes before it."""
        return self.due_charges if self.kind == "coded_later" else self.charges

    @property
    def due_charges(self) -> tuple[ChargeLine, ...]:
        """The charges that count after every change."""
        gone = {change.replaces for change in self.changes}
        kept = tuple(item for item in self.charges if item.external_id not in gone)
        return kept + tuple(change.charge for change in self.changes)

    @property
    def tax(self) -> Decimal:
        """What the guarantor is taxed beside what is due; a payer never is."""
        taxed = (item.amount for item in self.due_charges if item.code == world.TAXED)
        if not self.self_pay:
            return ZERO
        return sum(
            (
                (amount * world.TAX_PERCENT / 100).quantize(CENT, ROUND_HALF_UP)
                for amount in taxed
            ),
            ZERO,
        )

    @property
    def due(self) -> Decimal:
        """What is asked for in the end, a package that was sold included."""
        return self.package + sum((item.amount for item in self.due_charges), ZERO)


def _modifiers(code: str, codes: list[str]) -> tuple[str, ...]:
    """A visit beside a procedure carries 25; everything else goes plain."""
    return ("25",) if code in world.VISIT_CODES and "20610" in codes else ()


def _charges(rng: random.Random, number: str, kind: str) -> tuple[ChargeLine, ...]:
    codes = [rng.choice(world.VISIT_CODES)]
    codes += rng.sample(world.EXTRA_CODES, rng.randint(0, 4))
    units = 1
    if kind == "large":
        codes, units = ["99285", *codes[1:]], 6
    if kind in ("missing_authorization", "authorized"):
        codes.append("20610")
    return tuple(
        ChargeLine(
            f"{number}-{position}",
            code,
            units if code == "99285" else 1,
            world.SERVICES[code].charge * (units if code == "99285" else 1),
            _modifiers(code, codes),
        )
        for position, code in enumerate(codes, start=1)
    )


def _kinds(knobs: Knobs) -> list[str]:
    special = (
        ["large"] * knobs.large_claims
        + ["missing_diagnosis"] * knobs.missing_diagnosis
        + ["missing_authorization"] * knobs.missing_authorization
    )
    return special + ["clean"] * max(0, knobs.encounters - len(special))


def _payers(rng: random.Random, knobs: Knobs, kind: str) -> tuple[str, ...]:
    if kind == "clean" and rng.random() < knobs.self_pay_rate:
        return ()
    names, weights = zip(*knobs.payer_weights.items(), strict=True)
    primary = rng.choices(names, weights)[0]
    if primary == "MEDICARE" and rng.random() < knobs.secondary_rate:
        return (primary, "STATEAID")
    return (primary,)


def make_encounters(knobs: Knobs, today: date) -> list[Encounter]:
    """Encounters of the ``knobs.days`` days before ``today``, oldest first."""
    rng = random.Random(f"clinic-{knobs.seed}")
    encounters = []
    for position, kind in enumerate(_kinds(knobs), start=1):
        number = f"E{knobs.seed:02d}{position:05d}"
        encounters.append(
            Encounter(
                number=number,
                facility=rng.choice(list(world.FACILITIES)),
                service_date=today - timedelta(days=rng.randint(1, knobs.days)),
                patient=position,
                payers=_payers(rng, knobs, kind),
                charges=_charges(rng, number, kind),
                diagnoses=()
                if kind == "missing_diagnosis"
                else tuple(rng.sample(world.DIAGNOSES, rng.randint(1, 3))),
                kind=kind,
            )
        )
    return sorted(encounters, key=lambda item: (item.service_date, item.number))
