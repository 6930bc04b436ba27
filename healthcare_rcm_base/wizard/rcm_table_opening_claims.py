import base64
import hashlib

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import opening as rules
from ..core import table

STATES = (
    ("submitted", "Submitted"),
    ("accepted", "Accepted"),
    ("rejected", "Rejected"),
    ("adjudicated", "Adjudicated"),
)


def _amount(name, label, *, required=False, example="0.00"):
    return table.Column(name, label, "number", required=required, example=example)


COLUMNS = (
    table.Column(
        "control_number",
        "Control Number",
        "code",
        required=True,
        longest=20,
        aliases=("CLM01", "Claim Number"),
        example="A1000234",
    ),
    table.Column("line", "Line", "code", longest=30, example="A1000234001"),
    table.Column("facility", "Facility", "code", required=True, example="MAIN"),
    table.Column("payer", "Payer", "code", example="ACME"),
    table.Column("mrn", "Patient MRN", "text", aliases=("MRN",), example="M1001"),
    table.Column("account", "Patient Account", "text", example=""),
    table.Column(
        "service_date",
        "Service Date",
        "date",
        required=True,
        aliases=("Date of Service",),
        example="2026-01-31",
    ),
    table.Column(
        "submitted_date",
        "Sent",
        "date",
        aliases=("Submitted",),
        example="2026-02-03",
    ),
    table.Column("state", "Status", "choice", choices=STATES, example="Submitted"),
    table.Column(
        "payer_claim_number", "Payer Claim Number", "text", longest=50, example=""
    ),
    table.Column("code", "Code", "code", required=True, example="99213"),
    table.Column("modifiers", "Modifiers", "code", longest=11, example="25"),
    table.Column("units", "Units", "number", digits=3, example="1"),
    _amount("charge", "Charge", required=True, example="150.00"),
    _amount("paid", "Paid"),
    _amount("contractual", "Contractual"),
    _amount("patient", "Patient"),
    _amount("other", "Other Adjustments"),
    _amount("open", "Open", required=True, example="150.00"),
    _amount("patient_open", "Patient Open"),
    _amount("allowance", "Allowance", example="58.00"),
    # As the payer gave them: a reversal carries the same codes, negated.
    table.Column(
        "contractual_reason", "Contractual Reason", "code", longest=5, example="45"
    ),
    table.Column("patient_reason", "Patient Reason", "code", longest=5, example="2"),
    table.Column("denial_reason", "Denial Reason", "code", longest=5, example=""),
)


class RcmTableOpeningClaims(models.AbstractModel):
    """Open claims of an earlier system, one row a line, for one opening."""

    _name = "rcm.table.opening_claims"
    _inherit = "rcm.table.kind"
    _description = "Import File: Open Claims"

    _rcm_roles = ("finance_manager", "administrator")

    @api.model
    def _rcm_columns(self, wizard):
        return COLUMNS

    @api.model
    def _rcm_fault_words(self):
        return {
            "not_positive": (
                self.env._("A charge is above zero."),
                self.env._("Correct it, or leave the row out."),
            ),
            "not_adding_up": (
                self.env._("Charge less payments and adjustments is not what is open."),
                self.env._("It adds up to %s: correct the row."),
            ),
            "patient_open": (
                self.env._("The patient owes more than the patient's share."),
                self.env._("Use an amount from 0 to %s."),
            ),
            "allowance": (
                self.env._("More is not expected than is open."),
                self.env._("Use an amount from 0 to %s."),
            ),
            "after_opening": (
                self.env._("This is after the opening day."),
                self.env._("Use a day until %s, or another opening day."),
            ),
            "rows_differ": (
                self.env._("Rows of one claim say different things."),
                self.env._("Make it the same as in row %s."),
            ),
            "self_pay_share": (
                self.env._("A claim without payer has no patient share beside it."),
                self.env._("Name the payer, or put the amount into Open."),
            ),
            "nothing_open": (
                self.env._("Nothing is open on this claim."),
                self.env._("Leave it out: only open claims are taken over."),
            ),
            "number_taken": (
                self.env._("There is a claim with this control number."),
                self.env._("Leave it out, or undo the opening it came with."),
            ),
            "patient_missing": (
                self.env._("There is no patient with this record or account number."),
                self.env._("Import patients first, or correct the number."),
            ),
            "coverage_missing": (
                self.env._("The patient has no coverage of this payer on that day."),
                self.env._("Add the coverage to the patient account first."),
            ),
        }

    # ------------------------------------------------------------------
    # Plan
    # ------------------------------------------------------------------
    @api.model
    def _rcm_plan(self, wizard, sheet):
        opening = wizard._rcm_check_opening()
        # Identity is looked up by the numbers of the file, and shown to nobody.
        here = self.sudo().with_company(opening.company_id)
        claims, problems = rules.gather(sheet.records, opening.date)
        faults = [table.Fault(*problem) for problem in problems]
        facilities = here._rcm_by_code("rcm.facility", opening.company_id)
        payers = here._rcm_by_code("rcm.payer", opening.company_id)
        columns = {column.name: column for column in COLUMNS}
        faults += self._rcm_look_up(
            sheet, columns["facility"], facilities, self.env._("Facilities")
        )
        faults += self._rcm_look_up(
            sheet, columns["payer"], payers, self.env._("Payers")
        )
        known = [
            claim
            for claim in claims
            if claim.header["facility"] in facilities
            and (not claim.header["payer"] or claim.header["payer"] in payers)
        ]
        taken = set(
            here.env["rcm.claim"]
            .search([("name", "in", [claim.number for claim in claims])])
            .mapped("name")
        )
        patients = here._rcm_patients(known, facilities, opening.company_id)
        planned = []
        for claim in known:
            if claim.number in taken:
                faults.append(
                    table.Fault(
                        claim.row, "Control Number", claim.number, "number_taken"
                    )
                )
            patient = patients.get(claim.number)
            if not patient:
                faults.append(
                    table.Fault(claim.row, "Patient MRN", "", "patient_missing")
                )
                continue
            payer = payers.get(claim.header["payer"], here.env["rcm.payer"])
            coverages = here._rcm_coverages(claim, patient, payer)
            if payer and not coverages:
                faults.append(
                    table.Fault(claim.row, "Payer", payer.code, "coverage_missing")
                )
            planned.append(
                (
                    claim,
                    {
                        "facility": facilities[claim.header["facility"]],
                        "payer": payer,
                        "patient": patient,
                        "coverages": coverages,
                    },
                )
            )
        return planned, faults

    def _rcm_by_code(self, model, company):
        rows = self.env[model].search([("company_id", "=", company.id)])
        return {row.code.upper(): row for row in rows}

    def _rcm_patients(self, claims, facilities, company):
        """``{control number: patient}`` by account number, or MRN of the facility."""
        Patient = self.env["rcm.patient.account"].with_context(active_test=False)
        own = [("company_id", "=", company.id)]
        accounts = {claim.header["account"] for claim in claims} - {None, ""}
        mrns = {claim.header["mrn"] for claim in claims} - {None, ""}
        by_account = {
            patient.name: patient
            for patient in Patient.search([*own, ("name", "in", list(accounts))])
        }
        by_mrn = {}
        for patient in Patient.search([*own, ("mrn", "in", list(mrns))]):
            by_mrn[patient.facility_id.id, patient.mrn] = patient
        found = {}
        for claim in claims:
            mrn = claim.header["mrn"]
            place = facilities[claim.header["facility"]].id
            found[claim.number] = (
                by_account.get(claim.header["account"])
                or (mrn and (by_mrn.get((place, mrn)) or by_mrn.get((False, mrn))))
                or None
            )
        return found

    def _rcm_coverages(self, claim, patient, payer):
        """The payer's coverage first, then those that come after it."""
        if not payer:
            return self.env["rcm.coverage"]
        inforce = patient._rcm_coverages_on(claim.header["service_date"])
        own = inforce.filtered(lambda coverage: coverage.payer_id == payer)[:1]
        if not own:
            return own
        later = inforce.filtered(lambda coverage: coverage.sequence > own.sequence)
        return own | later

    # ------------------------------------------------------------------
    # Apply
    # ------------------------------------------------------------------
    @api.model
    def _rcm_apply(self, wizard, planned):
        opening = wizard._rcm_check_opening()
        digest = hashlib.sha256(base64.b64decode(wizard.file_content)).hexdigest()
        rows = sum(len(claim.lines) for claim, _who in planned)
        # Role and rows were checked; claims and entries are made by the system.
        opening.sudo()._rcm_take_over(planned, digest, rows)
        summary = self.env._(
            "%(claims)s claims with %(rows)s lines, %(total)s open.",
            claims=len(planned),
            rows=rows,
            total=f"{opening.imported_total:,.2f}",
        )
        action = {
            "type": "ir.actions.act_window",
            "res_model": "rcm.opening",
            "res_id": opening.id,
            "views": [(False, "form")],
            "target": "current",
        }
        return summary, action


class RcmTableImport(models.TransientModel):
    """Which opening a file of open claims belongs to."""

    _inherit = "rcm.table.import"

    opening_id = fields.Many2one("rcm.opening", readonly=True)

    @api.model
    def _selection_kind(self):
        return [
            *super()._selection_kind(),
            ("opening_claims", self.env._("Open claims")),
        ]

    def _rcm_check_opening(self):
        self.ensure_one()
        if not self.opening_id:
            raise UserError(self.env._("Start the import from an opening balance."))
        self.opening_id.check_access("write")
        self.opening_id._rcm_check_ready()
        return self.opening_id
