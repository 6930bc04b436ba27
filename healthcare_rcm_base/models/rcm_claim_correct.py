from odoo import api, fields, models

from ..core import claim_versions
from ..core.claim_versions import VOID
from ..tools import bulk_update

WAITING = "correction_waiting"


class RcmClaim(models.Model):
    """Correcting billed claims as their payers want it."""

    _inherit = "rcm.claim"

    def _rcm_correct(self, reason):
        """Correct this claim as its payer wants it; return the draft version.

        Called when a billed charge was corrected or a late one came. A correction
        that is drafted already takes the new data in. What cannot be corrected now
        gets a case that says what it waits for, and nothing is returned.
        """
        drafts = self.browse()
        for claim in self:
            pending = claim._rcm_successor()
            if pending.state == "draft" and pending.frequency_code != VOID:
                drafts |= pending._rcm_refresh()
                continue
            mode = claim.payer_id.correction_mode
            frequency = claim_versions.frequency_for(mode)
            step = claim_versions.next_version(frequency, claim._rcm_version_facts())
            if isinstance(step, claim_versions.Refusal):
                claim._rcm_raise_case(
                    WAITING,
                    claim._rcm_version_refusal(step.code),
                    amount=claim.total_charge,
                )
                continue
            drafts |= claim._rcm_new_version(frequency, reason, mode=mode)
            claim._rcm_resolve_cases([WAITING], self.env._("Corrected."))
        return drafts

    @api.model
    def _rcm_note_payer_numbers(self, numbers, payer=None):
        """Keep the payer's own claim numbers; corrections that wait for them go on.

        :param dict numbers: {claim id: number}
        :param payer: who says so; a later payer's number is that payer's alone,
            since replacements go to the first
        """
        claims = self.browse(numbers).filtered(
            lambda claim: not payer or payer == claim.payer_id
        )
        changes = {
            claim.id: {"payer_claim_number": [claim.payer_claim_number, number]}
            for claim in claims
            if (number := (numbers[claim.id] or "").strip())
            and number != claim.payer_claim_number
        }
        if not changes:
            return
        bulk_update(
            self,
            {
                id_: {"payer_claim_number": delta["payer_claim_number"][1]}
                for id_, delta in changes.items()
            },
        )
        noted = self.browse(changes)
        noted._rcm_emit("rcm.claim.payer_number", changes_by_id=changes)
        Case = self.env["rcm.exception.case"].sudo()  # a step, not a look at cases
        waiting = Case.search(
            Case._rcm_open_domain()
            & fields.Domain("res_model", "=", self._name)
            & fields.Domain("res_id", "in", noted.ids)
            & fields.Domain("type_code", "=", WAITING)
        )
        self.browse(waiting.mapped("res_id")).filtered(
            lambda claim: claim._rcm_standing() in claim_versions.SENT
        )._rcm_correct(self.env._("Corrected when its number came"))

    def _rcm_reprocess(self, case):
        if case.type_code == WAITING:
            self._rcm_correct(self.env._("Corrected when it could be"))
            return all(claim._rcm_successor() for claim in self)
        return super()._rcm_reprocess(case)


class RcmClaimLine(models.Model):
    """Which lines a correction changes."""

    _inherit = "rcm.claim.line"

    is_changed = fields.Boolean(
        compute="_compute_is_changed",
        string="Changed",
        help="Differs from the version before; some payers are sent these alone.",
    )

    @api.depends("claim_id.replaces_id")
    def _compute_is_changed(self):
        for line in self:
            before = line.claim_id.replaces_id.line_ids.filtered(
                lambda other, line=line: other.charge_id == line.charge_id
            )
            line.is_changed = bool(line.claim_id.replaces_id) and (
                not before or line._rcm_said() != before[:1]._rcm_said()
            )

    def _rcm_said(self):
        """What the line tells the payer."""
        self.ensure_one()
        return [self[name] for name in self._rcm_told_fields()]

    @api.model
    def _rcm_told_fields(self):
        """Fields whose change makes a line a corrected one."""
        return (
            "code",
            "modifiers",
            "units",
            "charge_amount",
            "diagnosis_pointers",
            "service_date",
            "place_of_service",
            "revenue_code",
        )
