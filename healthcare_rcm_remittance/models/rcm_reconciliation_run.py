from odoo import api, fields, models

from odoo.addons.healthcare_rcm_base.core import states
from odoo.addons.healthcare_rcm_base.core.ledger_accounts import PURPOSES

from .rcm_reconciliation_check import CHECKS

MACHINE = "reconciliation_run"
states.register(
    MACHINE,
    {
        "running": ("clean", "broken"),
        "clean": (),
        "broken": ("resolved",),
        "resolved": (),
    },
)
CASE = "ledger_invariant_broken"
# Shown of each invariant; its count says how many there are.
KEPT_BREAKS = 200


class RcmReconciliationRun(models.Model):
    """One night's proof that ledger and sub-ledgers say the same.

    Each invariant is asked of everything that stands, in SQL, past every stored total
    it can do without. A break names the record, what was expected and what is there.
    """

    _name = "rcm.reconciliation.run"
    _inherit = "rcm.document.mixin"
    _description = "Reconciliation Run"
    _order = "id desc"
    _rcm_state_machine = MACHINE
    _rcm_protected = (
        "name",
        "company_id",
        "started_at",
        "finished_at",
        "checked_count",
        "break_count",
    )
    _rcm_reprocess_roles = ("finance_manager", "administrator")

    name = fields.Char(readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.company,
    )
    started_at = fields.Datetime(readonly=True)
    finished_at = fields.Datetime(readonly=True)
    checked_count = fields.Integer(string="Records Checked", readonly=True)
    break_count = fields.Integer(string="Breaks", readonly=True)
    state = fields.Selection(
        [
            ("running", "Running"),
            ("clean", "Clean"),
            ("broken", "Broken"),
            ("resolved", "Resolved Since"),
        ],
        string="Status",
        default="running",
        required=True,
        readonly=True,
        index=True,
    )
    result_ids = fields.One2many(
        "rcm.reconciliation.result", "run_id", string="Invariants", readonly=True
    )
    break_ids = fields.One2many(
        "rcm.reconciliation.break", "run_id", string="Breaks Found", readonly=True
    )

    # ------------------------------------------------------------------
    # Running
    # ------------------------------------------------------------------
    @api.model
    def _cron_check(self):
        """Check the invariants of every company that keeps books with us."""
        companies = self.env["res.company"].search([("parent_id", "=", False)])
        for company in companies:
            if company._rcm_accounting_ready():
                continue  # nothing is posted before its accounts are set up
            self._rcm_check_company(company)
            self.env["ir.cron"]._commit_progress(1)

    @api.model
    def _rcm_check_company(self, company):
        """One run for ``company``: results, breaks, and a case when there are any."""
        self.env.flush_all()
        run = self._rcm_create(
            [
                {
                    "name": self.env._(
                        "Reconciliation %s", fields.Date.context_today(self)
                    ),
                    "company_id": company.id,
                    "started_at": fields.Datetime.now(),
                }
            ]
        )
        for check in CHECKS:
            run._rcm_run_check(check)
        run._rcm_finish()
        return run

    def _rcm_run_check(self, check):
        """Ask one invariant and store what it says."""
        rows = self.env.execute_query(check.breaks(self.company_id))
        [[checked]] = self.env.execute_query(check.population(self.company_id))
        result = self.env["rcm.reconciliation.result"]._rcm_create(
            [
                {
                    "run_id": self.id,
                    "code": check.code,
                    "checked_count": checked,
                    "break_count": len(rows),
                }
            ]
        )
        self.env["rcm.reconciliation.break"]._rcm_create(
            [
                {
                    "result_id": result.id,
                    "res_model": model,
                    "res_id": res_id,
                    "record_name": name,
                    "what": what,
                    "expected": float(expected or 0),
                    "actual": float(actual or 0),
                }
                for model, res_id, name, what, expected, actual in rows[:KEPT_BREAKS]
            ]
        )

    def _rcm_finish(self):
        broken = sum(self.result_ids.mapped("break_count"))
        self._rcm_set_state(
            "broken" if broken else "clean",
            finished_at=fields.Datetime.now(),
            checked_count=sum(self.result_ids.mapped("checked_count")),
            break_count=broken,
        )
        if not broken:
            self._rcm_settle_earlier()
            return
        codes = self.result_ids.filtered("break_count").mapped("code")
        self._rcm_raise_case(
            CASE,
            self.env._(
                "Ledger and sub-ledgers differ: %(codes)s (%(count)s breaks).",
                codes=", ".join(codes),
                count=broken,
            ),
        )

    def _rcm_settle_earlier(self):
        """A clean run ends the cases of earlier ones: what they found is gone."""
        earlier = self.search(
            [("company_id", "=", self.company_id.id), ("state", "=", "broken")]
        )
        earlier._rcm_resolve_cases([CASE], self.env._("A later run found nothing."))
        earlier._rcm_set_state("resolved")

    def _rcm_reprocess(self, case):
        """Check again; the case ends when nothing is found any more."""
        run = self._rcm_check_company(self.company_id)
        return run.state == "clean"

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    @api.model
    def action_run(self):
        """Check the company's books now."""
        self.env.user._rcm_require("finance_manager", "administrator")
        # The role was checked; the check reads the whole ledger of the company.
        run = self.sudo()._rcm_check_company(self.env.company.root_id)
        return run.with_env(self.env)._rcm_show()

    def _rcm_show(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
        }


class RcmReconciliationResult(models.Model):
    """One invariant in one run: how many records were checked, how many break it."""

    _name = "rcm.reconciliation.result"
    _inherit = "rcm.remittance.fact"
    _description = "Reconciliation Result"
    _rec_name = "code"
    _order = "run_id desc, id"

    run_id = fields.Many2one(
        "rcm.reconciliation.run", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="run_id.company_id", store=True)
    code = fields.Char(string="Invariant", required=True, readonly=True)
    name = fields.Char(string="What Must Hold", compute="_compute_name")
    checked_count = fields.Integer(string="Checked", readonly=True)
    break_count = fields.Integer(string="Breaks", readonly=True)
    break_ids = fields.One2many("rcm.reconciliation.break", "result_id")

    @api.depends("code")
    @api.depends_context("lang")
    def _compute_name(self):
        texts = {
            "I1": self.env._("The payers' receivable of a claim is what is open on it"),
            "I2a": self.env._("Charge = payments, adjustments, moves and what is open"),
            "I2b": self.env._("Patient share = what was posted as the patient's"),
            "I3": self.env._("Clearing = what has no bank line or no remittance yet"),
            "I4": self.env._("Each entry ties to its payment, PLB and claims"),
            "I5": self.env._("Overpayment account = open overpayment records"),
            "I6": self.env._("A closed claim has no reserve left"),
            "I7": self.env._("No guarantor owes less than nothing"),
            "I8": self.env._("Sub-ledger = replay of what was posted"),
        }
        for result in self:
            result.name = texts.get(result.code, result.code)

    def action_breaks(self):
        """Show what breaks this invariant."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.code,
            "res_model": "rcm.reconciliation.break",
            "view_mode": "list,form",
            "domain": [("result_id", "=", self.id)],
            "context": {"create": False},
        }


class RcmReconciliationBreak(models.Model):
    """One record that breaks an invariant: what was expected, what is there."""

    _name = "rcm.reconciliation.break"
    _inherit = "rcm.remittance.fact"
    _description = "Reconciliation Break"
    _order = "run_id desc, result_id, id"
    _rec_name = "record_name"

    result_id = fields.Many2one(
        "rcm.reconciliation.result", required=True, index=True, ondelete="cascade"
    )
    run_id = fields.Many2one(
        "rcm.reconciliation.run", related="result_id.run_id", store=True, index=True
    )
    company_id = fields.Many2one(related="result_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    code = fields.Char(related="result_id.code", store=True, string="Invariant")
    res_model = fields.Char(readonly=True)
    res_id = fields.Integer(readonly=True)
    record_name = fields.Char(string="Record", readonly=True)
    what = fields.Char(string="What Differs (code)", readonly=True)
    what_text = fields.Char(string="What Differs", compute="_compute_what_text")
    expected = fields.Monetary(readonly=True)
    actual = fields.Monetary(readonly=True)
    difference = fields.Monetary(compute="_compute_difference", store=True)

    @api.depends("what")
    def _compute_what_text(self):
        """The account's name where the code names one, else the code as words."""
        for item in self:
            code, _space, more = (item.what or "").partition(" ")
            spec = PURPOSES.get(code)
            words = spec.name if spec else code.replace("_", " ").capitalize()
            item.what_text = f"{words} {more}".strip()

    @api.depends("expected", "actual")
    def _compute_difference(self):
        for item in self:
            item.difference = item.currency_id.round(item.actual - item.expected)

    def action_record(self):
        """Open the record that breaks the invariant."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }

    def action_items(self):
        """The posted journal items behind the record."""
        self.ensure_one()
        self.check_access("read")
        domain = {
            "rcm.claim": [("rcm_claim_id.name", "=", self.record_name)],
            "rcm.remittance": [
                ("rcm_remittance_claim_id.remittance_id", "=", self.res_id)
            ],
            "rcm.payer": [
                ("partner_id", "=", self._rcm_partner_id()),
                ("rcm_purpose", "=", "payer_overpayment"),
            ],
            "res.partner": [
                ("partner_id", "=", self.res_id),
                ("rcm_purpose", "=", "receivable_patient"),
            ],
        }.get(self.res_model, [("rcm_purpose", "=", "clearing")])
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
            "domain": [
                *domain,
                ("parent_state", "=", "posted"),
                ("company_id", "=", self.company_id.id),
            ],
            "context": {"create": False},
        }

    def _rcm_partner_id(self):
        if self.res_model != "rcm.payer":
            return False
        payer = self.env["rcm.payer"].browse(self.res_id).sudo()  # only its number
        return payer.partner_id.commercial_partner_id.id
