from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.errors import PredecessorMissing, RcmPermanent
from ..core.states import can_move
from .rcm_claim_flow import _reason_code

ANSWERS = ("accepted", "rejected")
AWAITING = ("submitted", "partly_acknowledged")
OVERDUE = "acknowledgement_overdue"


class RcmSubmissionBatch(models.Model):
    """What the receiver of a batch says: taken in, or not."""

    _inherit = "rcm.submission.batch"

    def _rcm_due_after(self, moment):
        """When an acknowledgement of what was sent at ``moment`` is late."""
        hours = int(
            self.env["ir.config_parameter"]
            .sudo()  # a tuning value
            .get_param("healthcare_rcm_base.acknowledgement_hours", 48)
        )
        return moment + timedelta(hours=hours)

    @api.model
    def _rcm_receive_acknowledgement(
        self, company, status, number=None, claims=(), reasons=()
    ):
        """Take in an acknowledgement of a batch, or of single claims.

        :param str number: the batch; without it the claims name themselves
        :param claims: (control number, status, reason codes) of single claims, which
            say more than the batch as a whole
        :raise PredecessorMissing: nothing of that name has been sent yet
        """
        if status not in ANSWERS:
            raise RcmPermanent("status_unknown", "not an answer to a submission")
        lines = self.env["rcm.submission.line"]
        if number:
            batch = self._rcm_find_sent(company, number)
            if not batch:
                raise PredecessorMissing(f"submission:{number}")
            lines = batch.line_ids
        found = self.env["rcm.claim"]._rcm_find_by_control_number(
            [claim_number for claim_number, _status, _reasons in claims], company
        )
        touched = lines.batch_id
        for claim_number, answer, codes in claims:
            claim = found.get(claim_number)
            if not claim:
                raise PredecessorMissing(f"claim:{claim_number}")
            line = claim._rcm_sent_line(lines)
            claim._rcm_acknowledged(answer, codes, line)
            touched |= line.batch_id
        if number:
            lines.batch_id._rcm_acknowledge(status, reasons)
        touched._rcm_settle_acknowledgement()
        return touched

    @api.model
    def _rcm_find_sent(self, company, number):
        """The batch of this number, once it was sent; nothing without a number."""
        return self.search(
            [
                ("company_id", "=", company.id),
                ("name", "=", number or ""),
                ("state", "in", (*AWAITING, "acknowledged")),
            ]
        )

    def _rcm_acknowledge(self, status, reasons=()):
        """The same answer for every claim that has none of its own."""
        for batch in self:
            if batch.state == "acknowledged":
                continue
            batch._rcm_check_state(*AWAITING)
            for line in batch.line_ids.filtered(lambda item: item.state == "submitted"):
                line.claim_id._rcm_acknowledged(status, reasons, line)
        self._rcm_settle_acknowledgement()

    def _rcm_settle_acknowledgement(self):
        """Batches whose claims are all answered are acknowledged."""
        for batch in self.filtered(lambda item: item.state in AWAITING):
            states = set(batch.line_ids.mapped("state"))
            if "submitted" not in states:
                batch._rcm_set_state(
                    "acknowledged", acknowledged_at=fields.Datetime.now()
                )
                batch._rcm_resolve_cases([OVERDUE], self.env._("Acknowledged."))
            elif states & {"accepted", "rejected"}:
                batch._rcm_set_state("partly_acknowledged")

    def _rcm_reprocess(self, case):
        """Nothing to run again: an answer, or a person's word, closes the case."""
        return all(batch.state == "acknowledged" for batch in self)

    @api.model
    def _cron_watch_acknowledgements(self):
        """Scheduled action: batches nobody answered in time get a case."""
        late = self.search(
            [
                ("state", "in", AWAITING),
                ("acknowledgement_due", "<", fields.Datetime.now()),
                ("rcm_open_case_count", "=", 0),
            ]
        )
        for batch in late:
            waiting = batch.line_ids.filtered(lambda line: line.state == "submitted")
            batch._rcm_raise_case(
                OVERDUE,
                self.env._(
                    "%(count)s claims of batch %(name)s were sent and never "
                    "acknowledged.",
                    count=len(waiting),
                    name=batch.name,
                ),
                amount=sum(waiting.mapped("amount")),
            )


class RcmClaim(models.Model):
    """A claim on its way: batch, hand-off, acknowledgement."""

    _inherit = "rcm.claim"

    submission_line_ids = fields.One2many(
        "rcm.submission.line", "claim_id", string="Submissions", readonly=True
    )
    open_batch_id = fields.Many2one(
        "rcm.submission.batch",
        string="In Batch",
        compute="_compute_open_batch_id",
        search="_search_open_batch_id",
    )

    @api.depends("submission_line_ids.is_open")
    def _compute_open_batch_id(self):
        for claim in self:
            claim.open_batch_id = claim._rcm_open_line().batch_id

    @api.model
    def _search_open_batch_id(self, operator, value):
        if operator != "in":
            return NotImplemented
        value = set(value)
        lines = fields.Domain("is_open", "=", True)
        found = fields.Domain(
            "submission_line_ids",
            "any",
            lines & fields.Domain("batch_id", "in", list(value - {False})),
        )
        if False in value:
            found |= fields.Domain("submission_line_ids", "not any", lines)
        return found

    # ------------------------------------------------------------------
    # Gathering
    # ------------------------------------------------------------------
    def action_add_to_batch(self):
        """Put these claims into numbered batches by where they go."""
        claims = self._rcm_as("biller")
        batches, refused = self.env["rcm.submission.batch"].sudo()._rcm_gather(claims)
        if not batches:
            return self._rcm_notify(
                "warning", "\n".join(dict.fromkeys(refused.values()))
            )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_rcm_base.rcm_submission_batch_action"
        )
        action["domain"] = [("id", "in", batches.ids)]
        if len(batches) == 1:
            action.update(views=[(False, "form")], res_id=batches.id)
        return action

    def _rcm_batch_refusal(self):
        """Why this claim cannot go into a batch now; nothing when it can."""
        self.ensure_one()
        if self.open_batch_id:
            return self.env._(
                "%(claim)s is in batch %(batch)s already.",
                claim=self.display_name,
                batch=self.open_batch_id.name,
            )
        if self.correction_mode == "reopening":
            return self.env._(
                "%(claim)s is a reopening: ask the payer by phone or portal, then mark "
                "it as submitted.",
                claim=self.display_name,
            )
        if not self.is_submittable:
            return self.env._(
                "%(claim)s is not ready to submit.", claim=self.display_name
            )
        return False

    def _rcm_open_line(self):
        self.ensure_one()
        return self.submission_line_ids.filtered("is_open")[:1]

    def _rcm_sent_line(self, among):
        """The line that waits for an answer, of a batch or the last one sent."""
        self.ensure_one()
        lines = self.submission_line_ids & among if among else self.submission_line_ids
        answered = (*ANSWERS, "submitted")
        return lines.filtered(lambda line: line.state in answered).sorted("id")[-1:]

    # ------------------------------------------------------------------
    # Frozen while in a batch
    # ------------------------------------------------------------------
    def _rcm_check_no_open_batch(self):
        """The files say what the claim says: nothing changes under them."""
        for claim in self:
            if claim.open_batch_id:
                raise UserError(
                    self.env._(
                        "Claim %(claim)s is in batch %(batch)s. Remove it there, or "
                        "cancel the batch, first.",
                        claim=claim.display_name,
                        batch=claim.open_batch_id.name,
                    )
                )

    def _rcm_hold(self):
        self._rcm_check_no_open_batch()
        return super()._rcm_hold()

    def _rcm_back_to_draft(self):
        self._rcm_check_no_open_batch()
        return super()._rcm_back_to_draft()

    def _rcm_void(self):
        self._rcm_check_no_open_batch()
        return super()._rcm_void()

    # ------------------------------------------------------------------
    # Hand-off and answers
    # ------------------------------------------------------------------
    def _rcm_hand_off(self, reference):
        """The claims went to a billing platform, which sends them to the payer."""
        for claim in self:
            claim._rcm_check_submittable()
        self._rcm_set_state("pending_interface", submission_reference=reference)

    def _rcm_state_before_platform(self):
        """Where a claim goes that the platform did not take in: it is due again."""
        self.ensure_one()
        if self.leg_ids.filtered(lambda leg: leg.state == "reversed"):
            return "reopened"
        return "adjudicated" if self.leg_ids.filtered("adjudicated_date") else "cleared"

    def _rcm_acknowledged(self, status, reasons, line):
        """The receiver took the claim in, or not. The same answer twice is one."""
        self.ensure_one()
        codes = ", ".join(filter(None, map(_reason_code, reasons))) or False
        if line.state == status:
            return
        if line and not can_move("submission_line", line.state, status):
            self._rcm_emit(
                "rcm.claim.acknowledgement_ignored", {"status": [None, status]}
            )
            return
        if line:
            line._rcm_set_state(status, reason_codes=codes)
        self._rcm_emit(
            "rcm.claim.acknowledged",
            {"status": [None, status], "reasons": [None, codes]},
        )
        if status == "accepted":
            return
        if self.state == "pending_interface":
            self._rcm_set_state(self._rcm_state_before_platform())
            self._rcm_raise_case(
                "claim_rejected",
                self.env._(
                    "The billing platform did not take the claim in (%(reason)s).",
                    reason=codes or self.env._("see its answer"),
                ),
                amount=self.total_charge,
            )
        else:
            self._rcm_apply_status("rejected", reason=(codes or "").split(",")[0])

    def _rcm_mark_submitted(self, submitted_at, reference=None, payer=None):
        """Claims sent by other means leave the batch they were gathered in."""
        result = super()._rcm_mark_submitted(submitted_at, reference, payer)
        lines = self.submission_line_ids.filtered("is_open")
        lines._rcm_set_state("submitted", is_open=False)
        return result
