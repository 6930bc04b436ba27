from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

from odoo.addons.healthcare_rcm_base.core import states
from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..x12 import paper
from ..x12.model import Transaction
from ..x12.reader import read_835
from .rcm_deposit_batch import POSTERS

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
        "adjustment_ids",
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
    adjustment_ids = fields.One2many(
        "rcm.paper.eob.adjustment", "eob_id", string="Provider Adjustments"
    )
    claim_total = fields.Monetary(compute="_compute_claim_total", store=True)
    provider_total = fields.Monetary(
        string="Provider Adjustment Total", compute="_compute_claim_total", store=True
    )
    difference = fields.Monetary(
        compute="_compute_claim_total",
        store=True,
        help="Payment less what the claims and provider adjustments come to.",
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
    @api.depends("amount", "claim_ids.paid", "adjustment_ids.amount")
    def _compute_claim_total(self):
        for eob in self:
            currency = eob.currency_id or eob.env.company.currency_id
            eob.claim_total = currency.round(sum(eob.claim_ids.mapped("paid")))
            eob.provider_total = currency.round(
                sum(eob.adjustment_ids.mapped("amount"))
            )
            eob.difference = currency.round(
                eob.amount - eob.claim_total + eob.provider_total
            )

    @api.depends(
        "amount",
        "claim_ids.status",
        "claim_ids.charge",
        "claim_ids.paid",
        "claim_ids.adjustments",
        "adjustment_ids.amount",
        "adjustment_ids.reason_code",
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
                    "provider": eob.adjustment_ids
                    and format_amount(self.env, eob.provider_total, currency),
                    "payment": format_amount(self.env, eob.amount, currency),
                    "difference": format_amount(self.env, eob.difference, currency),
                    "off": not currency.is_zero(eob.difference),
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
        if not self.claim_ids and not self.adjustment_ids:
            faults.append(self.env._("It has no claim yet."))
        if not self.payer_id or not self.trace or not self.payment_date:
            faults.append(self.env._("Say who paid, with which number and when."))
        if paper.unwritable(self.trace):
            faults.append(self.env._("The cheque number holds a character like * ~ :"))
        for claim in self.claim_ids:
            faults += claim._rcm_faults()
        for adjustment in self.adjustment_ids:
            faults += adjustment._rcm_faults()
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
            adjustments=tuple(item._rcm_value() for item in self.adjustment_ids),
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


def _written(text):
    """A name of ours without what separates things in an 835."""
    kept = "".join(" " if char in paper.SEPARATORS else char for char in text or "")
    return kept.strip()
