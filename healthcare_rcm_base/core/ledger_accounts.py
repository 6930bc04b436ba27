"""Which accounts and journals the revenue cycle posts to: one purpose each.

A purpose is the role an account plays in the entries, never its code: companies map
purposes to accounts they have already or let the set-up make them.
"""

from typing import NamedTuple


class Purpose(NamedTuple):
    """What an account must be to serve a purpose."""

    key: str
    name: str
    account_type: str
    reconcile: bool
    code: str


class JournalPurpose(NamedTuple):
    """What a journal must be to serve a purpose."""

    key: str
    name: str
    journal_type: str
    code: str
    hashed: bool


# Codes are starting points of six digits in the usual order of a US chart; a company
# with longer or shorter codes gets them padded or cut to its own length.
PURPOSES = {
    purpose.key: purpose
    for purpose in (
        Purpose(
            "receivable_payer",
            "Receivables from payers",
            "asset_receivable",
            True,
            "121200",
        ),
        Purpose(
            "receivable_patient",
            "Receivables from patients",
            "asset_receivable",
            True,
            "121300",
        ),
        Purpose(
            "receivable_client",
            "Receivables from ordering clients",
            "asset_receivable",
            True,
            "121350",
        ),
        Purpose(
            "unbilled_ar", "Unbilled receivables", "asset_current", False, "121400"
        ),
        Purpose(
            "patient_unbilled",
            "Patient responsibility, unbilled",
            "asset_current",
            True,
            "121500",
        ),
        Purpose("reserve", "Contractual reserve", "asset_current", True, "121600"),
        Purpose(
            "concession_reserve", "Concession reserve", "asset_current", True, "121700"
        ),
        Purpose(
            "withhold_receivable",
            "Withhold receivable",
            "asset_current",
            True,
            "121800",
        ),
        Purpose(
            "unidentified_recoveries",
            "Unidentified payer recoveries",
            "asset_current",
            True,
            "121900",
        ),
        Purpose("clearing", "EFT and ERA clearing", "asset_current", True, "101810"),
        Purpose("gateway", "Payment gateway clearing", "asset_current", True, "101820"),
        Purpose("withheld_tax", "Withheld tax", "asset_current", False, "131500"),
        Purpose(
            "unapplied_payer_cash",
            "Unapplied payer cash",
            "liability_current",
            True,
            "212000",
        ),
        Purpose(
            "unidentified_cash",
            "Unidentified cash",
            "liability_current",
            True,
            "212100",
        ),
        Purpose(
            "payer_overpayment",
            "Payer overpayments and forward balances",
            "liability_current",
            True,
            "212200",
        ),
        Purpose(
            "payer_advances", "Payer advances", "liability_current", True, "212300"
        ),
        Purpose(
            "patient_credits",
            "Patient credits and deposits",
            "liability_current",
            True,
            "212400",
        ),
        Purpose(
            "refunds_payable", "Refunds payable", "liability_current", True, "212500"
        ),
        Purpose(
            "unclaimed_property",
            "Unclaimed property",
            "liability_current",
            False,
            "212600",
        ),
        Purpose("levies", "Levied liabilities", "liability_current", False, "212700"),
        Purpose(
            "contract_liability",
            "Capitation received in advance",
            "liability_current",
            False,
            "212800",
        ),
        Purpose("revenue", "Gross service revenue", "income", False, "410000"),
        Purpose("contractual", "Contractual adjustments", "income", False, "411000"),
        Purpose("sequestration", "Sequestration", "income", False, "411100"),
        Purpose("concession", "Implicit price concessions", "income", False, "411200"),
        Purpose("denial_writeoff", "Denial write-offs", "income", False, "411300"),
        Purpose(
            "administrative_writeoff",
            "Administrative write-offs",
            "income",
            False,
            "411400",
        ),
        Purpose(
            "small_balance_writeoff",
            "Small-balance write-offs",
            "income",
            False,
            "411500",
        ),
        Purpose("charity", "Charity care", "income", False, "411600"),
        Purpose("capitation_income", "Capitation income", "income", False, "412000"),
        Purpose("incentive_income", "Incentive income", "income", False, "412100"),
        Purpose("recoveries", "Bad-debt recoveries", "income_other", False, "451000"),
        Purpose(
            "interest_income",
            "Interest income from payers",
            "income_other",
            False,
            "451100",
        ),
        Purpose(
            "interest_expense", "Interest paid to payers", "expense", False, "651000"
        ),
        Purpose("merchant_fee", "Merchant fees", "expense", False, "651100"),
        Purpose("agency_commission", "Agency commission", "expense", False, "651200"),
        Purpose("bad_debt", "Bad-debt expense", "expense", False, "651300"),
    )
}

# Remittance entries are sealed by Odoo's own hash chain as they post.
JOURNALS = {
    journal.key: journal
    for journal in (
        JournalPurpose("claims", "Claims", "sale", "RCMC", False),
        JournalPurpose("patient", "Patient invoices", "sale", "RCMP", False),
        JournalPurpose("remittance", "Remittances", "general", "RCMR", True),
        JournalPurpose("adjustment", "Claim adjustments", "general", "RCMA", False),
    )
}


def first_code(purpose, digits):
    """The code to start from in a chart whose codes have ``digits`` digits."""
    return purpose.code[:digits].ljust(digits, "0")
