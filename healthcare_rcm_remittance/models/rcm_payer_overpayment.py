from odoo import api, fields, models

from odoo.addons.healthcare_rcm_base.core import states
from odoo.addons.healthcare_rcm_base.core.money import to_decimal

MACHINE = "payer_overpayment"
states.register(
    MACHINE, {"open": ("settled", "cancelled"), "settled": ("open",), "cancelled": ()}
)
KINDS = [
    ("WO", "Taken back, still with us (WO)"),
    ("FB", "Forward balance (FB)"),
    ("B2", "Our refund came back (B2)"),
    ("B3", "Recovery allowance (B3)"),
    ("letter", "Asked for by letter"),
    ("not_ours", "Payment that is not ours"),
]


class RcmPayerOverpayment(models.Model):
    """Money of a payer that we still hold, until the payer takes it back.

    The open records of a payer add up to its balance on the overpayment account.
    """

    _name = "rcm.payer.overpayment"
    _inherit = ["rcm.document.mixin", "mail.thread"]
    _description = "Payer Overpayment"
    _order = "id desc"
    _rec_name = "reference"
    _rec_names_search = ("reference", "payer_claim_number", "payer_id")
    _rcm_state_machine = MACHINE
    _rcm_protected = (
        "company_id",
        "payer_id",
        "kind",
        "reference",
        "payer_claim_number",
        "claim_id",
        "remittance_id",
        "remittance_claim_id",
        "amount",
        "used_amount",
        "opened_date",
    )

    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    payer_id = fields.Many2one("rcm.payer", required=True, readonly=True, index=True)
    kind = fields.Selection(KINDS, required=True, readonly=True, default="WO")
    reference = fields.Char(readonly=True, help="As the payer wrote it (PLB03-2).")
    payer_claim_number = fields.Char(readonly=True)
    claim_id = fields.Many2one("rcm.claim", readonly=True, index="btree_not_null")
    remittance_id = fields.Many2one(
        "rcm.remittance", string="Opened By", readonly=True, index="btree_not_null"
    )
    remittance_claim_id = fields.Many2one(
        "rcm.remittance.claim", readonly=True, index="btree_not_null"
    )
    opened_date = fields.Date(readonly=True)
    amount = fields.Monetary(readonly=True)
    used_amount = fields.Monetary(string="Taken Back", readonly=True)
    open_amount = fields.Monetary(
        string="Still With Us", compute="_compute_open_amount", store=True
    )
    state = fields.Selection(
        [("open", "Open"), ("settled", "Settled"), ("cancelled", "Cancelled")],
        string="Status",
        default="open",
        required=True,
        readonly=True,
        index=True,
    )
    use_ids = fields.One2many(
        "rcm.payer.overpayment.use", "overpayment_id", "Recoveries"
    )

    _not_below_zero = models.Constraint(
        "CHECK(used_amount >= 0 AND used_amount <= amount)",
        "A payer cannot take back more than it left.",
    )

    @api.depends("amount", "used_amount")
    def _compute_open_amount(self):
        for record in self:
            record.open_amount = record.currency_id.round(
                record.amount - record.used_amount
            )

    @api.depends("payer_id", "kind", "reference")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for record in self:
            parts = (record.payer_id.code, kinds.get(record.kind), record.reference)
            record.display_name = " · ".join(filter(None, parts))

    def _rcm_audit_names(self):
        return [record.display_name or "" for record in self]

    @api.model
    def _rcm_settle(self, remittance, plan):
        """Open and use records as the plan's provider adjustments say."""
        pairs = {item.index: item for item in remittance.provider_adjustment_ids}
        for outcome in plan.provider:
            for part in outcome.settlements:
                if part.overpayment_id:
                    self.browse(part.overpayment_id)._rcm_use(
                        part.amount, remittance, pairs[outcome.index]
                    )
                else:
                    self._rcm_open(
                        remittance, outcome.reason, outcome.reference, part.amount
                    )

    @api.model
    def _rcm_open(self, remittance, kind, reference, amount, claim=None):
        """Open a record; the reference may name a claim of the same remittance."""
        named = (
            claim
            or remittance.claim_ids.filtered(
                lambda item: reference
                and reference in (item.payer_claim_number, item.control_number)
            )[:1]
        )
        return self._rcm_create(
            [
                {
                    "company_id": remittance.company_id.id,
                    "correlation_id": remittance.correlation_id,
                    "payer_id": remittance.payer_id.id,
                    "kind": kind if kind in dict(KINDS) else "WO",
                    "reference": reference,
                    "payer_claim_number": named.payer_claim_number,
                    "claim_id": named.claim_id.id,
                    "remittance_id": remittance.id,
                    "remittance_claim_id": named.id,
                    "amount": remittance._rcm_money(amount),
                    "opened_date": fields.Date.context_today(self),
                }
            ]
        )

    def _rcm_use(self, amount, remittance, pair=None):
        """The payer took back ``amount`` of it."""
        self.ensure_one()
        used = to_decimal(self.used_amount) + amount
        self._rcm_write_logged(
            {self.id: {"used_amount": remittance._rcm_money(used)}},
            "payer_overpayment.used",
        )
        self.env["rcm.payer.overpayment.use"]._rcm_create(
            [
                {
                    "overpayment_id": self.id,
                    "remittance_id": remittance.id,
                    "provider_adjustment_id": pair.id if pair else False,
                    "amount": remittance._rcm_money(amount),
                }
            ]
        )
        if used == to_decimal(self.amount):
            self._rcm_set_state("settled")
        elif self.state == "settled":
            self._rcm_set_state("open")


class RcmPayerOverpaymentUse(models.Model):
    """A part of an overpayment that the payer took back."""

    _name = "rcm.payer.overpayment.use"
    _inherit = "rcm.remittance.fact"
    _description = "Overpayment Recovery"
    _order = "id"

    overpayment_id = fields.Many2one(
        "rcm.payer.overpayment", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="overpayment_id.company_id", store=True)
    remittance_id = fields.Many2one("rcm.remittance", readonly=True, index=True)
    provider_adjustment_id = fields.Many2one(
        "rcm.remittance.provider.adjustment", readonly=True, index="btree_not_null"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount = fields.Monetary(readonly=True)
