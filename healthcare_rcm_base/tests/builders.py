"""Small builders for tests: each makes one thing, with what it cannot do without.

Amounts are what a test states; names and numbers are synthetic and only unique.

    company = builders.company(env)
    claim = builders.claim(env, charge="1000", expected="400", patient_percent=20)
    claim._rcm_create_invoices()
"""

from datetime import date
from decimal import Decimal
from itertools import count

from odoo import Command, fields

from ..core.ledger_entries import EntryLine
from ..core.money import from_decimal

_numbers = count(1)

SERVICE_DATE = date(2026, 3, 2)
NPI = "1234567893"
DIAGNOSES = "E119,I10"


def number(prefix):
    """A fresh short number, e.g. ``PAY17``."""
    return f"{prefix}{next(_numbers)}"


def money(value):
    """The float Odoo stores for a Decimal or a text."""
    return from_decimal(Decimal(value))


def company(env, name="Test Clinic", chart="generic_coa"):
    """A US company with chart, accounts and journals; the test's user works there."""
    made = env["res.company"].create(
        {
            "name": name,
            "country_id": env.ref("base.us").id,
            "currency_id": env.ref("base.USD").id,
        }
    )
    env["account.chart.template"].try_loading(chart, company=made, install_demo=False)
    missing = made._rcm_ensure_accounting()
    assert not missing, missing
    env.user.company_ids = [Command.link(made.id)]
    return made


def facility(env, company=None, **values):
    """A facility with its analytic account."""
    company = company or env.company
    code = values.pop("code", None) or number("FAC")
    return env["rcm.facility"].create(
        {
            "name": f"Facility {code}",
            "code": code,
            "npi": NPI,
            "company_id": company.id,
            **values,
        }
    )


def billing_address(env):
    """A complete address to bill from."""
    return env["res.partner"].create(
        {
            "name": "Billing Office",
            "is_company": True,
            "street": "1 Sample Street",
            "city": "Springfield",
            "state_id": env.ref("base.state_us_14").id,
            "zip": "627010001",
        }
    )


def provider_group(env, company=None, **values):
    """A provider group that bills for its providers."""
    company = company or env.company
    code = values.pop("code", None) or number("GRP")
    return env["rcm.provider.group"].create(
        {
            "name": f"Group {code}",
            "code": code,
            "npi": NPI,
            "company_id": company.id,
            "billing_partner_id": billing_address(env).id,
            **values,
        }
    )


def payer(env, company=None, **values):
    """A commercial payer with its contact."""
    company = company or env.company
    code = values.pop("code", None) or number("PAY")
    return env["rcm.payer"].create(
        {
            "name": f"Payer {code}",
            "code": code,
            "payer_identifier": f"1{next(_numbers):09d}",
            "company_id": company.id,
            **values,
        }
    )


def service_code(env, code="99213", **values):
    """A service code shared by all companies, found again when it exists."""
    found = env["rcm.service.code"].search([("code", "=", code)], limit=1)
    return found or env["rcm.service.code"].create(
        {"code": code, "name": f"Service {code}", "standard_charge": 150.0, **values}
    )


def contract(
    env,
    payer,
    percent=40,
    patient_percent=0,
    concession_percent=0,
    sequestration_percent=0,
    **values,
):
    """A contract in effect that allows ``percent`` of the charge."""
    made = env["rcm.payer.contract"].create(
        {
            "name": f"Contract {payer.code}",
            "payer_id": payer.id,
            "company_id": payer.company_id.id,
            "date_from": "2020-01-01",
            "default_method": "percent_of_charge",
            "default_percent": float(percent),
            "expected_patient_percent": float(patient_percent),
            "concession_percent": float(concession_percent),
            "sequestration_percent": float(sequestration_percent),
            **values,
        }
    )
    made.action_activate() if made.state == "draft" else None
    return made


def invoice_rule(env, rule, company=None, **values):
    """A rule that says when, and to whom, claims are invoiced."""
    company = company or env.company
    return env["rcm.invoice.rule"].create(
        {"company_id": company.id, "rule": rule, **values}
    )


def patient(env, facility, **values):
    """A patient account with a guarantor of its own."""
    account = values.pop("name", None) or number("PA")
    guarantor = env["res.partner"].create(
        {
            "name": f"G{account}",
            "rcm_is_guarantor": True,
            "rcm_account_number": f"G{account}",
            "company_id": facility.company_id.id,
        }
    )
    return env["rcm.patient.account"].create(
        {
            "name": account,
            "mrn": f"M{account}",
            "first_name": "Test",
            "last_name": f"Patient {account}",
            "birth_date": "1980-01-01",
            "facility_id": facility.id,
            "company_id": facility.company_id.id,
            "guarantor_id": guarantor.id,
            **values,
        }
    )


def coverage(env, patient, payer, sequence=1, **values):
    """A coverage of ``patient`` by ``payer``."""
    return env["rcm.coverage"].create(
        {
            "patient_id": patient.id,
            "payer_id": payer.id,
            "sequence": sequence,
            "member_id": number("MEM"),
            "date_from": "2020-01-01",
            **values,
        }
    )


def encounter(env, charges, payers=(), facility=None, company=None, **values):
    """A registered encounter with one charge for each amount in ``charges``.

    ``payers`` in the order they pay; none means self-pay.
    """
    facility = facility or _facility_of(env, company or env.company)
    person = values.pop("patient", None) or patient(env, facility)
    group = values.pop("provider_group", None) or provider_group(
        env, facility.company_id
    )
    day = values.pop("service_date", SERVICE_DATE)
    coverages = [
        coverage(env, person, one, sequence=place)
        for place, one in enumerate(payers, start=1)
    ]
    made = env["rcm.encounter"].create(
        {
            "number": number("E"),
            "company_id": facility.company_id.id,
            "facility_id": facility.id,
            "provider_group_id": group.id,
            "patient_id": person.id,
            "guarantor_id": person.guarantor_id.id,
            "coverage_ids": [Command.set([one.id for one in coverages])],
            "self_pay": not payers,
            "service_date": day,
            "place_of_service": "11",
            "diagnosis_codes": DIAGNOSES,
            "rendering_npi": NPI,
            **values,
        }
    )
    code = service_code(env)
    env["rcm.charge"].create(
        [
            {
                "encounter_id": made.id,
                "external_ref": f"C{place}",
                "service_code_id": code.id,
                "code": code.code,
                "modifiers": "25" if place == 1 else "59" if place == 2 else False,
                "units": 1.0,
                "amount": money(amount),
                "service_date": day,
                "place_of_service": "11",
                "diagnosis_pointers": "1",
            }
            for place, amount in enumerate(charges, start=1)
        ]
    )
    return made


def claims_of(encounters):
    """Build, validate and clear the claims of ``encounters``; return them cleared."""
    for state in ("completed", "coded", "ready"):
        encounters._rcm_set_state(state)
    claims = encounters._rcm_build_claims()
    claims._rcm_validate()
    claims._rcm_clear()
    stuck = claims.filtered(lambda one: one.state != "cleared")
    assert not stuck, [
        (one.name, one.state, one.rcm_case_ids.mapped("message")) for one in stuck[:3]
    ]
    return claims


def claim(
    env,
    charge="1000",
    expected="400",
    patient_percent=0,
    concession_percent=0,
    sequestration_percent=0,
    self_pay=False,
    payers=None,
    lines=None,
    **values,
):
    """A cleared claim of one charge (or of ``lines``), priced by a contract of its own.

    ``expected`` is what payer and patient together shall allow; the percentages are
    those of the contract. ``payers`` gives the payers instead; the first one's
    contract is then the test's.
    """
    target = values.pop("company", None) or env.company
    if self_pay:
        target.rcm_self_pay_concession_percent = float(concession_percent)
        payers = ()
    elif payers is None:
        one = payer(env, target)
        contract(
            env,
            one,
            percent=Decimal(expected) * 100 / Decimal(charge),
            patient_percent=patient_percent,
            concession_percent=concession_percent,
            sequestration_percent=sequestration_percent,
        )
        payers = (one,)
    made = encounter(env, lines or [charge], payers, company=target, **values)
    return claims_of(made)


def invoiced_claim(env, **values):
    """A claim as ``claim`` makes it, with its invoice posted."""
    made = claim(env, **values)
    made._rcm_create_invoices()
    assert made.invoice_state == "posted", made.rcm_case_ids.mapped("message")
    return made


def entry_line(purpose, amount):
    """One line of an entry by purpose."""
    return EntryLine(purpose, amount)


def today(env):
    """The day entries made now are dated."""
    return fields.Date.context_today(env.user)


def _facility_of(env, company):
    """The company's first facility, made when there is none."""
    found = env["rcm.facility"].search([("company_id", "=", company.id)], limit=1)
    return found or facility(env, company)


def tax(company, amount, **values):
    """A sales tax of ``company`` that is owed on an account of its own books."""
    env = company.env
    made = env["account.tax"].create(
        {
            "name": f"Tax {amount} {values.get('price_include_override', '')}",
            "amount": amount,
            "type_tax_use": "sale",
            "company_id": company.id,
            **values,
        }
    )
    owed = env["account.account"].search(
        [
            ("account_type", "=", "liability_current"),
            ("company_ids", "in", company.ids),
            ("id", "not in", company.rcm_account_mapping_ids.account_id.ids),
        ],
        limit=1,
    )
    lines = made.invoice_repartition_line_ids | made.refund_repartition_line_ids
    lines.filtered(lambda one: one.repartition_type == "tax").account_id = owed
    return made
