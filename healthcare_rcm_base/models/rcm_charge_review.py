from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import differing

# What a person changes on a charge and somebody else looks at.
WATCHED = ("amount", "units", "code", "modifiers")
REVIEWERS = ("biller", "coder", "finance_manager")


class ResCompany(models.Model):
    """Whether charges that people adjust are looked at by others."""

    _inherit = "res.company"

    rcm_charge_review = fields.Selection(
        [
            ("off", "Not reviewed"),
            ("flag", "Reviewed, billing goes on"),
            ("block", "Reviewed before billing"),
        ],
        string="Charges Adjusted by Hand",
        required=True,
        default="flag",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    rcm_charge_review = fields.Selection(
        related="company_id.rcm_charge_review", readonly=False, required=True
    )
    rcm_duplicate_window_days = fields.Integer(
        related="company_id.rcm_duplicate_window_days", readonly=False
    )


class RcmChargeReview(models.Model):
    """One adjustment of a charge by a person: who, why, before and after."""

    _name = "rcm.charge.review"
    _inherit = "rcm.document.mixin"
    _description = "Charge Review"
    _order = "id desc"
    _rcm_state_machine = "charge_review"
    _rcm_protected = (
        "charge_id",
        "state",
        "user_id",
        "reason",
        "old_amount",
        "new_amount",
        "old_units",
        "new_units",
        "old_code",
        "new_code",
        "old_modifiers",
        "new_modifiers",
        "reviewer_id",
        "reviewed_at",
    )

    charge_id = fields.Many2one(
        "rcm.charge", required=True, readonly=True, index=True, ondelete="cascade"
    )
    encounter_id = fields.Many2one(
        related="charge_id.encounter_id", store=True, index=True
    )
    company_id = fields.Many2one(related="charge_id.company_id", store=True)
    facility_id = fields.Many2one(
        related="charge_id.facility_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    service_code_id = fields.Many2one(related="charge_id.service_code_id")
    user_id = fields.Many2one("res.users", string="Adjusted By", readonly=True)
    reason = fields.Char(string="Why", readonly=True)
    old_amount = fields.Monetary(string="Charge Before", readonly=True)
    new_amount = fields.Monetary(string="Charge After", readonly=True)
    difference = fields.Monetary(compute="_compute_difference", store=True)
    old_units = fields.Float(string="Units Before", digits=(12, 3), readonly=True)
    new_units = fields.Float(string="Units After", digits=(12, 3), readonly=True)
    old_code = fields.Char(string="Code Before", readonly=True)
    new_code = fields.Char(string="Code After", readonly=True)
    old_modifiers = fields.Char(string="Modifiers Before", readonly=True)
    new_modifiers = fields.Char(string="Modifiers After", readonly=True)
    state = fields.Selection(
        [
            ("pending", "To review"),
            ("confirmed", "Confirmed"),
            ("undone", "Put back"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="pending",
        index=True,
    )
    reviewer_id = fields.Many2one("res.users", string="Reviewed By", readonly=True)
    reviewed_at = fields.Datetime(string="Reviewed", readonly=True)

    _pending_idx = models.Index("(encounter_id) WHERE state = 'pending'")

    @api.depends("old_amount", "new_amount")
    def _compute_difference(self):
        for review in self:
            review.difference = review.new_amount - review.old_amount

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------
    def action_confirm(self):
        """The adjustment is right."""
        self._rcm_as_reviewer()._rcm_decide("confirmed")

    def action_undo(self):
        """The charge goes back to what it was."""
        reviews = self._rcm_as_reviewer()
        for review in reviews.filtered(lambda item: item.state == "pending"):
            review._rcm_put_back()
        reviews._rcm_decide("undone")

    def _rcm_as_reviewer(self):
        """Check role, record access and that nobody reviews what they did."""
        self.env.user._rcm_require(*REVIEWERS)
        self.check_access("read")
        if any(
            review.user_id == self.env.user and review.state == "pending"
            for review in self
        ):
            raise UserError(
                self.env._("You adjusted this charge yourself; somebody else reviews.")
            )
        return self.sudo()  # role and record rules were checked above

    # ------------------------------------------------------------------
    # Domain
    # ------------------------------------------------------------------
    def _rcm_put_back(self):
        self.ensure_one()
        charge = self.charge_id
        if charge.state != "captured" or not charge.is_current:
            raise UserError(
                self.env._(
                    "The charge is billed, void or replaced: correct it instead."
                )
            )
        before = charge._rcm_audit_snapshot(WATCHED)
        codes = self.env["rcm.service.code"]._rcm_by_code(
            [self.old_code], self.company_id
        )
        service = codes.get(self.old_code)
        charge.write(
            {
                **{name: self[f"old_{name}"] for name in WATCHED},
                "service_code_id": service.id if service else False,
            }
        )
        charge._rcm_emit_difference("rcm.charge.put_back", before, WATCHED)

    def _rcm_decide(self, state):
        open_ones = self.filtered(lambda review: review.state == "pending")
        open_ones._rcm_set_state(
            state,
            reviewer_id=self.env.user.id,
            reviewed_at=fields.Datetime.now(),
        )
        done = open_ones.encounter_id.filtered(
            lambda item: not item._rcm_pending_reviews()
        )
        done._rcm_resolve_cases(["charge_review"], self.env._("Reviewed."))
        done._rcm_bill_again()

    def _rcm_audit_name(self):
        return self.charge_id._rcm_audit_names()[0]


class RcmCharge(models.Model):
    """Charges that people adjust are put up for review."""

    _inherit = "rcm.charge"

    adjustment_reason = fields.Char(
        string="Why Adjusted",
        copy=False,
        help="Said by the person who changes the charge by hand.",
    )
    review_ids = fields.One2many("rcm.charge.review", "charge_id", string="Reviews")
    to_review = fields.Boolean(compute="_compute_to_review", search="_search_to_review")

    @api.depends("review_ids.state")
    def _compute_to_review(self):
        for charge in self:
            # that somebody looks at it is no secret
            charge.to_review = "pending" in charge.sudo().review_ids.mapped("state")

    @api.model
    def _search_to_review(self, operator, value):
        if operator != "in":
            return NotImplemented
        pending = fields.Domain("review_ids", "any", [("state", "=", "pending")])
        return pending if True in value else ~pending

    @api.model_create_multi
    def create(self, vals_list):
        charges = super().create(vals_list)
        if not self.env.su:
            charges._rcm_review_entries()
        return charges

    def write(self, vals):
        if self.env.su or not any(name in vals for name in WATCHED):
            return super().write(vals)
        watched = {name: vals[name] for name in WATCHED if name in vals}
        changing = self.filtered(lambda charge: differing(charge, watched))
        changing._rcm_require_reason(vals.get("adjustment_reason"))
        before = {charge.id: charge._rcm_watched() for charge in changing}
        result = super().write(vals)
        for charge in changing:
            charge._rcm_ask_review(before[charge.id])
        return result

    def _rcm_require_reason(self, reason):
        """Where billing waits for the review, the reviewer is told why."""
        for charge in self:
            asked = charge.company_id.rcm_charge_review == "block"
            if asked and not (reason or charge.adjustment_reason):
                raise UserError(
                    self.env._("Say why the charge is adjusted (“Why adjusted”).")
                )

    def _rcm_watched(self):
        self.ensure_one()
        return {name: self[name] or False for name in WATCHED}

    def _rcm_review_entries(self):
        """Charges a person enters at another price than the charge master's."""
        priced = self.filtered("service_code_id")
        prices = self.env["rcm.service.code"]._rcm_standard_charges(
            [
                (
                    charge.service_code_id,
                    charge.encounter_id.facility_id,
                    charge.service_date or charge.encounter_id.service_date,
                )
                for charge in priced
            ]
        )
        for charge, price in zip(priced, prices, strict=True):
            standard = charge.currency_id.round(price * charge.units)
            if standard and charge.currency_id.compare_amounts(charge.amount, standard):
                charge._rcm_ask_review({**charge._rcm_watched(), "amount": standard})

    def _rcm_ask_review(self, before, reason=None):
        """Put one adjustment up for review; later ones of the same person join it."""
        self.ensure_one()
        charge = self.sudo()  # people do not write reviews, their steps do
        if charge.company_id.rcm_charge_review == "off":
            return
        charge._rcm_require_reason(reason)
        reason = reason or charge.adjustment_reason
        after = {f"new_{name}": value for name, value in charge._rcm_watched().items()}
        own = charge.review_ids.filtered(
            lambda item: item.state == "pending" and item.user_id == self.env.user
        )[:1]
        if own:
            own._rcm_write({**after, "reason": reason})
        else:
            own = own._rcm_create(
                [
                    {
                        "charge_id": charge.id,
                        "user_id": self.env.user.id,
                        "reason": reason,
                        "correlation_id": charge.correlation_id,
                        **{f"old_{name}": value for name, value in before.items()},
                        **after,
                    }
                ]
            )
        charge._rcm_emit(
            "rcm.charge.adjusted",
            {
                name: [before[name] or None, charge[name] or None]
                for name in WATCHED
                if before[name] != (charge[name] or False)
            },
        )


class RcmEncounter(models.Model):
    """What waits for a review is not billed, where the company wants that."""

    _inherit = "rcm.encounter"

    def _rcm_pending_reviews(self):
        return self.env["rcm.charge.review"].search(
            [("encounter_id", "in", self.ids), ("state", "=", "pending")]
        )

    def _rcm_reviewed(self):
        """Those that may be billed; the others get their case. One query for all."""
        asked = self.filtered(lambda item: item.company_id.rcm_charge_review == "block")
        if not asked:
            return self
        waiting = asked._rcm_pending_reviews().encounter_id
        for encounter in waiting:
            encounter._rcm_raise_case(
                "charge_review",
                self.env._("A charge adjusted by hand waits for its review."),
                amount=encounter.total_charge,
            )
        return self - waiting
