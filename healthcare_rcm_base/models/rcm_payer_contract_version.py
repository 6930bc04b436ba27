from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .rcm_payer_contract import MOVES, OPEN_FIELDS


class RcmPayerContract(models.Model):
    """In effect, ended, or the next version: a contract is not rewritten."""

    _inherit = "rcm.payer.contract"

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    def write(self, vals):
        closed = set(vals) - OPEN_FIELDS - {"rate_ids"}
        if closed and any(contract.state != "draft" for contract in self):
            labels = ", ".join(sorted(self._fields[name].string for name in closed))
            raise UserError(
                self.env._(
                    "%(fields)s of a contract in effect cannot be changed. "
                    "Make a new version.",
                    fields=labels,
                )
            )
        if "state" in vals:
            self._check_state_move(vals["state"])
        return super().write(vals)

    def _check_state_move(self, new_state):
        labels = dict(self._fields["state"]._description_selection(self.env))
        for contract in self:
            old = contract.state
            if old != new_state and new_state not in MOVES.get(old, ()):
                raise UserError(
                    self.env._(
                        "A contract cannot go from “%(old)s” to “%(new)s”.",
                        old=labels[old],
                        new=labels.get(new_state, new_state),
                    )
                )
            if new_state == "active":
                contract._lock_payer()

    def _lock_payer(self):
        """Let only one contract of a payer come into effect at a time.

        The update makes a second transaction fail to serialise and be tried again,
        when it sees the first one's contract.
        """
        self.env.cr.execute(
            "UPDATE rcm_payer SET write_date = write_date WHERE id = %s",
            [self.payer_id.id],
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        if any(contract.state != "draft" for contract in self):
            raise UserError(
                self.env._("A contract that was in effect is kept; end or archive it.")
            )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_activate(self):
        """Put drafts into effect; each ends the version it follows."""
        self.env.user._rcm_require("administrator")
        for contract in self:
            previous = contract.previous_id
            day_before = contract.date_from - timedelta(days=1)
            if (
                previous.state == "active"
                and previous.date_from <= day_before
                and (not previous.date_to or previous.date_to > day_before)
            ):
                previous.date_to = day_before
            contract.state = "active"

    def action_expire(self):
        """End contracts today at the latest; they go on pricing their own time."""
        self.env.user._rcm_require("administrator")
        today = fields.Date.context_today(self)
        for contract in self:
            if not contract.date_to or contract.date_to > today:
                contract.date_to = max(today, contract.date_from)
            contract.state = "expired"

    def action_reopen(self):
        """Put ended contracts into effect again; their last day stays."""
        self.env.user._rcm_require("administrator")
        self.write({"state": "active"})

    def action_new_version(self):
        """Copy this contract into a draft that follows it."""
        self.ensure_one()
        self.env.user._rcm_require("administrator")
        start = max(fields.Date.context_today(self), self.date_from + timedelta(days=1))
        version = self._rcm_new_version(start)
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": version.id,
            "view_mode": "form",
        }

    def _rcm_new_version(self, start, rates=True):
        """A draft with the same terms that holds from ``start`` and follows this one.

        :param bool rates: take the rates along
        """
        self.ensure_one()
        if start <= self.date_from:
            raise UserError(
                self.env._(
                    "The next version of %(contract)s begins after %(day)s.",
                    contract=self.name,
                    day=self.date_from,
                )
            )
        version = self.copy(
            {
                "name": self.env._("%(name)s (new version)", name=self.name),
                "date_from": start,
                "date_to": False,
                **({} if rates else {"rate_ids": []}),
            }
        )
        version.previous_id = self
        return version
