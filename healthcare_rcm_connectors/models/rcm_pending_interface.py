from odoo import api, fields, models

PENDING = "pending_interface"


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
    pending_text = fields.Char(
        string="Pending Interface", compute="_compute_pending_text"
    )

    @api.model
    def _rcm_protected_fields(self):
        names = {"pending_connector_id", "pending_since"}
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

    def _rcm_mark_submitted(self, submitted_at, reference=None, payer=None):
        """Sent by another way meanwhile: it waits for nothing any more."""
        result = super()._rcm_mark_submitted(submitted_at, reference, payer)
        gone = self.filtered(
            lambda claim: claim.pending_connector_id and claim.state != PENDING
        )
        gone._rcm_write({"pending_connector_id": False, "pending_since": False})
        return result

    def _rcm_batch_refusal(self):
        refusal = self._rcm_pending_text() or super()._rcm_batch_refusal()
        if refusal:
            return refusal
        # A claim due at its next payer, or one that became ready just now.
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
        waits = fields.Domain("rcm_claim_id.pending_connector_id", "!=", False)
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
