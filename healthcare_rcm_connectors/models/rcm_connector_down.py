from odoo import api, fields, models

from ..protocol import outbound

CASE = "interface_down"
PENDING = "pending_interface"
CRON = "healthcare_rcm_connectors.cron_pending_interface"
ROLES = ("administrator", "integration_support")
BATCH_SIZE = 100


class RcmConnector(models.Model):
    """An interface that is down: what goes through it waits visibly, then catches up.

    Claims that are ready to go out through it, to their first payer or to the next,
    become *pending interface*, oldest first; its own events are taken and kept. When
    it is up again both go on in the order in which they came.
    """

    _inherit = "rcm.connector"
    _rcm_reprocess_roles = ROLES

    state = fields.Selection(
        selection_add=[("down", "Down")],
        ondelete={"down": "set default"},
    )
    carries_claims = fields.Boolean(
        help="Claims and invoices of its facilities go out through this system. While "
        "it is down they wait as “pending interface”."
    )
    carried_payer_ids = fields.Many2many(
        "rcm.payer",
        string="Carried Payers",
        check_company=True,
        help="Only claims to these payers. Empty: to every payer.",
    )
    down_since = fields.Datetime(readonly=True, copy=False)
    down_by = fields.Selection(
        [("hand", "A person"), ("circuit", "Repeated failures")],
        string="Marked Down By",
        readonly=True,
        copy=False,
    )
    pending_claim_count = fields.Integer(
        string="Pending Claims", compute="_compute_pending_claims"
    )
    pending_claim_amount = fields.Monetary(
        string="Pending Amount", compute="_compute_pending_claims"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")

    def _compute_pending_claims(self):
        # Numbers; who may see the claims themselves is their own rules' matter.
        groups = (
            self.env["rcm.claim"]
            .sudo()
            ._read_group(
                [
                    ("pending_connector_id", "in", self.ids),
                    ("state", "=", PENDING),
                ],
                ["pending_connector_id"],
                ["__count", "total_charge:sum"],
            )
        )
        found = {connector.id: (count, total) for connector, count, total in groups}
        for record in self:
            count, total = found.get(record.id, (0, 0.0))
            record.pending_claim_count = count
            record.pending_claim_amount = total

    def _rcm_case_amount(self):
        """What waits for the interface."""
        return self.pending_claim_amount

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    def write(self, vals):
        if "state" not in vals:
            return super().write(vals)
        was_down = {record.id: record.state == "down" for record in self}
        result = super().write(vals)
        is_down = vals["state"] == "down"
        changed = self.filtered(lambda record: was_down[record.id] != is_down)
        if not changed:
            return result
        since = {"down_since": fields.Datetime.now(), "down_by": "hand"}
        ended = {"down_since": False, "down_by": False}
        super(RcmConnector, changed).write(since if is_down else ended)
        if is_down:
            changed._rcm_note_down()
        else:
            changed._rcm_note_up()
        return result

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_mark_down(self):
        """The interface does not work: let what goes through it wait."""
        self._rcm_switch("down")

    def action_open_pending(self):
        """Open the claims that wait for this interface."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_rcm_base.rcm_claim_action"
        )
        domain = [("pending_connector_id", "=", self.id), ("state", "=", PENDING)]
        return {**action, "domain": domain, "context": {"create": False}}

    def _rcm_reprocess(self, case):
        """Try again: the interface counts as up until it fails once more."""
        self.action_resume()
        return all(record.state != "down" for record in self)

    # ------------------------------------------------------------------
    # Down and up
    # ------------------------------------------------------------------
    def _rcm_note_down(self):
        self._rcm_put_aside()
        carriers = self.filtered("carries_claims")
        carriers._rcm_raise_case(
            CASE,
            self.env._(
                "The interface is down: claims and invoices that go through it wait."
            ),
        )
        (self - carriers)._rcm_raise_case(
            CASE, self.env._("The interface is down: its events wait in order.")
        )
        self.env["ir.cron"]._rcm_wake(CRON)

    def _rcm_note_up(self):
        self._rcm_resolve_cases([CASE], self.env._("The interface is up again."))
        self.env["ir.cron"]._rcm_wake(CRON)
        self.env["rcm.event"]._rcm_wake_processing()

    def _rcm_circuit_opened(self):
        """One of its pulls or webhooks failed again and again."""
        working = self.filtered(lambda record: record.state == "active")
        working.state = "down"
        working.down_by = "circuit"

    def _rcm_circuit_closed(self):
        """One of them works again: up, unless a person said down or another fails."""
        for record in self:
            if record.state == "down" and record.down_by == "circuit":
                if not record._rcm_is_failing():
                    record.state = "active"

    def _rcm_is_failing(self):
        """Whether the circuit of one of its pulls or webhooks is open."""
        self.ensure_one()
        domain = [
            ("connector_id", "=", self.id),
            ("failures", ">=", outbound.BREAKER_FAILURES),
        ]
        return any(
            self.env[model].search_count(domain, limit=1)
            for model in ("rcm.connector.pull", "rcm.webhook")
        )

    # ------------------------------------------------------------------
    # Claims
    # ------------------------------------------------------------------
    @api.model
    def _cron_pending_interface(self):
        """Put aside what cannot go out, and let go on what can again, in order."""
        cron = self.env["ir.cron"]
        in_cron = bool(self.env.context.get("ir_cron_progress_id"))
        for connector in self.search([("state", "=", "down")]):
            while done := connector._rcm_put_aside():
                if in_cron and not cron._commit_progress(done):
                    return
        while done := self._rcm_let_go():
            if in_cron and not cron._commit_progress(done):
                return

    def _rcm_carried_domain(self):
        """Claims that are ready to go out through this interface."""
        self.ensure_one()
        Claim = self.env["rcm.claim"]
        domain = (
            Claim._submittable_domain()
            & fields.Domain("company_id", "=", self.company_id.id)
            & fields.Domain("open_batch_id", "=", False)
        )
        if self.facility_ids:
            domain &= fields.Domain("facility_id", "in", self.facility_ids.ids)
        if self.carried_payer_ids:
            domain &= fields.Domain("goes_to_id", "in", self.carried_payer_ids.ids)
        return domain

    def _rcm_put_aside(self):
        """Make the next claims of these interfaces pending; return how many."""
        count = 0
        for connector in self.filtered("carries_claims"):
            domain = connector._rcm_carried_domain()
            # A step of the system: whoever marks it down need not see claims.
            Claim = self.env["rcm.claim"].sudo()
            found = Claim.search(domain, order="id", limit=BATCH_SIZE)
            claims = found.try_lock_for_update().filtered_domain(domain)
            claims._rcm_wait_for(connector)
            count += len(claims)
        return count

    @api.model
    def _rcm_let_go(self):
        """Give the next pending claims back whose interface is up; return how many."""
        # A step of the system: whoever marks it up need not see claims.
        found = (
            self.env["rcm.claim"]
            .sudo()
            .search(
                [
                    ("state", "=", PENDING),
                    ("pending_connector_id", "!=", False),
                    ("pending_connector_id.state", "!=", "down"),
                ],
                order="pending_since, id",
                limit=BATCH_SIZE,
            )
        )
        claims = found.try_lock_for_update().filtered_domain([("state", "=", PENDING)])
        claims._rcm_wait_no_more()
        return len(claims)
