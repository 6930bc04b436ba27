from odoo import api, fields, models
from odoo.tools import format_date, formatLang

from ..models.rcm_approval_policy import document_types
from ..policy import GAP, INVERSION, LOOSENING, OVERLAP

SEVERITY = {GAP: "3", OVERLAP: "2", INVERSION: "2", LOOSENING: "1"}


class RcmApprovalCoverage(models.TransientModel):
    """One weakness of the policies, as the coverage check found it just now."""

    _name = "rcm.approval.coverage"
    _description = "Coverage of Approval Policies"
    _order = "severity desc, document_type, amount_from, id"
    _rec_name = "finding"

    kind = fields.Selection(
        [
            (GAP, "Gap"),
            (OVERLAP, "Overlap"),
            (INVERSION, "More money, fewer people"),
            (LOOSENING, "Less strict exception"),
        ],
        string="What",
        required=True,
        readonly=True,
    )
    severity = fields.Selection(
        [("1", "To know"), ("2", "To look at"), ("3", "To mend")],
        required=True,
        readonly=True,
    )
    document_type = fields.Selection(document_types, readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    policy_id = fields.Many2one("rcm.approval.policy", "Decides", readonly=True)
    other_policy_id = fields.Many2one(
        "rcm.approval.policy", "Instead Of", readonly=True
    )
    amount_from = fields.Float(readonly=True)
    scope = fields.Char("Where", readonly=True)
    finding = fields.Char("In Words", readonly=True)
    advice = fields.Char("What To Do", readonly=True)

    @api.model
    def _rcm_refresh(self):
        """Replace the user's own findings with those of now."""
        self.env.user._rcm_require("administrator", "auditor", "finance_manager")
        # findings are the user's own scratch paper; who may make them was checked
        mine = self.sudo().search([("create_uid", "=", self.env.uid)])
        mine.unlink()
        found = self.env["rcm.approval.policy"]._rcm_coverage()
        return self.sudo().create([self._prepare_vals(weakness) for weakness in found])

    @api.model
    def _prepare_vals(self, weakness):
        return {
            "kind": weakness.kind,
            "severity": SEVERITY[weakness.kind],
            "document_type": weakness.document_type,
            "company_id": weakness.company,
            "policy_id": weakness.first and weakness.first.ref,
            "other_policy_id": weakness.second and weakness.second.ref,
            "amount_from": float(weakness.amount_from),
            "scope": ", ".join(self._scope_words(weakness)),
            "finding": self._finding(weakness),
            "advice": self._advice(weakness.kind),
        }

    @api.model
    def _finding(self, weakness):
        names = {
            "first": weakness.first and weakness.first.name,
            "second": weakness.second and weakness.second.name,
        }
        if weakness.kind == GAP:
            return self.env._("No policy applies: nothing is let through.")
        if weakness.kind == OVERLAP:
            return self.env._(
                "“%(first)s” and “%(second)s” apply both; only their bands and steps "
                "decide that the first one goes before.",
                **names,
            )
        if weakness.kind == INVERSION:
            return self.env._(
                "“%(first)s” asks for less than “%(second)s” does for smaller amounts.",
                **names,
            )
        return self.env._(
            "“%(first)s” goes before “%(second)s” and asks for less.", **names
        )

    @api.model
    def _advice(self, kind):
        return {
            GAP: self.env._("Widen a band or add a policy for these documents."),
            OVERLAP: self.env._("Let the bands meet, or give one another priority."),
            INVERSION: self.env._("Give the larger amounts at least the same steps."),
            LOOSENING: self.env._("Keep it only where the exception is meant."),
        }[kind]

    @api.model
    def _scope_words(self, weakness):
        """Amounts, risk and days of the finding, in words."""
        low, high = weakness.amount_from, weakness.amount_to
        currency = (
            self.env["res.company"].browse(weakness.company) or self.env.company
        ).currency_id
        low, high = (
            None
            if value is None
            else formatLang(self.env, float(value), currency_obj=currency)
            for value in (low, high)
        )
        if high is None:
            yield (
                self.env._("amounts of %s and more", low)
                if weakness.amount_from
                else self.env._("any amount")
            )
        else:
            yield self.env._(
                "amounts from %(low)s to below %(high)s", low=low, high=high
            )
        if weakness.risk_to:
            yield self.env._(
                "risk from %(low)s to below %(high)s",
                low=weakness.risk_from,
                high=weakness.risk_to,
            )
        elif weakness.risk_from:
            yield self.env._("risk of %s and more", weakness.risk_from)
        first, last = (
            day and format_date(self.env, day)
            for day in (weakness.valid_from, weakness.valid_to)
        )
        if first:
            yield self.env._("from %s on", first)
        if last:
            yield self.env._("until %s", last)

    def action_open_policy(self):
        """Open the policy that decides (or the other one)."""
        self.ensure_one()
        self.check_access("read")
        policy = self.policy_id or self.other_policy_id
        if not policy:
            return self._action_new_policy()
        return {
            "type": "ir.actions.act_window",
            "res_model": "rcm.approval.policy",
            "res_id": policy.id,
            "view_mode": "form",
        }

    def _action_new_policy(self):
        """A form for a policy that fills the gap."""
        return {
            "type": "ir.actions.act_window",
            "res_model": "rcm.approval.policy",
            "view_mode": "form",
            "context": {
                "default_document_type": self.document_type,
                "default_company_id": self.company_id.id,
                "default_amount_from": self.amount_from,
            },
        }
