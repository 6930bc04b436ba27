from odoo import api, fields, models
from odoo.tools import format_date, formatLang

from ..policy import FIELD, MANAGER, ROLE, USERS


class RcmApprovalPolicy(models.Model):
    """A policy as the sentence that its administrator reads."""

    _inherit = "rcm.approval.policy"

    straight_through = fields.Boolean(compute="_compute_sentence")
    sentence = fields.Char("In Words", compute="_compute_sentence")

    @api.depends(
        "document_type",
        "amount_from",
        "amount_to",
        "facility_ids.name",
        "department_ids.name",
        "payer_type_ids.name",
        "vendor_category_ids.name",
        "contract_type_ids.name",
        "risk_from",
        "risk_to",
        "date_from",
        "date_to",
        "domain",
        "auto_after_hours",
        "expire_after_hours",
        "step_ids.sentence",
        "step_ids.sequence",
    )
    def _compute_sentence(self):
        for policy in self:
            policy.straight_through = not policy.step_ids
            policy.sentence = policy._sentence()

    def _sentence(self):
        """The policy as one sentence for the person who maintains it."""
        self.ensure_one()
        kind = dict(self._fields["document_type"]._description_selection(self.env))
        parts = [
            kind.get(self.document_type, ""),
            self._amount_words(),
            *self._scope_words(),
            *self._risk_words(),
            *self._date_words(),
        ]
        if self.domain:
            parts.append(self.env._("that meets a further condition"))
        parts.append(self._steps_words())
        return " ".join(part for part in parts if part) + "."

    def _amount_words(self):
        low = formatLang(self.env, self.amount_from, currency_obj=self.currency_id)
        high = formatLang(self.env, self.amount_to, currency_obj=self.currency_id)
        if self.document_type == "policy_change":
            return ""
        if self.amount_to and self.amount_from:
            return self.env._("from %(low)s to below %(high)s", low=low, high=high)
        if self.amount_to:
            return self.env._("below %(high)s", high=high)
        if self.amount_from:
            return self.env._("of %(low)s and more", low=low)
        return self.env._("of any amount")

    def _scope_words(self):
        def names(records):
            return self.env._(" or ").join(records.mapped("name"))

        return [
            text
            for records, text in (
                (self.facility_ids, self.env._("at %s", names(self.facility_ids))),
                (
                    self.department_ids,
                    self.env._("charged to %s", names(self.department_ids)),
                ),
                (
                    self.payer_type_ids,
                    self.env._("for payers of type %s", names(self.payer_type_ids)),
                ),
                (
                    self.vendor_category_ids,
                    self.env._(
                        "from vendors tagged %s", names(self.vendor_category_ids)
                    ),
                ),
                (
                    self.contract_type_ids,
                    self.env._(
                        "under a contract of type %s", names(self.contract_type_ids)
                    ),
                ),
            )
            if records
        ]

    def _risk_words(self):
        low, high = self.risk_from, self.risk_to
        if low and high:
            return [
                self.env._(
                    "with a risk score from %(low)s to below %(high)s",
                    low=low,
                    high=high,
                )
            ]
        if high:
            return [self.env._("with a risk score below %s", high)]
        if low:
            return [self.env._("with a risk score of %s and more", low)]
        return []

    def _date_words(self):
        first = self.date_from and format_date(self.env, self.date_from)
        last = self.date_to and format_date(self.env, self.date_to)
        if first and last:
            return [
                self.env._("between %(first)s and %(last)s", first=first, last=last)
            ]
        if first:
            return [self.env._("from %s on", first)]
        if last:
            return [self.env._("until %s", last)]
        return []

    def _steps_words(self):
        """Who has to agree: steps side by side with “and”, the next with “then”."""
        steps = self.step_ids.sorted("sequence").filtered("sentence")
        if not steps:
            return self.env._("goes straight through")
        levels = [
            self.env._(" and ").join(level.mapped("sentence"))
            for _sequence, level in sorted(steps.grouped("sequence").items())
        ]
        people = self.env._(", then ").join(levels)
        return self.env._("needs the approval of %s", people) + self._rcm_auto_words()


class RcmApprovalPolicyStep(models.Model):
    """A step as part of the sentence."""

    _inherit = "rcm.approval.policy.step"

    sentence = fields.Char("In Words", compute="_compute_sentence")

    @api.depends(
        "approver_kind",
        "group_id.name",
        "user_ids.name",
        "field_name",
        "needed",
        "policy_id.document_type",
    )
    def _compute_sentence(self):
        for step in self:
            step.sentence = step._sentence()

    def _sentence(self):
        if self.approver_kind == ROLE and self.group_id:
            # the role is named, nothing else of the group
            name = self.group_id.sudo().name
            return self.env._("%(needed)s × %(role)s", needed=self.needed, role=name)
        if self.approver_kind == USERS and self.user_ids:
            people = self.env._(" or ").join(self.user_ids.sudo().mapped("name"))
            if self.needed > 1:
                return self.env._(
                    "%(needed)s of %(people)s", needed=self.needed, people=people
                )
            return people
        if self.approver_kind == MANAGER:
            return self.env._("the requester's manager")
        if self.approver_kind == FIELD and self.field_name:
            return self.env._("the person in “%s” of the document", self._field_label())
        return False

    def _field_label(self):
        """Label of the document's field, or its technical name."""
        model = self.policy_id._rcm_document_model()
        field = model is not None and model._fields.get(self.field_name)
        return field._description_string(self.env) if field else self.field_name
