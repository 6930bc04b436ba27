from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..models.rcm_approval_policy import document_types
from ..policy import Facts

ROLES = ("administrator", "finance_manager", "auditor")
EFFECTS = (
    "clear",
    "post",
    "pay",
    "confirm",
    "apply",
    "credit",
    "unpost",
    "exceed_budget",
    "accept_mismatch",
)


class RcmApprovalSimulation(models.TransientModel):
    """“Who would approve this?” for a document, or for facts typed in.

    Nothing is asked for, nothing is changed: the same rules that route documents
    answer here, and say what became of every policy they looked at.
    """

    _name = "rcm.approval.simulation"
    _description = "Who Would Approve This?"

    source = fields.Selection(
        [("facts", "Made-up document"), ("document", "Existing document")],
        required=True,
        default="facts",
    )
    document = fields.Reference(selection="_selection_document")
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    document_type = fields.Selection(document_types, default="claim")
    on = fields.Date(
        "Date", required=True, default=lambda self: fields.Date.context_today(self)
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
    )
    amount = fields.Monetary(help="Converted to the company's currency at the date.")
    requester_id = fields.Many2one(
        "res.users",
        "Requested By",
        required=True,
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
    )
    facility_id = fields.Many2one("rcm.facility")
    department_id = fields.Many2one("account.analytic.account", "Department")
    payer_type_id = fields.Many2one(
        "rcm.approval.term", "Payer Type", domain="[('kind', '=', 'payer_type')]"
    )
    contract_type_id = fields.Many2one(
        "rcm.approval.term", "Contract Type", domain="[('kind', '=', 'contract_type')]"
    )
    vendor_category_ids = fields.Many2many(
        "res.partner.category", string="Vendor Categories"
    )
    missing_authorization = fields.Boolean()
    manual_adjustment = fields.Monetary()
    deviation_percent = fields.Float("Deviation (%)")
    exception_severity = fields.Integer(help="Of its worst open exception; 0: none.")
    new_vendor = fields.Boolean(help="Known for less than a day.")

    policy_id = fields.Many2one("rcm.approval.policy", compute="_compute_answer")
    answer = fields.Char(compute="_compute_answer")
    outcome = fields.Selection(
        [
            ("through", "Straight through"),
            ("asked", "People are asked"),
            ("nothing", "Nothing passes"),
            ("free", "Not under the policies"),
        ],
        compute="_compute_answer",
    )
    risk = fields.Char("Risk Score", compute="_compute_answer")
    people = fields.Html("Who Is Asked", compute="_compute_answer", sanitize=False)
    considered = fields.Html(
        "Every Policy Considered", compute="_compute_answer", sanitize=False
    )

    @api.model
    def _selection_document(self):
        names = dict.fromkeys(
            self.env["rcm.approval.policy"]._rcm_document_models().values()
        )
        return [
            (name, self.env[name]._description) for name in names if name in self.env
        ]

    # ------------------------------------------------------------------
    # The answer
    # ------------------------------------------------------------------
    @api.depends(
        "source", "document", "company_id", "document_type", "on", "currency_id",
        "amount", "requester_id", "facility_id", "department_id", "payer_type_id",
        "contract_type_id", "vendor_category_ids", "missing_authorization",
        "manual_adjustment", "deviation_percent", "exception_severity", "new_vendor",
    )  # fmt: skip
    def _compute_answer(self):
        self.env.user._rcm_require(*ROLES)
        for simulation in self:
            document, facts, done = simulation._facts()
            if facts is None:
                simulation._answer_without_facts(document)
                continue
            # the router reads rules; it tells no contents of the document
            policies = self.env["rcm.approval.policy"].sudo()
            records = None if document is None else [document]
            (routing,) = policies._rcm_route([facts], records)
            simulation._answer(routing, document, done)

    def _facts(self):
        """(document or None, facts or None, who did what)."""
        if self.source == "facts":
            facts = self._typed_facts()
            return None, facts, {"create": {self.requester_id.id}}
        if not self.document:
            return None, None, {}
        document = self.document.exists()
        document.check_access("read")
        item = None
        declared = tuple(document._rcm_approval_effects) if document else ()
        for effect in (*declared, *EFFECTS) if document else ():
            # read access was checked; facts are complete whoever asks
            item = document.sudo()._rcm_approval_facts(effect)
            if item is not None:
                break
        if item is None:
            return document, None, {}
        done = document._rcm_duties_done()
        done["create"] = done.get("create", set()) | {self.requester_id.id}
        return document, item["facts"], done

    def _typed_facts(self):
        if not self.document_type:
            return None
        digits = self.company_id.currency_id.decimal_places
        amount = self.currency_id._convert(
            self.amount, self.company_id.currency_id, self.company_id, self.on
        )
        measured = {
            "missing_authorization": int(self.missing_authorization),
            "manual_adjustment": to_decimal(self.manual_adjustment, digits),
            "deviation_percent": to_decimal(self.deviation_percent, 2),
            "exception_severity": self.exception_severity,
        }
        if self.new_vendor:
            measured["new_vendor_days"] = 0
        return Facts(
            self.document_type,
            "",
            to_decimal(amount, digits),
            self.company_id.id,
            facility=self.facility_id.id or None,
            payer_type=self.payer_type_id.code or None,
            department=self.department_id.id or None,
            vendor_categories=frozenset(self.vendor_category_ids.ids),
            contract_type=self.contract_type_id.code or None,
            risk_factors=tuple((code, value) for code, value in measured.items()),
            on=self.on,
            requester=self.requester_id.id,
        )

    def _answer_without_facts(self, document):
        self.policy_id = self.people = self.considered = self.risk = False
        self.outcome = "free" if document else False
        self.answer = (
            self.env._("Nothing this document does now is under the policies.")
            if document
            else self.env._("Choose a document.")
        )

    def _answer(self, routing, document, done):
        policies = self.env["rcm.approval.policy"]
        policy = policies.browse(routing.policy.ref if routing.policy else [])
        facts = routing.facts
        self.policy_id = policy
        texts = self.env["rcm.approval.risk.rule"]._rcm_part_texts(facts.risk_parts)
        self.risk = " · ".join([str(facts.risk), *texts])
        self.considered = self._considered(routing)
        self.people = False
        if not policy:
            self.outcome = "nothing"
            self.answer = self.env._(
                "No policy applies: the document is not let through; a case says so."
            )
        elif routing.straight_through:
            self.outcome = "through"
            self.answer = self.env._(
                "“%s” lets it straight through; the audit log says so.", policy.name
            )
        else:
            self.outcome = "asked"
            self.answer = policy.sentence
            changed_by = policy._rcm_current_version()._rcm_changed_by()
            self.people = self._people(
                routing, document, {**done, "policy_change": changed_by}
            )

    # ------------------------------------------------------------------
    # In words
    # ------------------------------------------------------------------
    def _considered(self, routing):
        """A table of every policy of the document type and what became of it."""
        names = {"matched": "table-success", "domain_broken": "table-danger"}
        rows = [
            Markup("<tr class='%s'><td>%s</td><td>%s</td></tr>")
            % (names.get(code, ""), policy.name, text)
            for policy, code, text in self.env["rcm.approval.policy"]._rcm_explain(
                routing
            )
        ]
        if not rows:
            return Markup("<p>%s</p>") % self.env._(
                "There is no policy for this kind of document."
            )
        return self._as_table(
            (self.env._("Policy"), self.env._("What became of it")), rows
        )

    def _people(self, routing, document, done):
        """A table of steps: who may decide, and who may not and why."""
        policies = self.env["rcm.approval.policy"]
        steps = {step.id: step for step in policies.browse(routing.policy.ref).step_ids}
        rows = []
        for step in sorted(
            routing.policy.steps, key=lambda one: (one.sequence, one.ref)
        ):
            answers = policies._rcm_judge_people(
                step, self.requester_id, routing.facts, done, document
            )
            may = [user.name for user, reason in answers.items() if reason is None]
            rows.append(
                Markup("<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>")
                % (
                    step.sequence,
                    steps[step.ref].sentence or "",
                    self._may(step, may),
                    self._may_not(answers),
                )
            )
        head = (
            self.env._("Order"),
            self.env._("Step"),
            self.env._("May decide"),
            self.env._("May not, and why"),
        )
        return self._as_table(head, rows)

    def _may(self, step, names):
        if len(names) >= step.needed:
            return ", ".join(names)
        warning = self.env._("Too few people: the request would wait for ever.")
        return Markup("%s <strong class='text-danger'>%s</strong>") % (
            ", ".join(names),
            warning,
        )

    def _may_not(self, answers):
        policies = self.env["rcm.approval.policy"]
        return Markup("<br/>").join(
            Markup("%s: %s") % (user.name, policies._rcm_say_person(reason))
            for user, reason in answers.items()
            if reason is not None
        )

    @api.model
    def _as_table(self, head, rows):
        cells = Markup("").join(Markup("<th>%s</th>") % title for title in head)
        return Markup(
            "<table class='table table-sm'><thead><tr>%s</tr></thead>"
            "<tbody>%s</tbody></table>"
        ) % (cells, Markup("").join(rows))

    @api.onchange("company_id")
    def _onchange_company_id(self):
        self.currency_id = self.company_id.currency_id

    def action_open_policy(self):
        """Open the policy that applies."""
        self.ensure_one()
        self.env.user._rcm_require(*ROLES)
        if not self.policy_id:
            raise UserError(self.env._("No policy applies."))
        return {
            "type": "ir.actions.act_window",
            "res_model": "rcm.approval.policy",
            "res_id": self.policy_id.id,
            "view_mode": "form",
        }
