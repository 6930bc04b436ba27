from odoo import fields, models
from odoo.exceptions import UserError

from ..core.contract_compare import compare_rates, compare_terms, rate_value


class RcmContractCompare(models.TransientModel):
    """Two versions of a contract side by side: what was added, removed, changed."""

    _name = "rcm.contract.compare"
    _description = "Compare Contract Versions"

    old_id = fields.Many2one(
        "rcm.payer.contract", string="Old Version", required=True, ondelete="cascade"
    )
    new_id = fields.Many2one(
        "rcm.payer.contract", string="New Version", required=True, ondelete="cascade"
    )
    line_ids = fields.One2many("rcm.contract.compare.line", "compare_id")

    def action_compare(self):
        """List what differs."""
        self.ensure_one()
        self.check_access("read")
        if self.old_id == self.new_id:
            raise UserError(self.env._("Choose two different contracts."))
        (self.old_id | self.new_id).check_access("read")
        self.line_ids.unlink()
        old, new = self.old_id._rcm_facts(), self.new_id._rcm_facts()
        lines = self.env["rcm.contract.compare.line"].create(
            self._term_lines(old, new) + self._rate_lines(old, new)
        )
        same = lines.filtered(lambda line: line.kind == "same")
        action = self.env["ir.actions.actions"]._for_xml_id(
            "healthcare_rcm_base.rcm_contract_compare_line_action"
        )
        name = self.env._(
            "%(old)s → %(new)s: %(count)s differences",
            old=self.old_id.name,
            new=self.new_id.name,
            count=len(lines) - len(same),
        )
        return {
            **action,
            "name": name,
            "display_name": name,
            "domain": [("compare_id", "=", self.id)],
            "context": {"search_default_different": 1, "create": False},
        }

    def _term_lines(self, old, new):
        Contract = self.env["rcm.payer.contract"]
        labels = Contract.fields_get(["network", "default_method"], ["selection"])
        lines = []
        for name, values in compare_terms(old, new).items():
            field = "facility_ids" if name == "facilities" else name
            choices = dict(labels.get(field, {}).get("selection", ()))
            label = Contract._fields[field]._description_string(self.env)
            before, after = (self._term_text(value, choices) for value in values)
            lines.append(
                {
                    "compare_id": self.id,
                    "kind": "term",
                    "label": label,
                    "old_value": before,
                    "new_value": after,
                }
            )
        return lines

    def _term_text(self, value, choices):
        if isinstance(value, frozenset):
            facilities = self.env["rcm.facility"].browse(sorted(value))
            return ", ".join(facilities.mapped("code")) or self.env._("all")
        if isinstance(value, tuple):
            return ", ".join(f"{item:f}" for item in value)
        if value is None or value == "":
            return self.env._("none")
        if isinstance(value, str):
            return choices.get(value, value)
        text = f"{value.normalize():f}"
        return f"{text} %"

    def _rate_lines(self, old, new):
        Rate = self.env["rcm.payer.contract.rate"]
        lines = []
        for change in compare_rates(old, new):
            rate = change.new or change.old
            lines.append(
                {
                    "compare_id": self.id,
                    "kind": change.kind,
                    "label": Rate.browse(rate.ref)._rcm_label(),
                    "code": rate.code,
                    "old_value": change.old and rate_value(change.old),
                    "new_value": change.new and rate_value(change.new),
                    "has_percent": change.percent is not None,
                    "percent": float(change.percent or 0),
                }
            )
        return lines


class RcmContractCompareLine(models.TransientModel):
    """One rate or term on both sides."""

    _name = "rcm.contract.compare.line"
    _description = "Contract Difference"
    _order = "kind desc, code, id"
    _rec_name = "label"

    compare_id = fields.Many2one(
        "rcm.contract.compare", required=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [
            ("term", "Term"),
            ("added", "Added"),
            ("removed", "Removed"),
            ("changed", "Changed"),
            ("same", "Unchanged"),
        ],
        string="What",
    )
    label = fields.Char(string="For")
    code = fields.Char()
    old_value = fields.Char(string="Old")
    new_value = fields.Char(string="New")
    has_percent = fields.Boolean()
    percent = fields.Float(string="Change %", digits=(9, 2), aggregator="avg")


class RcmPayerContract(models.Model):
    """Comparing a contract with the version before it."""

    _inherit = "rcm.payer.contract"

    def action_compare(self):
        """Show what this version changes; without one before it, ask with which."""
        self.ensure_one()
        self.check_access("read")
        if self.previous_id:
            compare = self.env["rcm.contract.compare"].create(
                {"old_id": self.previous_id.id, "new_id": self.id}
            )
            return compare.action_compare()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Compare Contracts"),
            "res_model": "rcm.contract.compare",
            "view_mode": "form",
            "target": "new",
            "context": {"default_new_id": self.id},
        }


class RcmPayerContractRate(models.Model):
    """A rate named in full."""

    _inherit = "rcm.payer.contract.rate"

    def _rcm_label(self):
        """Which services this rate is for, on one line."""
        self.ensure_one()
        parts = (
            self.display_name,
            self.place_of_service and self.env._("POS %s", self.place_of_service),
            self.revenue_code and self.env._("revenue code %s", self.revenue_code),
            self.facility_id.code,
        )
        return " · ".join(part for part in parts if part)
