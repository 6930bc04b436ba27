from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..models.rcm_posting_rule import CATEGORIES
from ..models.rcm_remittance import POSTED_STATES
from ..settlement import RuleBook
from ..settlement.replay import (
    StoredClaim,
    StoredPair,
    replay_claims,
    replay_provider,
)
from ..x12 import model as x12

BUNDLING_REASONS = ("94", "97")
PROPOSED = -1  # the id of a rule that does not exist yet
COPIED = (
    "kind",
    "payer_id",
    "group_code",
    "reason_code",
    "remark_code",
    "sign",
    "action",
    "treatment",
    "purpose",
    "category",
)


class RcmPostingRulePreview(models.TransientModel):
    """What a change of a posting rule would have done to a past period.

    The stored adjustments of that period are put to today's rules and to the changed
    ones. Nothing is posted and nothing of the period is written; only applying, from a
    day on, makes a rule: the old one ends the day before.
    """

    _name = "rcm.posting.rule.preview"
    _description = "Preview of a Posting Rule"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    rule_id = fields.Many2one(
        "rcm.posting.rule", string="Rule to Change", help="Empty: a new rule."
    )
    remove = fields.Boolean(
        string="Without a Successor", help="The rule ends and nothing takes its place."
    )
    kind = fields.Selection(
        [
            ("claim", "Claim adjustment (CAS)"),
            ("provider", "Provider adjustment (PLB)"),
        ],
        default="claim",
        required=True,
    )
    name = fields.Char(string="In Our Words")
    payer_id = fields.Many2one("rcm.payer", help="Empty: for all payers.")
    group_code = fields.Selection(
        [("CO", "CO"), ("PR", "PR"), ("OA", "OA"), ("PI", "PI"), ("CR", "CR")],
        string="Group",
        help="Empty: any group.",
    )
    reason_code = fields.Char(string="Reason", required=True)
    remark_code = fields.Char(string="Remark")
    sign = fields.Selection(
        [("any", "Any"), ("positive", "Positive"), ("negative", "Negative")],
        default="any",
        required=True,
        string="Amount",
    )
    action = fields.Selection(
        selection=lambda self: self.env["rcm.posting.rule"]
        ._fields["action"]
        ._description_selection(self.env)
    )
    treatment = fields.Selection(
        selection=lambda self: self.env["rcm.posting.rule"]
        ._fields["treatment"]
        ._description_selection(self.env)
    )
    purpose = fields.Selection(
        selection=lambda self: self.env["rcm.posting.rule"]
        ._fields["purpose"]
        ._description_selection(self.env),
        string="Account",
    )
    category = fields.Selection(CATEGORIES, string="Denial Category")
    date_from = fields.Date(
        string="Posted From", required=True, default=lambda self: self._last_month()[0]
    )
    date_to = fields.Date(
        string="Until", required=True, default=lambda self: self._last_month()[1]
    )
    apply_from = fields.Date(
        default=lambda self: fields.Date.context_today(self) + timedelta(days=1),
        help="Payment date from which the change counts.",
    )
    computed = fields.Boolean(readonly=True)
    asked_count = fields.Integer(string="Decisions Looked At", readonly=True)
    parked_count = fields.Integer(string="Claims Newly Parked", readonly=True)
    parked_cash = fields.Monetary(string="Cash Newly Parked", readonly=True)
    released_count = fields.Integer(string="Claims No Longer Parked", readonly=True)
    released_cash = fields.Monetary(string="Cash No Longer Parked", readonly=True)
    line_ids = fields.One2many("rcm.posting.rule.preview.line", "preview_id")

    @api.model
    def _last_month(self):
        today = fields.Date.context_today(self)
        end = today.replace(day=1) - timedelta(days=1)
        return end.replace(day=1), end

    @api.onchange("rule_id")
    def _onchange_rule_id(self):
        for preview in self.filtered("rule_id"):
            for name in (*COPIED, "name"):
                preview[name] = preview.rule_id[name]

    # ------------------------------------------------------------------
    # Preview
    # ------------------------------------------------------------------
    def action_preview(self):
        """Put the period's adjustments to both rule books and show the difference."""
        self.ensure_one()
        self.env.user._rcm_require("cash_poster", "finance_manager", "administrator")
        if self.date_to < self.date_from:
            raise UserError(self.env._("The period ends before it begins."))
        before, after = self._rcm_books()
        if self.kind == "claim":
            found = replay_claims(self._rcm_stored_claims(), before, after)
        else:
            found = replay_provider(self._rcm_stored_pairs(), before, after)
        self.line_ids.unlink()
        self.write(
            {
                "computed": True,
                "asked_count": found.asked,
                "parked_count": len(found.parked),
                "parked_cash": float(sum(found.parked.values(), Decimal(0))),
                "released_count": len(found.released),
                "released_cash": float(sum(found.released.values(), Decimal(0))),
                "line_ids": [
                    fields.Command.create(self._rcm_line_vals(change))
                    for change in found.changes.values()
                ],
            }
        )
        return self._rcm_again()

    def _rcm_again(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Preview a Rule Change"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    def _rcm_books(self):
        """Today's rules, and the same with the change made."""
        rules = self.env["rcm.posting.rule"]._rcm_rule_facts(self.company_id)
        kept = [rule for rule in rules if rule.id != self.rule_id.id]
        if not self.remove:
            kept.append(self._rcm_proposed())
        return RuleBook(rules), RuleBook(kept)

    def _rcm_proposed(self):
        """The changed rule as if it had counted all along."""
        values = {name: self[name] for name in COPIED if name != "payer_id"}
        rule = self.env["rcm.posting.rule"].new(
            {**values, "payer_id": self.payer_id.id}
        )
        return replace(rule._rcm_facts(), id=self.rule_id.id or PROPOSED)

    def _rcm_line_vals(self, change):
        Rule = self.env["rcm.posting.rule"]
        proposed = self.rule_id.id or PROPOSED
        return {
            "code": change.code,
            "before": self._rcm_words(change.before),
            "after": self._rcm_words(change.after),
            "rule_before_id": change.rule_before,
            "rule_after_text": self.env._("This rule")
            if change.rule_after == proposed
            else Rule.browse(change.rule_after or ()).display_name,
            "line_count": change.count,
            "claim_count": len(change.claims),
            "amount": float(change.amount),
            "posted_before": float(change.posted_before),
            "posted_after": float(change.posted_after),
        }

    def _rcm_words(self, action):
        """An action or treatment in words, with the account where it has one."""
        name, _colon, purpose = action.partition(":")
        words = self.env["rcm.remittance"]._rcm_action_texts().get(name)
        if words is None or self.kind == "provider":
            labels = dict(self._fields["treatment"]._description_selection(self.env))
            words = labels.get(name) or self.env._("no rule: holds the remittance")
        if purpose:
            labels = dict(self._fields["purpose"]._description_selection(self.env))
            words = f"{words}: {labels.get(purpose, purpose)}"
        return words

    # ------------------------------------------------------------------
    # Stored facts
    # ------------------------------------------------------------------
    def _rcm_stored_claims(self):
        """Claims of the period with an adjustment of this reason."""
        reasons = {self.reason_code}
        if self.reason_code in BUNDLING_REASONS:
            reasons.update(BUNDLING_REASONS)  # they are a bundle, or not, together
        rows = self.env.execute_query(
            SQL(
                """
                SELECT answer.id, answer.payer_id, answer.paid::text, answer.remarks,
                       COALESCE(remittance.payment_date, remittance.posting_date),
                       (SELECT leg.payer_id FROM rcm_claim_leg leg
                         WHERE leg.claim_id = answer.claim_id
                           AND leg.sequence > answer.leg_sequence
                         ORDER BY leg.sequence LIMIT 1),
                       service.index, service.remarks, item.group_code,
                       item.reason_code, item.amount::text
                  FROM rcm_remittance_adjustment item
                  JOIN rcm_remittance_claim answer
                    ON answer.id = item.remittance_claim_id
                  JOIN rcm_remittance remittance
                    ON remittance.id = answer.remittance_id
                  LEFT JOIN rcm_remittance_service service
                         ON service.id = item.service_id
                 WHERE remittance.company_id = %s AND remittance.state IN %s
                   AND remittance.posting_date BETWEEN %s AND %s
                   AND item.reason_code IN %s
                   AND answer.state IN ('posted', 'parked', 'reversed')
                   AND answer.status <> '22'
                   AND (%s::int IS NULL OR remittance.payer_id = %s)
                 ORDER BY answer.id, service.index NULLS FIRST, item.position
                """,
                self.company_id.id,
                POSTED_STATES,
                self.date_from,
                self.date_to,
                tuple(reasons),
                self.payer_id.id or None,
                self.payer_id.id or None,
            )
        )
        claims, services, own = {}, defaultdict(dict), defaultdict(list)
        for row in rows:
            id_, payer, paid, remarks, day, following, index, line_remarks = row[:8]
            claims[id_] = payer, paid, remarks, day, following
            item = x12.Adjustment(row[8] or "", row[9] or "", Decimal(row[10]))
            if index is None:
                own[id_].append(item)
            else:
                _remarks, items = services[id_].setdefault(index, (line_remarks, []))
                items.append(item)
        for id_, (payer, paid, remarks, day, following) in claims.items():
            yield StoredClaim(
                id_,
                payer,
                day,
                Decimal(paid),
                _claim(id_, remarks, own[id_], services[id_]),
                following,
            )

    def _rcm_stored_pairs(self):
        """Provider adjustments of the period with this reason."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT remittance.payer_id,
                       COALESCE(remittance.payment_date, remittance.posting_date),
                       item.reason_code, item.amount::text
                  FROM rcm_remittance_provider_adjustment item
                  JOIN rcm_remittance remittance
                    ON remittance.id = item.remittance_id
                 WHERE remittance.company_id = %s AND remittance.state IN %s
                   AND remittance.posting_date BETWEEN %s AND %s
                   AND item.reason_code = %s AND item.amount <> 0
                 ORDER BY item.id
                """,
                self.company_id.id,
                POSTED_STATES,
                self.date_from,
                self.date_to,
                self.reason_code,
            )
        )
        return [
            StoredPair(payer, day, reason, Decimal(amount))
            for payer, day, reason, amount in rows
        ]

    # ------------------------------------------------------------------
    # Applying
    # ------------------------------------------------------------------
    def action_apply(self):
        """Make the change from a day on; the rule of before ends the day before."""
        self.ensure_one()
        self.env.user._rcm_require("finance_manager", "administrator")
        if not self.computed:
            raise UserError(self.env._("Look at the preview first."))
        if not self.apply_from:
            raise UserError(self.env._("Say from which day the change counts."))
        Rule = self.env["rcm.posting.rule"]
        made = Rule
        if not self.remove:
            made = Rule.create(
                {
                    **{name: self[name] for name in COPIED if name != "payer_id"},
                    "payer_id": self.payer_id.id,
                    "name": self.name or self.rule_id.name or self.reason_code,
                    "company_id": (self.rule_id or self).company_id.id,
                    "date_from": self.apply_from,
                }
            )
        if self.rule_id:
            self.rule_id.date_to = self.apply_from - timedelta(days=1)
        return {
            "type": "ir.actions.act_window",
            "res_model": "rcm.posting.rule",
            "res_id": (made or self.rule_id).id,
            "view_mode": "form",
        }


class RcmPostingRulePreviewLine(models.TransientModel):
    """The same code, treated otherwise: how often, how much."""

    _name = "rcm.posting.rule.preview.line"
    _description = "Preview of a Posting Rule: Difference"

    preview_id = fields.Many2one(
        "rcm.posting.rule.preview", required=True, index=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="preview_id.currency_id")
    code = fields.Char(readonly=True)
    before = fields.Char(string="What Happened", readonly=True)
    after = fields.Char(string="What Would Happen", readonly=True)
    rule_before_id = fields.Many2one(
        "rcm.posting.rule", string="Rule Then", readonly=True
    )
    rule_after_text = fields.Char(string="Rule Now", readonly=True)
    line_count = fields.Integer(string="Adjustments", readonly=True)
    claim_count = fields.Integer(string="Claims", readonly=True)
    amount = fields.Monetary(readonly=True)
    posted_before = fields.Monetary(string="Booked Then", readonly=True)
    posted_after = fields.Monetary(string="Booked Now", readonly=True)


def _claim(id_, remarks, own, services):
    """Only what decides about the adjustments in question."""
    return x12.Claim(
        index=id_,
        control_number="",
        status="1",
        charge=Decimal(0),
        paid=Decimal(0),
        patient_responsibility=None,
        adjustments=tuple(own),
        remarks=_codes(remarks),
        services=tuple(
            x12.Service(
                index=index,
                procedure=x12.Procedure("HC", ""),
                submitted=None,
                charge=Decimal(0),
                paid=Decimal(0),
                adjustments=tuple(items),
                remarks=_codes(line_remarks),
            )
            for index, (line_remarks, items) in services.items()
        ),
    )


def _codes(text):
    return tuple(text.split(",")) if text else ()
