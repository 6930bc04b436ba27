"""The clinic and payers that the simulator plays; the demo data holds the same."""

from dataclasses import dataclass
from decimal import Decimal

COMPANY_TAX_ID = "123456789"
PROVIDER_GROUP = "PG1"
RENDERING_NPI = "1679576722"
ATTENDING_NPI = "1234567893"
FACILITIES = {"MAIN": "1234567893", "NORTH": "1245319599"}


@dataclass(frozen=True, slots=True)
class PayerProfile:
    """How one payer adjudicates.

    ``coinsurance`` and ``sequestration`` are fractions; ``filing_indicator`` is
    CLP06 and ``trace_id`` is TRN03 (the payer's tax id with a leading 1).
    """

    code: str
    name: str
    trace_id: str
    filing_indicator: str
    coinsurance: Decimal
    sequestration: Decimal = Decimal(0)


PAYERS = {
    payer.code: payer
    for payer in (
        PayerProfile("ACME", "ACME HEALTH", "1512345678", "12", Decimal("0.20")),
        PayerProfile(
            "MEDICARE",
            "MEDICARE PART B",
            "1523456789",
            "MB",
            Decimal("0.20"),
            Decimal("0.02"),
        ),
        PayerProfile("STATEAID", "STATE AID", "1534567890", "MC", Decimal(0)),
        PayerProfile("UNITY", "UNITY MUTUAL", "1545678901", "CI", Decimal("0.10")),
    )
}
# Allows half of every charge; it has no fee schedule.
PERCENT_PAYER, PERCENT_ALLOWED = "UNITY", Decimal("0.50")


@dataclass(frozen=True, slots=True)
class Service:
    """A service the clinic performs: its charge and what each payer allows."""

    code: str
    charge: Decimal
    allowed: dict[str, Decimal]
    needs_authorization: bool = False


def _service(code: str, charge: str, *allowed: str, authorization: bool = False):
    scheduled = [code for code in PAYERS if code != PERCENT_PAYER]
    amounts = dict(zip(scheduled, map(Decimal, allowed), strict=True))
    # every charge is a whole number of dollars, so half of it is whole cents
    amounts[PERCENT_PAYER] = Decimal(charge) * PERCENT_ALLOWED
    return Service(code, Decimal(charge), amounts, authorization)


SERVICES = {
    service.code: service
    for service in (
        _service("99213", "150.00", "92.00", "78.50", "55.00"),
        _service("99214", "220.00", "131.00", "112.25", "80.00"),
        _service("99203", "240.00", "140.00", "109.10", "82.00"),
        _service("99285", "980.00", "540.00", "176.40", "150.00"),
        _service("80053", "60.00", "22.00", "10.56", "9.20"),
        _service("85025", "40.00", "16.00", "7.77", "7.00"),
        _service("83036", "45.00", "18.50", "9.71", "8.50"),
        _service("71046", "180.00", "95.00", "30.12", "27.00"),
        _service("93000", "90.00", "41.00", "14.80", "13.00"),
        _service("36415", "25.00", "8.00", "8.57", "3.00"),
        _service("90686", "55.00", "30.00", "20.14", "18.00"),
        _service("20610", "310.00", "170.00", "62.85", "55.00", authorization=True),
    )
}
# Asked of self-pay patients with a sales tax, which no payer is ever charged. Only the
# payer without a fee schedule prices it. Three units bear another tax than three times
# one unit: it is rounded once a line.
TAXED, TAX_NAME, TAX_PERCENT = "A9270", "Simulated sales tax", Decimal("7.25")
SERVICES[TAXED] = Service(
    TAXED, Decimal("133.00"), {PERCENT_PAYER: Decimal("133.00") * PERCENT_ALLOWED}
)
VISIT_CODES = ("99213", "99214", "99203")
EXTRA_CODES = ("80053", "85025", "83036", "71046", "93000", "36415", "90686")
DIAGNOSES = ("E119", "I10", "J069", "M545", "Z0000", "R519", "E785", "N390")
FAMILY_NAMES = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Hazel", "Juniper")
GIVEN_NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana", "Ivo", "Jo")

# What the clinic agreed with an ordering client: prices of some tests, a share of the
# charge for all others, and a fixed sum a month for keeping its collection room.
CLIENT = "LAKESIDE"
CLIENT_NAME = "Lakeside Family Practice"
CLIENT_PRICES = {"80053": Decimal("14.00"), "85025": Decimal("9.50")}
CLIENT_PERCENT = Decimal(60)
CONTRACT_SERVICE, CONTRACT_PRICE, CONTRACT_MONTHS = "36415", Decimal("412.35"), 2
# A check-up sold at one price: three tests that cost 145.00 one by one.
PACKAGE, PACKAGE_PRICE = "CHECKUP", Decimal("99.99")
PACKAGE_CODES = ("80053", "83036", "85025")
REVENUE_CODES = {"99285": "0450", "80053": "0301", "71046": "0324"}
