from itertools import groupby

from odoo import api, fields, models

PENDING = "pending_interface"
# Under a hold it waits still; every other state ends the wait.
WAITING = (PENDING, "on_hold")
CRON = "healthcare_rcm_connectors.cron_pending_interface"


class RcmClaim(models.Model):
    """A claim whose way out is down says so, wherever it is looked at."""

    _inherit = "rcm.claim"

    pending_connector_id = fields.Many2one(
        "rcm.connector",
        string="Waits For Interface",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    pending_since = fields.Datetime(readonly=True, copy=False)
    pending_from_state = fields.Char(
        string="State Before Waiting", readonly=True, copy=False
    )
    pending_text = fields.Char(
        string="Pending Interface", compute="_compute_pending_text"
    )

    @api.model
    def _rcm_protected_fields(self):
        names = {"pending_connector_id", "pending_since", "pending_from_state"}
        return super()._rcm_protected_fields() | names

    @api.depends("state", "pending_connector_id")
    def _compute_pending_text(self):
        for claim in self:
            claim.pending_text = claim._rcm_pending_text()

    def _rcm_pending_text(self):
        """One sentence for people who may not see connectors either."""
        self.ensure_one()
        # Its name and since when: nothing else of the connector.
        connector = self.pending_connector_id.sudo()
        if self.state != PENDING or not connector:
            return False
        return self.env._(
            "Waits for the interface %(name)s since %(since)s; it goes on by itself.",
            name=connector.name,
            since=fields.Datetime.context_timestamp(
                self, self.pending_since or connector.down_since
            ).strftime("%Y-%m-%d %H:%M"),
        )

    def _rcm_next_step(self):
        return self._rcm_pending_text() or super()._rcm_next_step()

    # ------------------------------------------------------------------
    # Waiting
    # ------------------------------------------------------------------
    def _rcm_wait_for(self, connector):
        """Make these claims pending, and note what they were before."""
        for state, claims in self.grouped("state").items():
            claims._rcm_set_state(
                PENDING,
                pending_connector_id=connector.id,
                pending_since=fields.Datetime.now(),
                pending_from_state=state,
            )

    def _rcm_wait_no_more(self):
        """Give these claims back as they were, in this order."""
        # only neighbours are taken together, which Odoo's own groupby would not
        runs = groupby(self, _state_before)  # pylint: disable=bad-builtin-groupby
        for state, claims in runs:
            self.browse().concat(*claims)._rcm_set_state(state)

    def _rcm_set_state(self, new_state, **vals):
        """Whatever takes a claim out of the state it waits in ends its wait."""
        waiting = self.filtered("pending_connector_id")
        if new_state in WAITING or not waiting:
            return super()._rcm_set_state(new_state, **vals)
        super(RcmClaim, self - waiting)._rcm_set_state(new_state, **vals)
        ended = dict.fromkeys(
            ("pending_connector_id", "pending_since", "pending_from_state"), False
        )
        return super(RcmClaim, waiting)._rcm_set_state(new_state, **{**ended, **vals})

    def _rcm_standing(self):
        """For us it only waits: its payers, and their remittances, see it as it was."""
        standing = super()._rcm_standing()
        if standing == PENDING and self.pending_connector_id:
            return _state_before(self)
        return standing

    def _rcm_asked_state(self):
        return self._rcm_standing() if self.state == PENDING else self.state

    def _rcm_end_wait(self):
        """Something else happens to these claims; the sweep sees if they wait on."""
        waiting = self.filtered(
            lambda claim: claim.state == PENDING and claim.pending_connector_id
        )
        if waiting:
            waiting._rcm_wait_no_more()
            self.env["ir.cron"]._rcm_wake(CRON)

    def _rcm_mark_adjudicated(self, payer=None):
        self._rcm_end_wait()
        return super()._rcm_mark_adjudicated(payer)

    def _rcm_reopen(self, payer=None):
        self._rcm_end_wait()
        return super()._rcm_reopen(payer)

    def _rcm_close(self):
        self._rcm_end_wait()
        return super()._rcm_close()

    def _rcm_back_to_draft(self):
        self._rcm_end_wait()
        return super()._rcm_back_to_draft()

    def _rcm_apply_status(self, status, payer_claim_number=None, reason=None):
        """News of the payer that has decided is no news of the one it waits for."""
        decided = self.filtered(lambda claim: _state_before(claim) != "cleared")
        decided._rcm_end_wait()
        return super()._rcm_apply_status(status, payer_claim_number, reason)

    # ------------------------------------------------------------------
    # Batches
    # ------------------------------------------------------------------
    def _rcm_batch_refusal(self):
        refusal = self._rcm_pending_text() or super()._rcm_batch_refusal()
        if refusal:
            return refusal
        # It became ready just now, and was not put aside yet.
        carrier = self._rcm_down_carrier()
        if not carrier:
            return False
        return self.env._(
            "%(claim)s goes out through %(name)s, which is down.",
            claim=self.display_name,
            name=carrier.name,
        )

    def _rcm_down_carrier(self):
        """The interface this claim would go out through, when it is down."""
        self.ensure_one()
        payer = self._rcm_due_leg().payer_id or self.payer_id
        # Which interfaces are down decides, whoever gathers claims.
        down = (
            self.env["rcm.connector"]
            .sudo()
            .search(
                [
                    ("state", "=", "down"),
                    ("carries_claims", "=", True),
                    ("company_id", "=", self.company_id.id),
                ]
            )
        )
        return down.filtered(
            lambda one: (
                (not one.facility_ids or self.facility_id in one.facility_ids)
                and (not one.carried_payer_ids or payer in one.carried_payer_ids)
            )
        )[:1]


def _state_before(claim):
    return claim.pending_from_state or "cleared"


class RcmRemittance(models.Model):
    """A remittance meets a claim that waits for our interface as it was before."""

    _inherit = "rcm.remittance"

    def _rcm_claim_versions(self, numbers):
        versions = super()._rcm_claim_versions(numbers)
        rows = {
            row["id"]: row
            for found in versions.values()
            for row in found
            if row["state"] == PENDING
        }
        # What is known of a claim is asked by the posting, not by a person.
        for claim in self.env["rcm.claim"].sudo().browse(rows):
            rows[claim.id]["state"] = claim._rcm_standing()
        return versions


class AccountMove(models.Model):
    """The invoice of a claim that waits for an interface says so too."""

    _inherit = "account.move"

    rcm_pending_text = fields.Char(
        string="Pending Interface",
        compute="_compute_rcm_pending_text",
        search="_search_rcm_pending_text",
    )

    @api.depends("rcm_claim_id.state", "rcm_claim_id.pending_connector_id")
    def _compute_rcm_pending_text(self):
        for move in self:
            # Whoever sees the invoice is told why it waits.
            claim = move.rcm_claim_id.sudo()
            move.rcm_pending_text = claim._rcm_pending_text() if claim else False

    @api.model
    def _search_rcm_pending_text(self, operator, value):
        """Only “waits” and “does not”."""
        if operator != "in" or set(value) - {False, ""}:
            return NotImplemented
        waits = fields.Domain(
            "rcm_claim_id.pending_connector_id", "!=", False
        ) & fields.Domain("rcm_claim_id.state", "=", PENDING)
        return ~waits


class RcmConnectorPull(models.Model):
    """Failures in a row open the connector's circuit, an answer closes it."""

    _inherit = "rcm.connector.pull"

    def _rcm_note_success(self):
        result = super()._rcm_note_success()
        self.connector_id._rcm_circuit_closed()
        return result

    def _rcm_note_failure(self, code):
        result = super()._rcm_note_failure(code)
        if self.connector_id._rcm_is_failing():
            self.connector_id._rcm_circuit_opened()
        return result


class RcmWebhook(models.Model):
    """A webhook may be one side of an interface: its breaker is the circuit."""

    _inherit = "rcm.webhook"

    connector_id = fields.Many2one(
        "rcm.connector",
        string="Interface",
        index="btree_not_null",
        domain="[('company_id', '=', company_id)]",
        help="The system behind this address. After several failures in a row it is "
        "marked down, and what goes through it waits.",
    )

    def _rcm_note_success(self, now):
        result = super()._rcm_note_success(now)
        self.connector_id._rcm_circuit_closed()
        return result

    def _rcm_note_failure(self, now):
        result = super()._rcm_note_failure(now)
        if self.connector_id and self.connector_id._rcm_is_failing():
            self.connector_id._rcm_circuit_opened()
        return result
