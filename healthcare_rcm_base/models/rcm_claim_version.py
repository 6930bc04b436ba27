from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import claim_versions
from ..core.claim_versions import REPLACEMENT, VOID
from ..tools import written
from .rcm_claim import AMOUNT_FIELDS
from .rcm_payer import CORRECTION_MODES


class RcmClaim(models.Model):
    """Versions of a claim: corrections and voids keep the control number.

    A further version is a draft like any other. Until it is submitted the version
    before it stands, at the payer and in our books; with its submission it takes over
    (``_rcm_take_over``).
    """

    _inherit = "rcm.claim"

    replaces_id = fields.Many2one(
        "rcm.claim",
        string="Replaces",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The version before this one.",
    )
    replaced_by_ids = fields.One2many(
        "rcm.claim", "replaces_id", string="Replaced By", readonly=True
    )
    original_reference = fields.Char(
        string="Payer Number Replaced",
        readonly=True,
        copy=False,
        help="REF*F8: the payer's own number of what this version replaces or voids.",
    )
    correction_mode = fields.Selection(
        CORRECTION_MODES,
        string="Sent As",
        readonly=True,
        copy=False,
        help="How this payer takes corrections.",
    )
    correction_reason = fields.Char(
        readonly=True, copy=False, help="Why there is a further version."
    )
    bill_again = fields.Boolean(
        readonly=True,
        copy=False,
        help="After the void the charges can be billed again, e.g. to another payer.",
    )
    carried_amount = fields.Monetary(
        string="Settled On Earlier Versions",
        compute="_compute_carried_amount",
        store=True,
        recursive=True,
        help="What payments and adjustments on the versions before this one took off "
        "its charge. A reversal by the payer lands on the version it belongs to.",
    )
    is_latest = fields.Boolean(
        compute="_compute_is_latest",
        search="_search_is_latest",
        string="Latest Version",
    )

    _number_uniq = models.UniqueIndex(
        "(name) WHERE version = 1",
        "A control number is never given to another claim.",
    )
    _successor_uniq = models.UniqueIndex(
        "(replaces_id) WHERE replaces_id IS NOT NULL AND state != 'void'",
        "The claim has a further version already.",
    )
    _version_has_origin = models.Constraint(
        "CHECK((version = 1) = (replaces_id IS NULL))",
        "Every version but the first replaces one.",
    )
    _void_has_reference = models.Constraint(
        "CHECK(frequency_code = '1' OR COALESCE(original_reference, '') != '')",
        "A replacement or void names the payer's claim number (REF*F8).",
    )

    # ------------------------------------------------------------------
    # Computes and checks
    # ------------------------------------------------------------------
    @api.depends(
        "replaces_id.carried_amount",
        *(f"replaces_id.{name}" for name in AMOUNT_FIELDS),
    )
    def _compute_carried_amount(self):
        for claim in self:
            before = claim.replaces_id
            claim.carried_amount = (
                before.carried_amount + before._rcm_settled() if before else 0.0
            )

    @api.depends("replaced_by_ids.state")
    def _compute_is_latest(self):
        for claim in self:
            claim.is_latest = not claim._rcm_successor()

    @api.model
    def _search_is_latest(self, operator, value):
        if operator != "in":
            return NotImplemented
        followed = fields.Domain("replaced_by_ids", "any", [("state", "!=", "void")])
        return ~followed if True in value else followed

    @api.constrains("replaces_id", "name", "encounter_id", "company_id")
    def _check_replaces(self):
        """A version shares number, encounter and company with what it replaces."""
        for claim in self.filtered("replaces_id"):
            before = claim.replaces_id
            if any(
                claim[name] != before[name]
                for name in ("name", "encounter_id", "company_id")
            ):
                raise UserError(
                    self.env._("A control number is never given to another claim.")
                )

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------
    def action_replace(self):
        """Ask why, then draft the version that corrects this claim."""
        return self._rcm_open_correction(REPLACEMENT)

    def action_void_at_payer(self):
        """Ask why, then prepare the void of this claim."""
        return self._rcm_open_correction(VOID)

    def _rcm_open_correction(self, frequency):
        self.ensure_one()
        self.env.user._rcm_require("biller")
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Void the claim")
            if frequency == VOID
            else self.env._("Correct the claim"),
            "res_model": "rcm.claim.correction",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_claim_id": self.id,
                "default_frequency": frequency,
            },
        }

    def action_open_versions(self):
        """All versions of this control number."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_rcm_base.rcm_claim_action"
        )
        action["domain"] = [
            ("name", "=", self.name),
            ("company_id", "=", self.company_id.id),
        ]
        action["context"] = {"create": False}
        return action

    # ------------------------------------------------------------------
    # A further version
    # ------------------------------------------------------------------
    def _rcm_new_version(self, frequency, reason, mode=None, bill_again=False):
        """Draft the next version of this claim and return it.

        :param str frequency: ``7`` to correct, ``8`` to void
        :param str reason: why, in words without patient data
        :param str mode: how the payer takes it, one of ``CORRECTION_MODES``
        :param bool bill_again: a void frees its charges for another claim

        A correction of what the payer never took in becomes an original (``1``). A
        void carries what it voids, unchanged, and goes to the gate at once.
        """
        self.ensure_one()
        chain = self._rcm_chain()
        chain._rcm_ledger_lock()
        step = claim_versions.next_version(frequency, self._rcm_version_facts())
        if isinstance(step, claim_versions.Refusal):
            raise UserError(self._rcm_version_refusal(step.code))
        mode = mode or self.payer_id.correction_mode
        values = {
            "name": self.name,
            "version": max(chain.mapped("version")) + 1,
            "frequency_code": step.frequency,
            "replaces_id": self.id,
            "original_reference": step.reference or False,
            "correction_mode": False if step.frequency == VOID else mode,
            "correction_reason": reason,
            "bill_again": bill_again and step.frequency == VOID,
            "correlation_id": self.correlation_id,
        }
        if step.hold_replaced and self.state != "on_hold":
            self._rcm_hold()
        if step.frequency == VOID:
            version = self._rcm_void_version(values)
        else:
            version = self._rcm_corrected_version(values)
        version._rcm_emit(
            "rcm.claim.version_made",
            {
                "version": [self.version, version.version],
                "frequency_code": [self.frequency_code, version.frequency_code],
                "correction_reason": [None, reason],
            },
        )
        return version

    def _rcm_corrected_version(self, values):
        """A draft with the encounter's data and current charges of today."""
        encounter = self.encounter_id
        charges = self._rcm_charges_of_next_version()
        if not charges:
            raise UserError(
                self.env._(
                    "Nothing is left to bill on claim %(number)s; void it instead.",
                    number=self.display_name,
                )
            )
        plans = self._rcm_price_plans(
            [(encounter, self._rcm_header_vals(encounter), charges)]
        )
        version = self._rcm_create([{**plans[0].header, **values}])
        self.env["rcm.claim.line"]._rcm_create(
            version._rcm_line_vals_list(plans[0].lines, start=1)
        )
        version._rcm_sync_legs()
        return version

    def _rcm_void_version(self, values):
        """A copy of this claim that only says: void; it passes no edits again."""
        copied = self._rcm_header_vals(self.encounter_id)
        names = [*copied, "contract_id", "total_charge"]
        version = self._rcm_create([{**written(self, names), **values}])
        skipped = {"claim_id", "state", "paid_amount", "contractual_amount"}
        skipped |= {"patient_amount", "adjusted_amount"}
        line_names = self.line_ids._rcm_protected_fields() - skipped
        self.env["rcm.claim.line"]._rcm_create(
            [
                {
                    **written(line, line_names),
                    "claim_id": version.id,
                    "correlation_id": version.correlation_id,
                }
                for line in self.line_ids
            ]
        )
        version._rcm_sync_legs()
        version._rcm_set_state("validated")
        version._rcm_clear()
        return version

    def _rcm_charges_of_next_version(self):
        """What the encounter asks for today: its own charges and late ones."""
        own = self.line_ids.charge_id.filtered("is_current")
        return (own | self.encounter_id._rcm_unbilled_charges()).sorted()

    # ------------------------------------------------------------------
    # What a further version does otherwise
    # ------------------------------------------------------------------
    def _rcm_refresh(self):
        """A void is never built anew: it says what was sent."""
        voids = self.filtered(lambda claim: claim.frequency_code == VOID)
        return super(RcmClaim, self - voids)._rcm_refresh()

    def _rcm_charges_to_carry(self):
        if not self.replaces_id:
            return super()._rcm_charges_to_carry()
        return self._rcm_charges_of_next_version()

    def _rcm_invoice_when(self):
        """A further version is invoiced, for the difference, when it takes over."""
        if self.replaces_id:
            return "submission"
        return super()._rcm_invoice_when()

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    def _rcm_successor(self):
        """The version that follows this one, drafted or sent."""
        self.ensure_one()
        return self.replaced_by_ids.filtered(lambda claim: claim.state != "void")[:1]

    def _rcm_chain(self):
        """All versions of these control numbers, oldest first."""
        return self.search(
            [
                ("name", "in", self.mapped("name")),
                ("company_id", "in", self.company_id.ids),
            ],
            order="name, version, id",
        )

    def _rcm_earlier(self):
        """The versions before this one, oldest first."""
        self.ensure_one()
        return self._rcm_chain().filtered(lambda item: item.version < self.version)

    def _rcm_released_charges(self):
        """Billed charges of these claims that no other live claim carries."""
        return self.line_ids.charge_id.filtered(
            lambda charge: charge.state == "billed"
            and all(
                line.claim_id in self or line.claim_id.state in ("void", "superseded")
                for line in charge.claim_line_ids
            )
        )
