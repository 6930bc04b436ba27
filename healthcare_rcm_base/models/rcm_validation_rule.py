from ast import literal_eval
from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError

OPEN_CLAIM_STATES = ("draft", "validated", "cleared")
TEST_LIMIT = 500


class RcmValidationRule(models.Model):
    """One thing that must be right before a claim may go on.

    A rule is a built-in check or a domain that names the wrong ones. It holds for
    the payers and facilities it lists, or for all.
    """

    _name = "rcm.validation.rule"
    _inherit = "rcm.audit.mixin"
    _description = "Validation Rule"
    _order = "sequence, id"

    _rcm_audit_fields = (
        "name",
        "active",
        "kind",
        "check_code",
        "model_name",
        "domain",
        "severity",
        "exception_type_id",
        "payer_ids",
        "facility_ids",
        "company_id",
    )

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: every company."
    )
    kind = fields.Selection(
        [("check", "Built-in check"), ("domain", "Condition")],
        required=True,
        default="domain",
    )
    check_code = fields.Selection(
        selection="_selection_check_code", string="Built-In Check"
    )
    model_name = fields.Selection(
        [("rcm.claim", "Claim"), ("rcm.claim.line", "Claim line")],
        string="Applies To",
        required=True,
        default="rcm.claim",
    )
    domain = fields.Char(
        string="Wrong Are",
        default="[]",
        help="Claims or lines that meet this condition are stopped.",
    )
    payer_ids = fields.Many2many(
        "rcm.payer", string="Payers", help="Empty: every payer."
    )
    facility_ids = fields.Many2many(
        "rcm.facility", string="Facilities", help="Empty: every facility."
    )
    message = fields.Char(
        required=True,
        translate=True,
        help="What is wrong and what to do, without patient data.",
    )
    severity = fields.Selection(
        [("block", "Stop the claim"), ("warn", "Warn only")],
        required=True,
        default="block",
    )
    exception_type_id = fields.Many2one(
        "rcm.exception.type",
        required=True,
        default=lambda self: self.env.ref(
            "healthcare_rcm_base.rcm_exception_type_claim_invalid",
            raise_if_not_found=False,
        ),
        help="Type of the case that a stopped claim gets.",
    )

    @api.model
    def _selection_check_code(self):
        return self.env["rcm.validation.check"]._rcm_checks()

    # ------------------------------------------------------------------
    # Checks
    # ------------------------------------------------------------------
    @api.constrains("kind", "check_code", "domain", "model_name")
    def _check_condition(self):
        for rule in self:
            if rule.kind == "check":
                if not rule.check_code:
                    raise ValidationError(self.env._("Choose the built-in check."))
                continue
            try:
                domain = fields.Domain(literal_eval(rule.domain or "[]"))
                self.env[rule.model_name].sudo()._search(domain, limit=1)
            except Exception as error:  # anything a typed condition can break on
                raise ValidationError(
                    self.env._(
                        "This condition cannot be used on %(model)s.",
                        model=self.env[rule.model_name]._description,
                    )
                ) from error
            if domain.is_true():
                raise ValidationError(
                    self.env._("An empty condition would stop every claim.")
                )

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------
    def action_test(self):
        """Show the open claims that this rule would stop now; nothing is changed."""
        self.ensure_one()
        self.env.user._rcm_require("administrator", "biller", "finance_manager")
        self.check_access("read")
        claims = self.env["rcm.claim"].search(
            [("state", "in", OPEN_CLAIM_STATES)], limit=TEST_LIMIT
        )
        # The check reads diagnoses; only the claims' ids are shown.
        stopped = self.sudo()._rcm_failures(claims.sudo())
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_rcm_base.rcm_claim_action"
        )
        action.update(
            name=self.env._(
                "%(rule)s: would stop %(count)s of %(total)s open claims",
                rule=self.name,
                count=len(stopped),
                total=len(claims),
            ),
            domain=[("id", "in", list(stopped))],
            context={"create": False},
        )
        return action

    # ------------------------------------------------------------------
    # Running
    # ------------------------------------------------------------------
    @api.model
    def _rcm_in_force(self):
        """All active rules; reading them is not a right of the person who bills."""
        return self.sudo().search([("active", "=", True)])

    def _rcm_failures(self, claims):
        """Return {claim id: [(rule, text)]} of the claims these rules object to.

        Each rule looks at all its claims at once, so that the number of queries does
        not grow with the number of claims.
        """
        failures = defaultdict(list)
        for rule in self:
            scope = rule._rcm_scope(claims)
            for claim_id, detail in rule._rcm_run(scope).items():
                text = f"{rule.message} {detail}".strip()
                failures[claim_id].append((rule, text))
        return dict(failures)

    def _rcm_scope(self, claims):
        """The claims this rule is about."""
        self.ensure_one()
        return claims.filtered(
            lambda claim: (not self.company_id or claim.company_id == self.company_id)
            and (not self.payer_ids or claim.payer_id in self.payer_ids)
            and (not self.facility_ids or claim.facility_id in self.facility_ids)
        )

    def _rcm_run(self, claims):
        """Return {claim id: where} of the claims this rule objects to."""
        if not claims:
            return {}
        if self.kind == "check":
            check = self.env["rcm.validation.check"]
            return getattr(check, f"_check_{self.check_code}")(claims)
        domain = fields.Domain(literal_eval(self.domain or "[]"))
        if self.model_name == "rcm.claim":
            return dict.fromkeys(claims.filtered_domain(domain).ids, "")
        wrong = claims.line_ids.filtered_domain(domain)
        return self.env["rcm.validation.check"]._rcm_places(wrong)
