from collections import Counter
from decimal import Decimal

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Command

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..settlement import purposes
from ..settlement.claim_checks import REVERSAL
from ..settlement.outcome import POST
from ..settlement.reasons import case_type

CANDIDATE_LIMIT = 50


class RcmRemittanceClaim(models.Model):
    """Unpostables: releasing a parked claim, or giving its money back."""

    _inherit = "rcm.remittance.claim"

    # ------------------------------------------------------------------
    # Release
    # ------------------------------------------------------------------
    def _rcm_release(self, override=None):
        """Plan a parked claim anew and post it from unapplied cash.

        :param dict override: what a person decided (kept on the claim)
        :return: whether it was posted; otherwise its case says why not
        """
        self.ensure_one()
        if self.state != "parked":
            raise UserError(
                self.env._("%(name)s is not parked.", name=self.display_name)
            )
        if override is not None:
            self._rcm_write_logged(
                {self.id: {"override": override}}, "remittance.claim_override"
            )
        remittance = self.remittance_id
        plan = remittance._rcm_plan({self.index}, purposes.UNAPPLIED)
        self._rcm_store_outcomes({self.index: self.id}, plan.outcomes)
        outcome = plan.outcome(self.index)
        if outcome.decision != POST:
            reason = outcome.reasons[0]
            self.invalidate_recordset(["rcm_case_ids"])
            others = [case.type_code for case in self.sudo().rcm_case_ids]
            code = case_type(reason.code)
            self._rcm_resolve_cases([other for other in others if other != code])
            self._rcm_raise_case(
                code,
                remittance._rcm_reason_text(reason.code),
                expected=reason.expected,
                actual=reason.actual,
                amount=self.paid,
            )
            return False
        remittance._rcm_post_plan(plan, released=self)
        self._rcm_match_unapplied()
        self._rcm_resolve_cases(None, self.env._("Released."))
        self._rcm_emit("remittance.claim_released", {"digest": [None, plan.digest]})
        remittance._rcm_after_release()
        self.claim_id._rcm_wake_remittances()
        return True

    def _rcm_release_in_order(self):
        """Try the parked ones among these: older first, reversals before corrections.

        Releasing a reversal releases what waited for it, so some may be posted when
        their turn comes.

        :return: those that are posted now
        """
        for claim in self.sorted(
            lambda item: (item.remittance_id.id, item.status != REVERSAL, item.index)
        ):
            if claim.state == "parked":
                claim._rcm_release()
        return self.filtered(lambda item: item.state == "posted")

    def _rcm_decided_by_hand(self):
        """Those about which a person has decided more than to try again."""
        return self.filtered(
            lambda claim: any(
                value
                for key, value in (claim.override or {}).items()
                if key != "reason"
            )
        )

    def _rcm_match_unapplied(self):
        """The parked cash and the lines that used it up belong together."""
        Line = self.env["account.move.line"].sudo()  # part of posting
        lines = Line.search(
            [
                ("rcm_remittance_claim_id", "in", self._rcm_family().ids),
                ("rcm_purpose", "=", purposes.UNAPPLIED),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
            ]
        )
        if lines.account_id.filtered("reconcile") and len(lines) > 1:
            Line._rcm_reconcile([lines])

    def _rcm_reprocess(self, case):
        """Try the release again with what is known now."""
        if self.state != "parked":
            return True
        return self._rcm_release()

    # ------------------------------------------------------------------
    # Not ours
    # ------------------------------------------------------------------
    def _rcm_not_ours(self, reason):
        """Confirm that the money is not ours: we owe it to the payer from now on."""
        self.ensure_one()
        if self.state != "parked":
            raise UserError(self.env._("%s is not parked.", self.display_name))
        if self.paid < 0:
            raise UserError(
                self.env._("A negative claim cannot be given back; match it instead.")
            )
        remittance = self.remittance_id
        move = self.env["account.move"]
        if not self.currency_id.is_zero(self.paid):
            move = self._rcm_not_ours_entry(remittance)
            self.env["rcm.payer.overpayment"]._rcm_open(
                remittance,
                "not_ours",
                self.payer_claim_number or self.control_number,
                to_decimal(self.paid),
                claim=self,
            )
        self._rcm_set_state("not_ours", move_id=move.id)
        self._rcm_match_unapplied()
        self._rcm_resolve_cases(None, reason)
        self._rcm_emit("remittance.claim_not_ours", {"reason": [None, reason]})
        remittance._rcm_after_release()

    def _rcm_not_ours_entry(self, remittance):
        accounts = self.company_id._rcm_accounts()
        partner = remittance.payer_id.partner_id.commercial_partner_id
        lines = [
            {
                "name": f"{remittance.trace} {self.payer_claim_number or ''}".strip(),
                "account_id": accounts[purpose].id,
                "partner_id": partner.id,
                "balance": balance,
                "rcm_purpose": purpose,
                "rcm_facility_id": remittance.facility_id.id,
                "rcm_remittance_claim_id": self.id,
            }
            for purpose, balance in (
                (purposes.UNAPPLIED, self.paid),
                (purposes.PAYER_OVERPAYMENT, -self.paid),
            )
        ]
        return self.env["account.move"]._rcm_post_entries(
            [
                {
                    "move_type": "entry",
                    "journal_id": self.company_id._rcm_journal("remittance").id,
                    "company_id": self.company_id.id,
                    "currency_id": self.currency_id.id,
                    "date": remittance._rcm_posting_date(),
                    "ref": remittance.display_name,
                    "rcm_kind": "remittance",
                    "rcm_correlation_id": remittance.correlation_id,
                    "line_ids": [Command.create(vals) for vals in lines],
                }
            ]
        )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_resolve(self):
        """Open the resolutions of an unpostable claim."""
        self.ensure_one()
        self.env.user._rcm_require("cash_poster", "finance_manager")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Resolve %s", self.display_name),
            "res_model": "rcm.remittance.resolve",
            "view_mode": "form",
            "target": "new",
            "context": {"default_remittance_claim_id": self.id},
        }

    def action_release(self):
        """Try to release these parked claims as they are."""
        self.env.user._rcm_require("cash_poster", "finance_manager")
        self.check_access("read")
        for claim in self.filtered(lambda item: item.state != "parked"):
            raise UserError(
                self.env._("%(name)s is not parked.", name=claim.display_name)
            )
        # Role and access were checked; posting writes the ledger.
        released = self.sudo()._rcm_release_in_order()
        results = Counter(claim in released for claim in self)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": self.env._(
                    "%(done)s released, %(left)s still parked.",
                    done=results[True],
                    left=results[False],
                ),
                "type": "success" if results[True] else "warning",
                "next": {"type": "ir.actions.act_window_close"},
            },
        }


class RcmRemittance(models.Model):
    _inherit = "rcm.remittance"

    def _rcm_after_release(self):
        """Count what is still parked; with the last one the remittance is posted."""
        self.ensure_one()
        parked = self.claim_ids.filtered(lambda claim: claim.state == "parked")
        total = sum((to_decimal(claim.paid) for claim in parked), Decimal(0))
        self._rcm_write(
            {
                "parked_count": len(parked),
                "parked_total": self._rcm_money(total),
                "posted_total": self._rcm_money(to_decimal(self.claim_total) - total),
            }
        )
        if not parked and self.state == "posted_with_parked":
            self._rcm_set_state("posted")
            if self.currency_id.is_zero(self.amount):
                self._rcm_set_state("reconciled")
