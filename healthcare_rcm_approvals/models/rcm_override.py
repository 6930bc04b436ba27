from odoo import api, fields, models
from odoo.exceptions import UserError

ROLES = ("biller", "coder", "denial_analyst", "finance_manager")


class RcmOverride(models.Model):
    """A claim goes on in spite of one validation rule, for a reason and a time.

    Only the named rule on the named claim gives way, only after the approval and only
    until it expires; the claim says so.
    """

    _name = "rcm.override"
    _inherit = ["rcm.requested.document"]
    _description = "Controlled Override"
    _order = "id desc"
    _rcm_sequence = "rcm.override"
    _rcm_ask_roles = ROLES
    _rcm_reprocess_roles = ROLES
    _rcm_undo_roles = (*ROLES, "approver")
    _rcm_draft_fields = frozenset(
        {"claim_id", "rule_id", "reason", "expires_on", "company_id"}
    )

    claim_id = fields.Many2one("rcm.claim", required=True, index=True)
    facility_id = fields.Many2one(related="claim_id.facility_id", store=True)
    claim_state = fields.Selection(related="claim_id.state", string="Claim Status")
    rule_id = fields.Many2one(
        "rcm.validation.rule",
        string="Rule to Override",
        required=True,
        index=True,
        domain="[('severity', '=', 'block')]",
        ondelete="restrict",
    )
    rule_message = fields.Char(related="rule_id.message", string="What the Rule Says")
    expires_on = fields.Date(
        string="Until",
        required=True,
        default=lambda self: fields.Date.add(fields.Date.context_today(self), days=14),
        help="The last day it holds. A claim that is validated by then stays so.",
    )
    amount = fields.Monetary(related="claim_id.total_charge", string="Claim Charge")
    state = fields.Selection(
        selection_add=[("done", "In force"), ("reversed", "Revoked")],
        ondelete={"done": "cascade", "reversed": "cascade"},
    )

    _one_open = models.UniqueIndex(
        "(claim_id, rule_id) WHERE state IN ('requested', 'approved', 'done')",
        "This rule is being overridden for this claim already.",
    )

    # ------------------------------------------------------------------
    # Approval
    # ------------------------------------------------------------------
    def _rcm_approval_facts(self, effect):
        if effect != self._rcm_effect:
            return super()._rcm_approval_facts(effect)
        self.ensure_one()
        approved = {
            "claim": self.claim_id.id,
            "rule": self.rule_id.id,
            "rule_says": self.rule_id.message,
            "reason": self.reason,
            "until": str(self.expires_on),
        }
        return self._rcm_approval_item("override", effect, approved)

    def _rcm_approval_scope(self):
        """That of the claim it is about."""
        return {**super()._rcm_approval_scope(), **self.claim_id._rcm_part_scope()}

    def _rcm_check_ask(self):
        result = super()._rcm_check_ask()
        if self.claim_id.company_id != self.company_id:
            raise UserError(self.env._("The claim belongs to another company."))
        if self.expires_on < fields.Date.context_today(self):
            raise UserError(self.env._("It would have expired already."))
        if self.rule_id.severity != "block":
            raise UserError(self.env._("This rule only warns: nothing to override."))
        if self.claim_id.state != "draft":
            raise UserError(
                self.env._("Only claims that validation stops need an override.")
            )
        return result

    # ------------------------------------------------------------------
    # Effect
    # ------------------------------------------------------------------
    def _rcm_take_effect(self):
        """Once in force the claim is checked again and goes on."""
        result = super()._rcm_take_effect()
        claim = self.claim_id
        if claim.state == "draft":
            claim._rcm_validate()._rcm_clear()
        return result

    def _rcm_undo(self, reason):
        """Revoked: a claim that has not gone on is stopped again by its rule."""
        self._rcm_set_state("reversed", reversal_reason=reason)
        if self.claim_id.state == "draft":
            self.claim_id._rcm_validate()

    @api.model
    def _rcm_in_force(self, claims, rules):
        """``{(claim id, rule id): override}`` that hold today."""
        found = self.sudo().search(  # the check reads them, whoever runs it
            [
                ("state", "=", "done"),
                ("claim_id", "in", claims.ids),
                ("rule_id", "in", rules.ids),
                ("expires_on", ">=", fields.Date.context_today(self)),
            ]
        )
        return {(item.claim_id.id, item.rule_id.id): item for item in found}

    @api.model
    def _cron_expire(self):
        """Those past their last day say so."""
        due = self.search(
            [
                ("state", "=", "done"),
                ("expires_on", "<", fields.Date.context_today(self)),
            ]
        )
        due._rcm_set_state("expired")

    def action_open_claim(self):
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "rcm.claim",
            "res_id": self.claim_id.id,
            "views": [(False, "form")],
        }


class RcmValidationRule(models.Model):
    """A rule that is overridden for a claim warns instead of stopping it."""

    _inherit = "rcm.validation.rule"

    def _rcm_failures(self, claims):
        failures = super()._rcm_failures(claims)
        blocking = self.filtered(lambda rule: rule.severity == "block")
        if not failures or not blocking:
            return failures
        overrides = self.env["rcm.override"]._rcm_in_force(
            claims.browse(failures), blocking
        )
        for claim_id, rule_id in overrides:
            failures[claim_id] = [
                self._rcm_overridden(rule, text, overrides[claim_id, rule_id])
                if rule.id == rule_id
                else (rule, text)
                for rule, text in failures[claim_id]
            ]
        return failures

    def _rcm_overridden(self, rule, text, override):
        """The failure as a warning that names the override."""
        warning = rule.new({"severity": "warn"}, origin=rule)
        return warning, self.env._(
            "%(text)s [overridden by %(number)s until %(day)s]",
            text=text,
            number=override.name,
            day=override.expires_on,
        )


class RcmClaim(models.Model):
    """A claim that validation stops can ask for an override."""

    _inherit = "rcm.claim"

    override_ids = fields.One2many("rcm.override", "claim_id", string="Overrides")

    def action_override(self):
        """A draft for the first rule that stops this claim."""
        self.ensure_one()
        self.env.user._rcm_require(*ROLES)
        self.check_access("read")
        if self.state != "draft":
            raise UserError(
                self.env._("Only claims that validation stops need an override.")
            )
        rules = self.env["rcm.validation.rule"]._rcm_in_force()
        # the check reads diagnoses; only its rules are shown
        failures = rules._rcm_failures(self.sudo()).get(self.id, ())
        stopping = [rule for rule, _text in failures if rule.severity == "block"]
        if not stopping:
            raise UserError(self.env._("No rule stops this claim: validate it."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Override"),
            "res_model": "rcm.override",
            "view_mode": "form",
            "context": {
                "default_company_id": self.company_id.id,
                "default_claim_id": self.id,
                "default_rule_id": stopping[0].id,
            },
        }
