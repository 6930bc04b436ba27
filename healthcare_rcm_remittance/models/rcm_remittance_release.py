from collections import Counter
from decimal import Decimal

from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import SQL

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..settlement import purposes
from ..settlement.matching import Candidate, suggest
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
        return True

    def _rcm_match_unapplied(self):
        """The parked cash and the lines that used it up belong together."""
        Line = self.env["account.move.line"].sudo()  # part of posting
        lines = Line.search(
            [
                ("rcm_remittance_claim_id", "=", self.id),
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
    # Suggestions
    # ------------------------------------------------------------------
    def _rcm_suggestions(self):
        """Claims of ours this one may be, best first: [(claim, Suggestion)]."""
        self.ensure_one()
        transaction = self.remittance_id._rcm_transaction()
        claim = next(item for item in transaction.claims if item.index == self.index)
        candidates = self._rcm_candidates(claim)
        found = suggest(claim, self.payer_id.id, candidates)
        claims = self.env["rcm.claim"]._rcm_find_by_control_number(
            [item.control_number for item in found], self.company_id
        )
        return [
            (claims[s.control_number], s) for s in found if s.control_number in claims
        ]

    def _rcm_candidates(self, claim):
        """Claims with the payer's number, or the same charge with this payer."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT claim.name, claim.total_charge::text, claim.service_date,
                       claim.payer_claim_number,
                       array_agg(DISTINCT leg.payer_id),
                       array_agg(DISTINCT cover.member_id)
                  FROM rcm_claim claim
                  LEFT JOIN rcm_claim_leg leg ON leg.claim_id = claim.id
                  LEFT JOIN rcm_coverage cover ON cover.id = leg.coverage_id
                 WHERE claim.company_id = %s
                   AND (claim.payer_claim_number = %s
                        OR (claim.total_charge = %s AND leg.payer_id = %s))
                   AND claim.state NOT IN ('draft', 'void', 'superseded')
                 GROUP BY claim.id
                 ORDER BY claim.service_date DESC
                 LIMIT %s
                """,
                self.company_id.id,
                claim.payer_claim_number or None,
                abs(claim.charge),
                self.payer_id.id or None,
                CANDIDATE_LIMIT,
            )
        )
        return [
            Candidate(
                name,
                Decimal(charge),
                day,
                frozenset(item for item in payers if item),
                number or "",
                frozenset(item for item in members if item),
            )
            for name, charge, day, number, payers, members in rows
        ]

    @api.depends("state", "control_number")
    def _compute_suggestion_html(self):
        for claim in self:
            if claim.state != "parked":
                claim.suggestion_html = False
                continue
            rows = Markup().join(
                Markup("<li><b>%s</b> %s</li>")
                % (found.display_name, ", ".join(suggestion.reasons).replace("_", " "))
                for found, suggestion in claim._rcm_suggestions()
            )
            claim.suggestion_html = Markup("<ul>%s</ul>") % rows if rows else False

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
        # Role and access were checked; posting writes the ledger.
        results = Counter(claim.sudo()._rcm_release() for claim in self)
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

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_plan(self):
        """Make the posting plan anew and show it; nothing is posted."""
        self.env.user._rcm_require("cash_poster", "finance_manager")
        self.check_access("read")
        for remittance in self.sudo():  # planning writes protected fields
            if remittance.state in ("balanced", "matched", "held", "unposted"):
                remittance._rcm_match()

    def action_post(self):
        """Match, ask for approval where a policy wants it, and post."""
        self.env.user._rcm_require("cash_poster", "finance_manager")
        self.check_access("read")
        ready = self.filtered(
            lambda item: item.state in ("balanced", "matched", "held", "approval")
        )
        if not ready:
            raise UserError(self.env._("There is nothing to post here."))
        ready.sudo()._rcm_process()  # role, access and state were checked

    def action_post_parking(self):
        """Post now; claims that are not ready are parked instead of waited for."""
        self.env.user._rcm_require("cash_poster", "finance_manager")
        self.check_access("read")
        held = self.filtered(lambda item: item.state == "held").sudo()  # as above
        held._rcm_write({"park_unready": True})
        held._rcm_emit("remittance.park_unready", {"park_unready": [False, True]})
        held._rcm_process()

    def action_accept_trace(self):
        """A re-used trace number is another payment after all: take it in."""
        self.env.user._rcm_require("finance_manager")
        self.check_access("read")
        for remittance in self.sudo():  # role and access were checked
            if remittance.state != "held" or not remittance.duplicate_of_id:
                raise UserError(self.env._("Its trace number was not used before."))
            remittance._rcm_take_slot(
                f"{remittance.payment_key}|{remittance.content_hash}"
            )
            remittance._rcm_write_logged(
                {remittance.id: {"duplicate_of_id": False}}, "remittance.trace_accepted"
            )
            remittance._rcm_resolve_cases(
                ["remittance_trace_reused"], self.env._("Accepted as another payment.")
            )
            remittance._rcm_process()

    def action_unpost(self):
        """Ask for the reason and take the posting back."""
        self.ensure_one()
        self.env.user._rcm_require("finance_manager")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Unpost %s", self.display_name),
            "res_model": "rcm.remittance.unpost",
            "view_mode": "form",
            "target": "new",
            "context": {"default_remittance_id": self.id},
        }

    def action_journal_entry(self):
        """Show the journal entries of this remittance."""
        self.ensure_one()
        moves = self.move_id | self.claim_ids.move_id | self.reversal_move_id
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Journal Items"),
            "res_model": "account.move.line",
            "view_mode": "list",
            "views": [
                (
                    self.env.ref("healthcare_rcm_base.account_move_line_view_list").id,
                    "list",
                )
            ],
            "domain": [("move_id", "in", moves.ids)],
            "context": {"create": False},
        }

    def action_claims(self):
        """Show the claims of this remittance."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Claims"),
            "res_model": "rcm.remittance.claim",
            "view_mode": "list,form",
            "domain": [("remittance_id", "=", self.id)],
            "context": {"create": False},
        }

    def action_parked(self):
        """Show the claims of this remittance that wait for a person."""
        self.ensure_one()
        action = self.action_claims()
        action["name"] = self.env._("Parked Claims")
        action["domain"] = [("remittance_id", "=", self.id), ("state", "=", "parked")]
        return action

    def action_denials(self):
        """Show the denials this remittance opened."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Denials"),
            "res_model": "rcm.denial",
            "view_mode": "list,kanban,form",
            "domain": [("remittance_id", "=", self.id)],
            "context": {"create": False},
        }
