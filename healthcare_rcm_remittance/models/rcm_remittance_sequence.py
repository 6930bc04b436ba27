from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..settlement import purposes
from ..settlement.facts import DATE_BY_RECEIPT, HOLD_UNDATED
from ..settlement.outcome import POST

OVERDUE = "remittance_hold_overdue"
WAITING_STATES = ("held", "approval")


class RcmRemittance(models.Model):
    """Sequencing: what came too early waits, with a deadline, and goes on by itself.

    Whatever a remittance waits for (a claim, a status, a payer, a payee, an account, a
    rule, an open period) takes it up again when it comes. Once a night everything that
    waits is tried again, and what waits past its deadline gets a case of its own.
    """

    _inherit = "rcm.remittance"
    hold_since = fields.Datetime(readonly=True, copy=False)
    hold_deadline = fields.Date(
        string="Hold Until",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="What it waits for is expected by then; after it the hold is a case of "
        "its own.",
    )
    receipt_dated = fields.Boolean(
        string="Dated by Receipt",
        readonly=True,
        copy=False,
        help="The payer gave no payment date (BPR16); the day it came counts.",
    )
    same_interchange_id = fields.Many2one(
        "rcm.remittance",
        string="Same Interchange",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="An earlier remittance came under the same interchange, group and "
        "transaction number with another content.",
    )

    @api.model
    def _rcm_protected_fields(self):
        return super()._rcm_protected_fields() | {
            "hold_since",
            "hold_deadline",
            "receipt_dated",
            "same_interchange_id",
        }

    # ------------------------------------------------------------------
    # Holding
    # ------------------------------------------------------------------
    def _rcm_hold(self):
        """Hold it, from now until its deadline; a hold that goes on keeps its own."""
        self.ensure_one()
        if self.state == "held":
            return
        days = self.company_id.rcm_hold_days
        deadline = fields.Date.context_today(self) + timedelta(days=days)
        self._rcm_set_state(
            "held",
            hold_since=fields.Datetime.now(),
            hold_deadline=deadline if days else False,
        )

    def _rcm_end_hold(self):
        """What it waited for is there."""
        if self.hold_since:
            self._rcm_write({"hold_since": False, "hold_deadline": False})
        self._rcm_resolve_cases([OVERDUE], self.env._("No longer on hold."))

    @api.model
    def _cron_watch_holds(self):
        """Once a night: try everything again that waits; tell what waits too long."""
        today = fields.Date.context_today(self)
        waiting = self.search(
            [
                ("state", "in", ("held", "posted_with_parked")),
                ("duplicate_of_id", "=", False),
            ]
        )
        waiting._rcm_wake_again()
        late = self.search([("state", "=", "held"), ("hold_deadline", "<", today)])
        for remittance in late:
            remittance._rcm_raise_case(
                OVERDUE,
                self.env._(
                    "On hold since %(since)s; it was to go on by %(deadline)s.",
                    since=fields.Date.to_string(remittance.hold_since),
                    deadline=fields.Date.to_string(remittance.hold_deadline),
                ),
                amount=remittance.amount,
            )

    # ------------------------------------------------------------------
    # Going on
    # ------------------------------------------------------------------
    @api.model
    def _rcm_wake_cases(self, types, companies=None):
        """Take up remittances that wait by a case of these types.

        Also those whose parked claims wait by one of them.
        """
        Case = self.env["rcm.exception.case"].sudo()  # a step of the system
        domain = Case._rcm_open_domain() & fields.Domain("type_code", "in", types)
        if companies:
            domain &= fields.Domain("company_id", "in", companies.ids)
        found = {}
        models_ = ("rcm.remittance", "rcm.remittance.claim")
        for model, ids in Case._read_group(
            domain & fields.Domain("res_model", "in", models_),
            ["res_model"],
            ["res_id:array_agg"],
        ):
            found[model] = ids
        waiting = self.sudo().browse(found.get("rcm.remittance", []))
        parked = self.env["rcm.remittance.claim"].sudo()
        parked = parked.browse(found.get("rcm.remittance.claim", []))
        (waiting | parked.remittance_id).exists()._rcm_wake_again()

    def _rcm_wake_again(self):
        """Have these taken up again: what they waited for may be there now."""
        waiting = self.filtered(
            lambda item: item.state in (*WAITING_STATES, "posted_with_parked")
            and not item.retry
        )
        if waiting:
            waiting._rcm_write({"retry": True})
            self.env["ir.cron"]._rcm_wake(
                "healthcare_rcm_remittance.cron_remittance_post"
            )

    @api.model
    def _rcm_other_remittance_of(self, controls):
        """Remittances that wait, whole or in a parked claim, for one of these control
        numbers."""
        self.flush_model(["state"])
        self.env["rcm.remittance.claim"].flush_model(["state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT remittance.id
                  FROM rcm_remittance_claim claim
                  JOIN rcm_remittance remittance
                    ON remittance.id = claim.remittance_id
                 WHERE claim.control_number = ANY(%s)
                   AND (remittance.state IN %s
                        OR (remittance.state = 'posted_with_parked'
                            AND claim.state = 'parked'))
                """,
                list(controls),
                WAITING_STATES,
            )
        )
        return self.browse(id_ for [id_] in rows)

    def _rcm_retry_parked(self):
        """Release parked claims that can be posted now; the others stay as they are.

        What a person set aside or resolved by hand is the person's. All are planned
        at once; only those for which something has changed are taken up.
        """
        self.ensure_one()
        parked = self.claim_ids.filtered(lambda claim: claim.state == "parked")
        parked -= parked._rcm_decided_by_hand()
        if not parked:
            return
        plan = self._rcm_plan(set(parked.mapped("index")), purposes.UNAPPLIED)
        changed = parked.browse()
        for claim in parked:
            outcome = plan.outcome(claim.index)
            known = [item["code"] for item in claim.reasons or ()]
            if outcome.decision == POST or known[:1] != [outcome.reasons[0].code]:
                changed |= claim
        changed._rcm_release_in_order()

    # ------------------------------------------------------------------
    # Payments without a date
    # ------------------------------------------------------------------
    def _rcm_undated_policy(self):
        """What to do without BPR16: the company's rule, or a person's decision."""
        if self.receipt_dated:
            return DATE_BY_RECEIPT
        return self.company_id.rcm_undated_payment or HOLD_UNDATED

    def _rcm_receipt_day(self):
        """The day it came, as the company counts days."""
        came = self.file_id.create_date or self.create_date
        return self.company_id._rcm_day_of(came)

    def _rcm_payment_day(self):
        """The payer's date, else the day it came."""
        return self.payment_date or self._rcm_receipt_day()

    def action_date_by_receipt(self):
        """Post payments without a date with the day they came."""
        self.env.user._rcm_require("cash_poster", "finance_manager")
        self.check_access("read")
        # Role and access were checked; the date rule is protected.
        undated = self.sudo().filtered(
            lambda item: item.state == "held" and not item.payment_date
        )
        undated._rcm_write({"receipt_dated": True})
        undated._rcm_emit(
            "remittance.dated_by_receipt", {"receipt_dated": [False, True]}
        )
        undated._rcm_process()
