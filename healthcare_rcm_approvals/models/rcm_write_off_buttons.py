from odoo import Command, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core.ledger_entries import ZERO
from odoo.addons.healthcare_rcm_base.core.money import from_decimal

from .rcm_write_off import PATIENT, PAYER, ROLES, UNBILLED


class RcmClaim(models.Model):
    """Claims are written off by a document, and know it."""

    _inherit = "rcm.claim"

    write_off_line_ids = fields.One2many(
        "rcm.write.off.line", "claim_id", string="Write-Offs"
    )

    def action_write_off(self):
        """A draft for these claims: what is open of them, to be corrected."""
        self.env.user._rcm_require(*ROLES)
        self.check_access("read")
        # balances of claims the reader sees
        balances = self.sudo()._rcm_standing_balances()
        lines = [
            {
                "claim_id": claim.id,
                "responsibility": side,
                "amount": from_decimal(balances[claim.id][side]),
            }
            for claim in self
            for side in (PAYER, PATIENT, UNBILLED)
            if balances[claim.id].get(side, ZERO) > ZERO
        ]
        if not lines:
            raise UserError(self.env._("Nothing is open that could be written off."))
        patient_side = all(line["responsibility"] != PAYER for line in lines)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Write Off"),
            "res_model": "rcm.write.off",
            "view_mode": "form",
            "context": {
                "default_company_id": self.company_id[:1].id,
                "default_kind": "small_balance" if patient_side else "administrative",
                "default_line_ids": [Command.create(line) for line in lines],
            },
        }

    def action_open_write_offs(self):
        """The write-offs that name these claims."""
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Write-Offs"),
            "res_model": "rcm.write.off",
            "view_mode": "list,form",
            "domain": [("line_ids.claim_id", "in", self.ids)],
            "context": {"create": False},
        }

    def _rcm_note_reversals(self, originals, reversals):
        """A write-off whose entries are all taken back is reversed, whoever did it."""
        result = super()._rcm_note_reversals(originals, reversals)
        # part of an effect the caller may have
        lines = (
            self.env["rcm.write.off.line"]
            .sudo()
            .search([("move_ids", "in", originals.ids)])
        )
        for write_off in lines.write_off_id:
            standing = write_off.line_ids.move_ids.filtered(
                lambda move: not move.reversal_move_ids
            )
            if write_off.state == "done" and not standing:
                write_off._rcm_set_state(
                    "reversed", reversal_reason=reversals[:1].rcm_reason
                )
        return result


class RcmPatientAccount(models.Model):
    """What a patient owes is written off claim by claim, on one document."""

    _inherit = "rcm.patient.account"

    def action_write_off(self):
        """A draft for all the patient still owes."""
        self.ensure_one()
        self.env.user._rcm_require(*ROLES)
        self.check_access("read")
        claims = self.env["rcm.claim"].search(
            [
                ("patient_id", "=", self.id),
                ("state", "not in", ("superseded", "void", "draft")),
            ]
        )
        action = claims.action_write_off()
        lines = [
            command
            for command in action["context"]["default_line_ids"]
            if command[2]["responsibility"] != PAYER
        ]
        if not lines:
            raise UserError(self.env._("The patient owes nothing."))
        action["context"]["default_line_ids"] = lines
        action["context"]["default_kind"] = "small_balance"
        return action
