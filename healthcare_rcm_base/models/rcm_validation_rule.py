from ast import literal_eval
from collections import defaultdict

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .rcm_payer import PLAN_TYPES
from .rcm_validation_check import CodeRange

OPEN_CLAIM_STATES = ("draft", "validated", "cleared")
TEST_LIMIT = 5000
TEST_PAGE = 500
MODELS = [
    ("rcm.claim", "Claim"),
    ("rcm.claim.line", "Claim line"),
    ("rcm.encounter", "Encounter"),
    ("rcm.charge", "Charge"),
]


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
        "message",
        "payer_ids",
        "plan_types",
        "facility_ids",
        "claim_type",
        "code_from",
        "code_to",
        "date_from",
        "date_to",
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
        MODELS,
        string="Applies To",
        required=True,
        default="rcm.claim",
    )
    domain = fields.Char(
        string="Wrong Are",
        default="[]",
        help="What meets this condition is wrong: its claim is stopped.",
    )
    payer_ids = fields.Many2many(
        "rcm.payer", string="Payers", help="Empty: every payer."
    )
    facility_ids = fields.Many2many(
        "rcm.facility", string="Facilities", help="Empty: every facility."
    )
    plan_types = fields.Char(
        help="Kinds of plans separated by commas, e.g. medicare,medicaid. Empty: all.",
    )
    claim_type = fields.Selection(
        [("professional", "Professional"), ("institutional", "Institutional")],
        help="Empty: both.",
    )
    code_from = fields.Char(
        string="Services From",
        help="Only lines with a service code in this range, both ends included. "
        "Empty: all.",
    )
    code_to = fields.Char(string="Services To")
    date_from = fields.Date(
        string="In Force From", help="By the date of service. Empty: always was."
    )
    date_to = fields.Date(string="In Force Until", help="Last day of service.")
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

    _dates_ordered = models.Constraint(
        "CHECK(date_to IS NULL OR date_from IS NULL OR date_to >= date_from)",
        "A rule cannot end before it begins.",
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

    @api.constrains("plan_types")
    def _check_plan_types(self):
        known = dict(PLAN_TYPES)
        for rule in self:
            if wrong := rule._rcm_plan_types() - known.keys():
                raise ValidationError(
                    self.env._(
                        "Unknown kinds of plans: %(wrong)s. Use: %(known)s.",
                        wrong=", ".join(sorted(wrong)),
                        known=", ".join(known),
                    )
                )

    @api.constrains("code_from", "code_to")
    def _check_code_range(self):
        for rule in self:
            if rule.code_from and rule.code_to and rule.code_from > rule.code_to:
                raise ValidationError(
                    self.env._("The range of services ends before it begins.")
                )

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------
    def action_test(self):
        """Show the open claims that this rule would stop now; nothing is changed."""
        self.ensure_one()
        self.env.user._rcm_require("administrator", "biller", "finance_manager")
        self.check_access("read")
        # What an earlier system had billed is not validated here again.
        waiting = fields.Domain("state", "in", OPEN_CLAIM_STATES) & fields.Domain(
            "opening_id", "=", False
        )
        claims = self.env["rcm.claim"].search(waiting, limit=TEST_LIMIT)
        total = len(claims)
        if total == TEST_LIMIT:
            total = self.env["rcm.claim"].search_count(waiting)
        stopped = set()
        for start in range(0, len(claims), TEST_PAGE):
            # The check reads diagnoses; only the claims' ids are shown.
            page = claims[start : start + TEST_PAGE].sudo()
            stopped |= self.sudo()._rcm_failures(page).keys()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_rcm_base.rcm_claim_action"
        )
        title = self._rcm_test_title(len(stopped), len(claims), total)
        action.update(
            name=title,
            display_name=title,
            views=[(False, "list"), (False, "form")],
            view_mode="list,form",
            domain=[("id", "in", sorted(stopped))],
            context={"create": False},
            help=self._rcm_test_help(),
        )
        return action

    def _rcm_test_help(self):
        """What an empty list of a test means."""
        return Markup("<p class='o_view_nocontent_smiling_face'>%s</p><p>%s</p>") % (
            self.env._("No open claim would be stopped"),
            self.env._(
                "Nothing was changed. The rule goes on checking every claim that is "
                "validated, as long as it is active."
            ),
        )

    def _rcm_test_title(self, stopped, tested, total):
        """What a test found, and whether it looked at all open claims."""
        if tested < total:
            return self.env._(
                "%(rule)s: would stop %(count)s of the %(tested)s newest claims; "
                "%(rest)s older ones were not tested",
                rule=self.name,
                count=stopped,
                tested=f"{tested:,}",
                rest=f"{total - tested:,}",
            )
        return self.env._(
            "%(rule)s: would stop %(count)s of %(total)s open claims",
            rule=self.name,
            count=stopped,
            total=total,
        )

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
        plans = self._rcm_plan_types()
        if plans:
            claims = claims.filtered(lambda claim: claim.payer_id.plan_type in plans)
        if self.company_id:
            claims = claims.filtered(lambda claim: claim.company_id == self.company_id)
        if self.payer_ids:
            claims = claims.filtered(lambda claim: claim.payer_id in self.payer_ids)
        if self.facility_ids:
            claims = claims.filtered(
                lambda claim: claim.facility_id in self.facility_ids
            )
        if self.claim_type:
            claims = claims.filtered(
                lambda claim: claim._rcm_claim_type() == self.claim_type
            )
        if self.date_from or self.date_to:
            claims = claims.filtered(lambda claim: self._in_force(claim.service_date))
        if codes := self._rcm_code_range():
            claims = claims.filtered(
                lambda claim: any(codes.holds(line.code) for line in claim.line_ids)
            )
        return claims

    def _in_force(self, day):
        return bool(day) and (
            (not self.date_from or self.date_from <= day)
            and (not self.date_to or day <= self.date_to)
        )

    def _rcm_plan_types(self):
        words = (self.plan_types or "").split(",")
        return {word.strip().lower() for word in words if word.strip()}

    def _rcm_code_range(self):
        """The range of services this rule is about; None for all."""
        if not self.code_from and not self.code_to:
            return None
        return CodeRange(self.code_from, self.code_to)

    def _rcm_run(self, claims):
        """Return {claim id: where} of the claims this rule objects to."""
        if not claims:
            return {}
        check = self.env["rcm.validation.check"]
        if codes := self._rcm_code_range():
            check = check.with_context(**{CodeRange.KEY: codes})
        if self.kind == "check":
            return getattr(check, f"_check_{self.check_code}")(claims)
        domain = fields.Domain(literal_eval(self.domain or "[]"))
        if self.model_name == "rcm.claim":
            return dict.fromkeys(claims.filtered_domain(domain).ids, "")
        if self.model_name == "rcm.encounter":
            wrong = claims.encounter_id.filtered_domain(domain)
            return dict.fromkeys(
                claims.filtered(lambda claim: claim.encounter_id in wrong).ids, ""
            )
        lines = check._rcm_lines(claims)
        if self.model_name == "rcm.charge":
            wrong = lines.charge_id.filtered_domain(domain)
            lines = lines.filtered(lambda line: line.charge_id in wrong)
        else:
            lines = lines.filtered_domain(domain)
        return check._rcm_places(lines)
