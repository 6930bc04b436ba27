from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

from odoo.addons.healthcare_rcm_base.core import states
from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..x12 import paper
from ..x12.model import Transaction
from ..x12.reader import read_835
from .rcm_deposit_batch import POSTERS
from .rcm_remittance_claim import CLAIM_STATUSES

MACHINE = "paper_eob"
states.register(
    MACHINE, {"draft": ("entered", "cancelled"), "entered": (), "cancelled": ("draft",)}
)
SOURCE = "paper"
KEYED = frozenset(
    {
        "payer_id",
        "facility_id",
        "method",
        "trace",
        "payment_date",
        "amount",
        "claim_ids",
    }
)


class RcmPaperEob(models.Model):
    """A paper explanation of benefits, keyed by a person.

    It stays a draft until it balances to the cent. Entering writes it as an 835 and
    receives that like any other: the same reading, duplicates, plan and posting.
    """

    _name = "rcm.paper.eob"
    _inherit = "rcm.document.mixin"
    _description = "Paper Explanation of Benefits"
    _order = "id desc"
    _rec_name = "trace"
    _check_company_auto = True
    _rcm_state_machine = MACHINE
    _rcm_protected = ("company_id", "remittance_id", "entered_by_id", "entered_at")
    _rcm_audit_fields = ("payer_id", "method", "trace", "payment_date", "amount")
    _rcm_reprocess_roles = POSTERS

    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    payer_id = fields.Many2one(
        "rcm.payer", required=True, check_company=True, index=True
    )
    facility_id = fields.Many2one(
        "rcm.facility",
        check_company=True,
        index="btree_not_null",
        help="Whom the paper names as paid, where that is one facility.",
    )
    method = fields.Selection(
        [("CHK", "Cheque"), ("ACH", "Transfer")], required=True, default="CHK"
    )
    trace = fields.Char(
        string="Cheque or Trace Number",
        required=True,
        index=True,
        help="As on the cheque; the deposit finds the remittance by it. For paper "
        "without a payment the number of the letter.",
    )
    payment_date = fields.Date(required=True, default=fields.Date.context_today)
    amount = fields.Monetary(string="Payment", help="0 for paper without a payment.")
    claim_ids = fields.One2many("rcm.paper.eob.claim", "eob_id", string="Claims")
    claim_total = fields.Monetary(compute="_compute_claim_total", store=True)
    difference = fields.Monetary(
        compute="_compute_claim_total",
        store=True,
        help="Payment less what the claims say was paid.",
    )
    balance_html = fields.Html(compute="_compute_balance_html", sanitize=False)
    remittance_id = fields.Many2one(
        "rcm.remittance", readonly=True, copy=False, index="btree_not_null"
    )
    entered_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    entered_at = fields.Datetime(readonly=True, copy=False)
    state = fields.Selection(
        [("draft", "Draft"), ("entered", "Entered"), ("cancelled", "Cancelled")],
        string="Status",
        default="draft",
        required=True,
        readonly=True,
        index=True,
    )

    _amount_positive = models.Constraint(
        "CHECK(amount >= 0)", "A payment cannot be negative."
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("amount", "claim_ids.paid")
    def _compute_claim_total(self):
        for eob in self:
            currency = eob.currency_id or eob.env.company.currency_id
            eob.claim_total = currency.round(sum(eob.claim_ids.mapped("paid")))
            eob.difference = currency.round(eob.amount - eob.claim_total)

    @api.depends(
        "amount",
        "claim_ids.status",
        "claim_ids.charge",
        "claim_ids.paid",
        "claim_ids.adjustments",
        "claim_ids.line_ids.charge",
        "claim_ids.line_ids.paid",
        "claim_ids.line_ids.adjustments",
    )
    def _compute_balance_html(self):
        for eob in self:
            currency = eob.currency_id or eob.env.company.currency_id
            eob.balance_html = self.env["ir.qweb"]._render(
                "healthcare_rcm_remittance.rcm_paper_eob_balance",
                {
                    "claims": format_amount(self.env, eob.claim_total, currency),
                    "payment": format_amount(self.env, eob.amount, currency),
                    "difference": format_amount(self.env, eob.difference, currency),
                    "faults": eob._rcm_faults(),
                },
            )

    # ------------------------------------------------------------------
    # What is wrong with it
    # ------------------------------------------------------------------
    def _rcm_faults(self):
        """Sentences that say why it cannot be entered yet; empty when it can."""
        self.ensure_one()
        faults = []
        if not self.claim_ids:
            faults.append(self.env._("It has no claim yet."))
        if not self.payer_id or not self.trace or not self.payment_date:
            faults.append(self.env._("Say who paid, with which number and when."))
        if paper.unwritable(self.trace):
            faults.append(self.env._("The cheque number holds a character like * ~ :"))
        for claim in self.claim_ids:
            faults += claim._rcm_faults()
        return faults or self._rcm_reader_faults()

    def _rcm_reader_faults(self):
        """What the reader of 835s finds: every balance, to the cent."""
        remittance = self.env["rcm.remittance"]
        faults = []
        for finding in self._rcm_transaction().findings:
            if finding.severity != "error":
                continue
            text = str(remittance._rcm_finding_text(finding.code)).rstrip(".")
            if finding.code == "transaction_out_of_balance":
                text = self.env._("The payment is not what its claims were paid")
            if finding.expected is not None or finding.actual is not None:
                text = self.env._(
                    "%(text)s: expected %(expected)s, found %(actual)s",
                    text=text,
                    expected=finding.expected or "–",
                    actual=finding.actual or "–",
                )
            place = f" ({finding.location})" if finding.location else ""
            faults.append(f"{text}{place}")
        return faults

    # ------------------------------------------------------------------
    # The values
    # ------------------------------------------------------------------
    def _rcm_transaction(self) -> Transaction:
        """This paper as the pure value that settlement works with."""
        self.ensure_one()
        return next(
            item
            for item in read_835(paper.write(self._rcm_payment()))
            if isinstance(item, Transaction)
        )

    def _rcm_payment(self) -> paper.PaperPayment:
        qualifier, identifier = self._rcm_payee()
        return paper.PaperPayment(
            amount=to_decimal(self.amount),
            method=self.method or "CHK",
            day=self.payment_date,
            trace=(self.trace or "").strip(),
            payer_name=_written(self.payer_id.name),
            payer_id=_written(self._rcm_payer_trace_id()),
            payee_name=_written(self.company_id.name),
            payee_qualifier=qualifier,
            payee_id=identifier,
            control=self._origin.id or 1,
            claims=tuple(claim._rcm_value() for claim in self.claim_ids),
        )

    def _rcm_latest(self):
        """The payer's latest file: it shows how the payer names itself and us."""
        return self.env["rcm.remittance"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("payer_id", "=", self.payer_id.id),
                ("payer_trace_id", "!=", False),
            ],
            limit=1,
        )

    def _rcm_payer_trace_id(self):
        """TRN03 as in this payer's files: paper and file are one payment."""
        return self._rcm_latest().payer_trace_id or self.payer_id.payer_identifier or ""

    def _rcm_payee(self):
        """(qualifier, identifier) of whom the paper pays: one of ours."""
        company = self.company_id.sudo()  # its identifiers are no secret of a branch
        facility = self.facility_id
        for qualifier, value in (
            ("XX", facility.npi),
            ("FI", facility.tax_id),
            ("FI", company.rcm_tax_id),
            ("XX", company.rcm_npi),
        ):
            if value:
                return qualifier, _written(value)
        return "FI", ""

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    def write(self, vals):
        if KEYED.intersection(vals):
            self._rcm_check_draft()
        return super().write(vals)

    def _rcm_check_draft(self):
        if any(eob.state != "draft" for eob in self):
            raise UserError(
                self.env._(
                    "What was entered is not changed any more. Unpost its remittance "
                    "and key it again."
                )
            )

    def _rcm_case_amount(self):
        return self.amount

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_enter(self):
        """Take the paper in as a remittance and do all that can be done with it."""
        self.ensure_one()
        self.env.user._rcm_require(*POSTERS)
        self.check_access("write")
        self._rcm_check_draft()
        faults = self._rcm_faults()
        if faults:
            raise UserError("\n".join(faults))
        self._rcm_check_twin()
        remittance = self._rcm_receive()
        self._rcm_set_state(
            "entered",
            remittance_id=remittance.id,
            entered_by_id=self.env.uid,
            entered_at=fields.Datetime.now(),
        )
        return self.action_remittance()

    def _rcm_receive(self):
        """Through the door every file comes through; returns the remittance."""
        file = self.env["rcm.remittance.file"]._rcm_receive(
            paper.write(self._rcm_payment()),
            f"paper-{self.trace}.835",
            SOURCE,
            correlation_id=self.correlation_id,
            company=self.company_id,
        )
        file = file.sudo()  # the role was checked; reading writes remittances
        file._rcm_read()
        remittance = file.remittance_ids
        if len(remittance) != 1 or remittance.state in ("rejected", "duplicate"):
            raise UserError(
                self.env._(
                    "It was not taken in: %(why)s",
                    why=remittance.rcm_case_ids[:1].message
                    or remittance.duplicate_of_id.display_name
                    or file.display_name,
                )
            )
        if not remittance.payer_id:
            remittance._rcm_write({"payer_id": self.payer_id.id})
        remittance._rcm_process()
        return remittance.with_env(self.env)

    def _rcm_check_twin(self):
        """The same cheque of the same payer is entered once, on paper or as a file."""
        twin = self.env["rcm.remittance"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("payer_id", "=", self.payer_id.id),
                ("trace", "=", self.trace.strip()),
                ("amount", "=", self.amount),
                ("state", "not in", ("rejected", "duplicate", "unposted")),
            ],
            limit=1,
        )
        if twin:
            raise UserError(
                self.env._("This payment is here already: %s", twin.display_name)
            )

    def action_cancel(self):
        """Give the draft up."""
        self.env.user._rcm_require(*POSTERS)
        self.check_access("write")
        self._rcm_set_state("cancelled")

    def action_draft(self):
        """Take a cancelled draft up again."""
        self.env.user._rcm_require(*POSTERS)
        self.check_access("write")
        self._rcm_set_state("draft")

    def action_remittance(self):
        """Show the remittance it became."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "rcm.remittance",
            "res_id": self.remittance_id.id,
            "view_mode": "form",
        }


class RcmPaperEobClaim(models.Model):
    """One claim of the paper."""

    _name = "rcm.paper.eob.claim"
    _inherit = "rcm.audit.mixin"
    _description = "Claim of a Paper Explanation"
    _order = "eob_id desc, id"
    _rec_name = "control_number"
    _rcm_audit_fields = (
        "claim_id",
        "control_number",
        "status",
        "charge",
        "paid",
        "adjustments",
    )
    _check_company_auto = True

    eob_id = fields.Many2one(
        "rcm.paper.eob", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="eob_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    claim_id = fields.Many2one(
        "rcm.claim",
        string="Our Claim",
        check_company=True,
        index="btree_not_null",
        domain="[('company_id', '=', company_id), ('self_pay', '=', False)]",
    )
    control_number = fields.Char(
        string="Claim Number",
        compute="_compute_control_number",
        store=True,
        readonly=False,
        help="Our number of the claim, as the paper repeats it.",
    )
    status = fields.Selection(
        [(code, f"{code} {text}") for code, text in CLAIM_STATUSES.items()],
        string="Decided",
        required=True,
        default="1",
    )
    charge = fields.Monetary()
    paid = fields.Monetary()
    payer_claim_number = fields.Char(help="The payer's own number of the claim.")
    adjustments = fields.Char(
        string="Adjustments of the Claim",
        help="Only those of the claim as a whole: group, code and amount, separated "
        "by commas, e.g. CO-45 600.00, PR-2 150.00",
    )
    line_ids = fields.One2many("rcm.paper.eob.line", "claim_id", string="Lines")

    @api.depends("claim_id")
    def _compute_control_number(self):
        for claim in self:
            claim.control_number = claim.claim_id.name or claim.control_number

    @api.onchange("claim_id")
    def _onchange_claim_id(self):
        """Our lines stand there at once; the paper's amounts are keyed beside them."""
        if not self.claim_id:
            return
        self.charge = self.claim_id.total_charge
        self.line_ids = [fields.Command.clear()] + [
            fields.Command.create(
                {
                    "code": line.code,
                    "modifiers": line.modifiers,
                    "service_date": line.service_date,
                    "charge": line.charge_amount,
                    "line_control_number": line.line_control_number,
                }
            )
            for line in self.claim_id.line_ids
        ]

    @api.model_create_multi
    def create(self, vals_list):
        claims = super().create(vals_list)
        claims.eob_id._rcm_check_draft()
        return claims

    def write(self, vals):
        self.eob_id._rcm_check_draft()
        result = super().write(vals)
        self.eob_id._rcm_check_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        self.eob_id._rcm_check_draft()

    def _rcm_faults(self):
        """Why this claim cannot be written: texts that are no adjustments."""
        self.ensure_one()
        number = self.control_number or "–"
        faults = []
        if not self.control_number:
            faults.append(self.env._("A claim has no number."))
        texts = [self.control_number, self.payer_claim_number]
        for line in self.line_ids:
            texts += [line.code, line.modifiers, line.line_control_number, line.remarks]
            if not line.code:
                faults.append(self.env._("%s: a line has no code.", number))
        if any(paper.unwritable(text) for text in texts):
            faults.append(
                self.env._("%s: a number holds a character like * ~ :", number)
            )
        for text in (self.adjustments, *self.line_ids.mapped("adjustments")):
            for piece in paper.parse_adjustments(text)[1]:
                faults.append(
                    self.env._(
                        "%(number)s: “%(piece)s” is no adjustment; write it like "
                        "CO-45 600.00",
                        number=number,
                        piece=piece,
                    )
                )
        return faults

    def _rcm_value(self) -> paper.PaperClaim:
        self.ensure_one()
        return paper.PaperClaim(
            number=(self.control_number or "").strip(),
            charge=to_decimal(self.charge),
            paid=to_decimal(self.paid),
            status=self.status or "1",
            payer_number=(self.payer_claim_number or "").strip(),
            adjustments=paper.parse_adjustments(self.adjustments)[0],
            lines=tuple(line._rcm_value() for line in self.line_ids),
        )


class RcmPaperEobLine(models.Model):
    """One service line of a claim on paper."""

    _name = "rcm.paper.eob.line"
    _inherit = "rcm.audit.mixin"
    _description = "Line of a Paper Explanation"
    _order = "claim_id, id"
    _rec_name = "code"
    _rcm_audit_fields = ("charge", "paid", "units", "adjustments")

    claim_id = fields.Many2one(
        "rcm.paper.eob.claim", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="claim_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    code = fields.Char(help="Procedure the payer decided on.")
    modifiers = fields.Char(help="Separated by commas.")
    service_date = fields.Date()
    charge = fields.Monetary()
    paid = fields.Monetary()
    units = fields.Float(default=1.0, digits=(16, 4))
    adjustments = fields.Char(
        help="Group, code and amount, separated by commas: CO-45 600.00, PR-2 150.00"
    )
    remarks = fields.Char(help="Remark codes, separated by commas.")
    line_control_number = fields.Char(help="Our number of the line.")

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.claim_id.eob_id._rcm_check_draft()
        return lines

    def write(self, vals):
        self.claim_id.eob_id._rcm_check_draft()
        result = super().write(vals)
        self.claim_id.eob_id._rcm_check_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        self.claim_id.eob_id._rcm_check_draft()

    def _rcm_value(self) -> paper.PaperLine:
        self.ensure_one()
        return paper.PaperLine(
            code=(self.code or "").strip(),
            charge=to_decimal(self.charge),
            paid=to_decimal(self.paid),
            adjustments=paper.parse_adjustments(self.adjustments)[0],
            units=Decimal(f"{self.units:.4f}"),
            modifiers=_split(self.modifiers),
            day=self.service_date or None,
            number=(self.line_control_number or "").strip(),
            remarks=_split(self.remarks),
        )

    def _rcm_audit_name(self):
        """The claim: what was done to the patient stays out of the log."""
        return self.claim_id.control_number or self.claim_id.eob_id.trace or ""


class RcmRemittance(models.Model):
    """A file may bring what was keyed from paper before."""

    _inherit = "rcm.remittance"

    def _rcm_match(self):
        twin = self._rcm_paper_twin()
        if not twin:
            return super()._rcm_match()
        self._rcm_hold()
        self._rcm_write({"duplicate_of_id": twin.id})
        self._rcm_raise_case(
            "remittance_trace_reused",
            self.env._("The same payment was keyed from paper: %s", twin.display_name),
            amount=self.amount,
        )
        return None

    def _rcm_paper_twin(self):
        """The payment as it was keyed from paper, unless a person said it is another
        one: the payer may name itself otherwise on paper."""
        self.ensure_one()
        Remittance = self.env["rcm.remittance"]
        if (
            self.duplicate_of_id
            or self.payment_slot != self.payment_key
            or self.file_id.source == SOURCE
            or not self._rcm_resolve_parties()
        ):
            return Remittance
        return Remittance.search(
            [
                ("company_id", "=", self.company_id.id),
                ("payer_id", "=", self.payer_id.id),
                ("trace", "=", self.trace),
                ("amount", "=", self.amount),
                ("file_id.source", "=", SOURCE),
                ("state", "not in", ("rejected", "duplicate", "unposted")),
            ],
            limit=1,
        )


def _written(text):
    """A name of ours without what separates things in an 835."""
    kept = "".join(" " if char in paper.SEPARATORS else char for char in text or "")
    return kept.strip()


def _split(text):
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())
