import ast
import logging
from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..policy import Facts, Policy, evaluate, with_risk

_logger = logging.getLogger(__name__)

# The record a document type is about. None here: the module that brings it says so.
DOCUMENT_MODELS = {
    "claim": "rcm.claim",
    "remittance": "rcm.remittance",
    "customer_invoice": "account.move",
    "credit_note": "account.move",
    "vendor_bill": "account.move",
    "payment": "account.payment",
    "payment_run": "rcm.payment.run",
    "purchase_order": "purchase.order",
    "write_off": "rcm.write.off",
    "refund": "rcm.refund",
    "override": "rcm.override",
    "policy_change": "rcm.approval.policy.change",
    "budget_revision": "rcm.budget.revision",
}
# A band reads the same in every company: more places than any currency has.
DIGITS = 6
# What going wrong with a domain looks like.
BROKEN = (ValueError, TypeError, KeyError, AttributeError, SyntaxError, UserError)


class RcmApprovalPolicy(models.Model):
    """From a document to the policy that speaks for it."""

    _inherit = "rcm.approval.policy"

    domain = fields.Char(
        "Condition",
        help="A further condition on the document's own fields, evaluated in the "
        "document's company.",
    )
    document_model = fields.Char(compute="_compute_document_model")

    # ------------------------------------------------------------------
    # Computes and checks
    # ------------------------------------------------------------------
    @api.depends("document_type")
    def _compute_document_model(self):
        for policy in self:
            model = policy._rcm_document_model()
            policy.document_model = False if model is None else model._name

    @api.model
    def _rcm_document_models(self):
        """{document type: name of the model}, those that models declare included."""
        declared = self._rcm_declared_types()
        return {**{kind: name for name, kind in declared.items()}, **DOCUMENT_MODELS}

    def _rcm_document_model(self):
        """The model of this policy's documents, or None where it is not installed."""
        name = self._rcm_document_models().get(self.document_type)
        return self.env[name] if name in self.env else None

    @api.constrains("domain", "document_type")
    def _check_domain(self):
        """Only plain conditions on fields the person who writes them may read."""
        for policy in self:
            if not policy.domain:
                continue
            try:
                domain = policy._rcm_domain()
                model = policy._rcm_document_model()
                if model is None:
                    raise ValueError(policy.document_type)
                domain.validate(model.sudo())  # the conditions are checked, no records
            except BROKEN as error:
                raise ValidationError(
                    self.env._(
                        "The condition of “%(policy)s” cannot be evaluated: %(error)s",
                        policy=policy.name,
                        error=error,
                    )
                ) from error
            policy._rcm_check_readable(model, domain)

    def _rcm_domain(self) -> Domain:
        """The condition as a value: literals only, no code is ever run."""
        value = ast.literal_eval(self.domain.strip())
        if not isinstance(value, list):
            raise ValueError(self.domain)
        return Domain(value)

    def _rcm_check_readable(self, model, domain):
        """A condition must not tell its author what he may not see."""
        for condition in domain.iter_conditions():
            target = model.sudo(False)  # checks of values run with all rights
            for name in condition.field_expr.split("."):
                field = target._fields.get(name)
                if field is None:
                    break
                if not target._has_field_access(field, "read"):
                    raise ValidationError(
                        self.env._(
                            "The condition of “%(policy)s” uses the field "
                            "“%(field)s”, which you may not see.",
                            policy=self.name,
                            field=field._description_string(self.env),
                        )
                    )
                if field.relational:
                    target = target.env[field.comodel_name]
            if isinstance(condition.value, Domain) or condition.operator in (
                "any",
                "not any",
            ):
                self._rcm_check_readable(target, Domain(condition.value))

    # ------------------------------------------------------------------
    # As the pure rules want it
    # ------------------------------------------------------------------
    def _rcm_facts(self) -> Policy:
        """This record as the pure rules want it.

        Archived facilities, accounts and categories still count: a policy for one of
        them must not become a policy for all.
        """
        self.ensure_one()
        self = self.with_context(active_test=False)
        return Policy(
            ref=self.id,
            name=self.name,
            document_type=self.document_type,
            amount_from=to_decimal(self.amount_from, DIGITS),
            amount_to=to_decimal(self.amount_to, DIGITS) if self.amount_to else None,
            company=self.company_id.id or None,
            facilities=frozenset(self.facility_ids.ids),
            payer_types=frozenset(self.payer_type_ids.mapped("code")),
            departments=frozenset(self.department_ids.ids),
            vendor_categories=frozenset(self.vendor_category_ids.ids),
            contract_types=frozenset(self.contract_type_ids.mapped("code")),
            risk_from=self.risk_from,
            risk_to=self.risk_to or None,
            valid_from=self.date_from or None,
            valid_to=self.date_to or None,
            domain=self.domain or None,
            priority=self.sequence,
            auto_after_hours=self.auto_after_hours,
            auto_reason=self.auto_reason or None,
            expire_after_hours=self.expire_after_hours,
            steps=tuple(step._rcm_facts() for step in self.step_ids),
        )

    @api.model
    def _rcm_active_policies(self, document_types):
        """Every active policy of these document types, whatever the context says."""
        return self.search(
            [("document_type", "in", list(document_types)), ("active", "=", True)]
        )

    # ------------------------------------------------------------------
    # Routing
    # ------------------------------------------------------------------
    @api.model
    def _rcm_route(self, facts: list[Facts], records=None):
        """Routing of each facts value, in order.

        :param records: the documents the facts are of, in the same order; without
            them no policy with a condition applies.
        """
        # rules, not data: the router sees them all, whoever asks
        policies = self.sudo()._rcm_active_policies(
            {item.document_type for item in facts}
        )
        rules = self.env["rcm.approval.risk.rule"].sudo()._rcm_active_rules()
        today = fields.Date.context_today(self)
        known = [replace(with_risk(item, rules), on=item.on or today) for item in facts]
        if records is not None:
            known = policies._rcm_with_domains(known, list(records))
        values = [policy._rcm_facts() for policy in policies]
        return [evaluate(item, values) for item in known]

    def _rcm_with_domains(self, facts, records):
        """``facts`` with the policies whose condition the documents meet."""
        conditional = self.filtered("domain")
        if not conditional:
            return facts
        found = []
        for item, record in zip(facts, records, strict=True):
            met, broken = set(), set()
            for policy in conditional:
                # a condition is on the fields of one model; other kinds of document
                # of the type (a client invoice, an order over its budget) are none
                # of its own
                if (
                    policy.document_type == item.document_type
                    and policy.document_model == record._name
                ):
                    answer = policy._rcm_matches_domain(record, item.company)
                    met |= {policy.id} if answer else set()
                    broken |= {policy.id} if answer is None else set()
            found.append(
                replace(item, domains=frozenset(met), broken_domains=frozenset(broken))
            )
        return found

    def _rcm_matches_domain(self, record, company_id=None):
        """Whether ``record`` meets the condition, seen from its own company.

        None when the condition cannot be evaluated (a field is gone): nobody knows
        then, and nothing is let through.
        """
        self.ensure_one()
        if not self.domain:
            return True
        company = company_id or record.sudo().company_id.id  # whose rules apply
        # the condition is the administrator's, its outcome tells no values
        document = record.sudo().with_context(allowed_company_ids=[company])
        try:
            return bool(document.filtered_domain(self._rcm_domain()))
        except BROKEN as error:
            _logger.warning(
                "Condition of approval policy %s cannot be evaluated: %s",
                self.id,
                type(error).__name__,
            )
            return None
