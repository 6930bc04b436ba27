"""What came and was left lying: postings, deposits, reconciliation.

Each has a limit of its company; past it, there is one exception case until the work
went on.
"""

from datetime import timedelta

from odoo import api, fields, models

from .rcm_remittance import POSTED_STATES

DELAYED = "posting_delayed"
UNMATCHED = "payment_unmatched"
BACKLOG = "reconciliation_backlog"
SWEEP_BATCH = 200
# Ready or nearly so: nothing is wrong with it, it is just not posted. What is held has
# a deadline of its own.
UNPOSTED_STATES = ("balanced", "matched", "approval")
UNRECONCILED_STATES = ("posted", "posted_with_parked")


class ResCompany(models.Model):
    """How long money may lie before somebody is told."""

    _inherit = "res.company"

    rcm_posting_hours = fields.Integer(
        string="Post Within",
        default=24,
        help="Hours after which a remittance that balances and is not posted becomes "
        "an exception; 0 for never.",
    )
    rcm_unmatched_days = fields.Integer(
        string="Match Deposits Within",
        default=3,
        help="Days after which a cheque or transfer that no remittance explains "
        "becomes an exception of its deposit; 0 for never.",
    )
    rcm_reconcile_days = fields.Integer(
        string="Reconcile Within",
        default=5,
        help="Days after which a posted remittance without its bank deposit, or a "
        "parked claim, counts as backlog; 0 for never.",
    )
    rcm_backlog_limit = fields.Integer(
        string="Backlog Limit",
        default=20,
        help="So many remittances and parked claims may be behind before the nightly "
        "check makes an exception of it.",
    )

    _rcm_backlog_positive = models.Constraint(
        "CHECK(rcm_posting_hours >= 0 AND rcm_unmatched_days >= 0 "
        "AND rcm_reconcile_days >= 0 AND rcm_backlog_limit >= 0)",
        "Limits of delayed work cannot be negative.",
    )

    def _rcm_past_limit(self, limit, day):
        """Domain of what is past ``limit``, a number of days of each company."""
        today = fields.Date.context_today(self)
        return fields.Domain.OR(
            fields.Domain("company_id", "=", company.id)
            & fields.Domain(day, "<", today - timedelta(days=company[limit]))
            for company in self.search([(limit, ">", 0)])
        )


class ResConfigSettings(models.TransientModel):
    """The limits of the current company."""

    _inherit = "res.config.settings"

    rcm_posting_hours = fields.Integer(
        related="company_id.rcm_posting_hours", readonly=False
    )
    rcm_unmatched_days = fields.Integer(
        related="company_id.rcm_unmatched_days", readonly=False
    )
    rcm_reconcile_days = fields.Integer(
        related="company_id.rcm_reconcile_days", readonly=False
    )
    rcm_backlog_limit = fields.Integer(
        related="company_id.rcm_backlog_limit", readonly=False
    )


class RcmRemittance(models.Model):
    """Remittances that are ready and not posted."""

    _inherit = "rcm.remittance"

    @api.model
    def _cron_watch_backlog(self):
        """Tell what came and was left lying.

        Remittances that balance and are not posted for hours, and deposits with
        cheques or transfers that no remittance explains for days, get an exception
        case; those that went on lose theirs. Switched off, nobody is told of either.
        The limits are in the settings.
        """
        self._rcm_run_batches(
            self._rcm_late_domain(), "_rcm_note_delayed", SWEEP_BATCH, DELAYED
        )
        deposits = self.env["rcm.deposit.batch"]
        deposits._rcm_run_batches(
            deposits._rcm_late_domain(), "_rcm_note_unmatched", SWEEP_BATCH, UNMATCHED
        )
        self._rcm_settle_delayed()

    @api.model
    def _rcm_late_domain(self):
        """Remittances that could be posted, past the hours of their company."""
        now = fields.Datetime.now()
        late = fields.Domain.OR(
            fields.Domain("company_id", "=", company.id)
            & fields.Domain(
                "create_date", "<", now - timedelta(hours=company.rcm_posting_hours)
            )
            for company in self.env["res.company"].search(
                [("rcm_posting_hours", ">", 0)]
            )
        )
        return fields.Domain("state", "in", UNPOSTED_STATES) & late

    def _rcm_note_delayed(self):
        """One case each, with what it waits for."""
        states = dict(self._fields["state"]._description_selection(self.env))
        for (company, state), records in self.grouped(
            lambda item: (item.company_id, item.state)
        ).items():
            records._rcm_raise_case(
                DELAYED,
                self.env._(
                    "Here for more than %(hours)s hours and not posted: %(state)s.",
                    hours=company.rcm_posting_hours,
                    state=states[state],
                ),
            )

    @api.model
    def _rcm_settle_delayed(self):
        """End the cases of what went on without anybody's step on the case."""
        Case = self.env["rcm.exception.case"]
        for model, code in (
            ("rcm.remittance", DELAYED),
            ("rcm.deposit.batch", UNMATCHED),
        ):
            cases = Case.search(
                Case._rcm_open_domain()
                & fields.Domain("res_model", "=", model)
                & fields.Domain("type_code", "=", code)
            )
            self.env[model].browse(cases.mapped("res_id")).exists()._rcm_went_on()

    def _rcm_went_on(self):
        """End the delay of those that are not waiting to be posted any more."""
        moved = self.filtered(lambda item: item.state not in UNPOSTED_STATES)
        moved._rcm_resolve_cases([DELAYED], self.env._("It went on."))

    def _rcm_set_state(self, new_state, **vals):
        result = super()._rcm_set_state(new_state, **vals)
        if new_state in POSTED_STATES:
            self._rcm_went_on()
        return result

    def _rcm_reprocess(self, case):
        """A delay ends when it is posted or has another case; asking is not enough."""
        gone = super()._rcm_reprocess(case)
        if case.type_code == DELAYED:
            return self.state not in UNPOSTED_STATES
        return gone


class RcmDepositBatch(models.Model):
    """Money at the bank that nothing explains."""

    _name = "rcm.deposit.batch"
    _inherit = ["rcm.deposit.batch", "rcm.batch.mixin"]

    @api.model
    def _rcm_late_domain(self):
        """Deposits with unexplained money, past the days of their company."""
        late = self.env["res.company"]._rcm_past_limit(
            "rcm_unmatched_days", "deposit_date"
        )
        return fields.Domain("unmatched_count", ">", 0) & late

    def _rcm_note_unmatched(self):
        """One case a deposit: how many of its items, and how much."""
        for batch in self:
            items = batch.item_ids.filtered("lacks_remittance")
            batch._rcm_raise_case(
                UNMATCHED,
                self.env._(
                    "No remittance explains %(count)s of its cheques and transfers "
                    "(%(amount)s).",
                    count=len(items),
                    amount=batch._rcm_shown(sum(items.mapped("amount"))),
                ),
                amount=sum(items.mapped("amount")),
            )

    def _rcm_went_on(self):
        """End the case of deposits in which everything is explained now."""
        clear = self.filtered(lambda batch: not batch.unmatched_count)
        clear._rcm_resolve_cases([UNMATCHED], self.env._("Everything is explained."))

    def _rcm_reprocess(self, case):
        """Look for the remittances again."""
        self.item_ids._rcm_match()
        return not self.unmatched_count


class RcmDepositItem(models.Model):
    """An item that is explained may be the last one of its deposit."""

    _inherit = "rcm.deposit.item"

    def write(self, vals):
        result = super().write(vals)
        if {"remittance_id", "kind"} & vals.keys():
            self.batch_id._rcm_went_on()
        return result

    def _rcm_link(self, remittance):
        result = super()._rcm_link(remittance)
        self.batch_id._rcm_went_on()
        return result


class RcmReconciliationRun(models.Model):
    """The nightly check also counts what is behind."""

    _inherit = "rcm.reconciliation.run"

    def _rcm_finish(self):
        result = super()._rcm_finish()
        self._rcm_watch_backlog()
        return result

    def _rcm_watch_backlog(self):
        """One case a company while more is behind than its limit allows.

        The case stays on the run that opened it; later runs add to it or end it.
        Return whether there is a backlog.
        """
        self.ensure_one()
        company = self.company_id
        remittances, parked = self._rcm_behind(company)
        runs = self.search([("company_id", "=", company.id)])
        if len(remittances) + parked <= company.rcm_backlog_limit:
            runs._rcm_resolve_cases([BACKLOG], self.env._("The backlog is worked off."))
            return False
        Case = self.env["rcm.exception.case"].sudo()  # whether one is open already
        known = Case.search(
            Case._rcm_open_domain()
            & fields.Domain("res_model", "=", self._name)
            & fields.Domain("res_id", "in", runs.ids)
            & fields.Domain("type_code", "=", BACKLOG),
            limit=1,
        )
        run = self.browse(known.res_id) if known else self
        run._rcm_raise_case(
            BACKLOG,
            self.env._(
                "%(remittances)s remittances without their deposit and %(parked)s "
                "parked claims are older than %(days)s days.",
                remittances=len(remittances),
                parked=parked,
                days=company.rcm_reconcile_days,
            ),
            expected=self.env._("at most %s", company.rcm_backlog_limit),
            actual=len(remittances) + parked,
            amount=sum(remittances.mapped("amount")),
        )
        return True

    @api.model
    def _rcm_behind(self, company):
        """(remittances without their money, number of parked claims) past the days."""
        Remittance = self.env["rcm.remittance"]
        if not company.rcm_reconcile_days:
            return Remittance, 0
        old = company._rcm_past_limit("rcm_reconcile_days", "posting_date")
        own = fields.Domain("company_id", "=", company.id) & old
        remittances = Remittance.search(
            own
            & fields.Domain("state", "in", UNRECONCILED_STATES)
            & fields.Domain("amount", ">", 0)
        )
        parked = self.env["rcm.remittance.claim"].search_count(
            fields.Domain("state", "=", "parked")
            & fields.Domain("remittance_id", "any", own)
        )
        return remittances, parked

    def _rcm_reprocess(self, case):
        """Count again what is behind; the rest of the check is its own case's."""
        if case.type_code == BACKLOG:
            return not self._rcm_watch_backlog()
        return super()._rcm_reprocess(case)
