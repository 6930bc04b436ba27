from odoo import api, fields, models

from ..core.ledger_entries import claim_change, totals
from ..core.money import to_decimal
from ..core.pricing_replay import explains
from ..tools import bulk_update

# Before the payer has decided; afterwards a difference is a payment variance.
REPRICEABLE = (
    "draft",
    "validated",
    "cleared",
    "pending_interface",
    "submitted",
    "accepted",
    "rejected",
)
HEADER_FIELDS = (
    "contract_id",
    "expected_amount",
    "expected_contractual",
    "expected_sequestration",
    "expected_patient",
    "expected_concession",
)
LINE_FIELDS = (
    "expected_amount",
    "expected_contractual",
    "expected_patient",
    "is_priced",
    "pricing_trace",
)
POSTED_FIELDS = (
    "paid_amount",
    "contractual_amount",
    "sequestration_amount",
    "withhold_amount",
    "writeoff_amount",
    "incentive_amount",
    "moved_next_amount",
    "patient_amount",
)


class RcmClaimRepricingLine(models.Model):
    """One claim of a re-pricing run: what it is worth, what it would be, and why."""

    _name = "rcm.claim.repricing.line"
    _inherit = ["rcm.document.mixin", "rcm.batch.mixin"]
    _description = "Re-priced Claim"
    _order = "repricing_id desc, id"
    _rec_name = "claim_id"
    _rcm_protected = (
        "repricing_id",
        "claim_id",
        "old_contract_id",
        "new_contract_id",
        "old_expected",
        "new_expected",
        "difference",
        "effect",
        "blocked_reason",
        "detail",
        "state",
        "message",
    )

    repricing_id = fields.Many2one(
        "rcm.claim.repricing",
        string="Run",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    run_state = fields.Selection(related="repricing_id.state", string="Run Status")
    claim_id = fields.Many2one(
        "rcm.claim", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="claim_id.company_id", store=True)
    facility_id = fields.Many2one(related="claim_id.facility_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    payer_id = fields.Many2one(related="claim_id.payer_id")
    service_date = fields.Date(related="claim_id.service_date")
    claim_state = fields.Selection(related="claim_id.state", string="Claim Status")
    selected = fields.Boolean(help="Applied with the run.")
    old_contract_id = fields.Many2one("rcm.payer.contract", readonly=True)
    new_contract_id = fields.Many2one("rcm.payer.contract", readonly=True)
    old_expected = fields.Monetary(string="Expected Now", readonly=True)
    new_expected = fields.Monetary(string="Would Be", readonly=True)
    difference = fields.Monetary(readonly=True)
    effect = fields.Selection(
        [
            ("claim", "Claim only"),
            ("ledger", "Claim and ledger entry"),
        ],
        readonly=True,
        help="An invoiced claim gets an entry that corrects its expected allowances; "
        "its invoice stays as it is.",
    )
    blocked_reason = fields.Char(string="Not Allowed", readonly=True)
    detail = fields.Json(readonly=True)
    detail_html = fields.Html(
        string="Why", compute="_compute_detail_html", sanitize=False
    )
    state = fields.Selection(
        [
            ("preview", "Preview"),
            ("due", "Due"),
            ("applied", "Applied"),
            ("stale", "Changed meanwhile"),
            ("failed", "Failed"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="preview",
        index=True,
    )
    message = fields.Char(readonly=True)

    _claim_uniq = models.Constraint(
        "UNIQUE(repricing_id, claim_id)", "A claim is in a run once."
    )

    @api.depends("detail")
    def _compute_detail_html(self):
        for line in self:
            line.detail_html = self.env["ir.qweb"]._render(
                "healthcare_rcm_base.rcm_claim_repricing_detail",
                {"lines": line.detail or [], "currency": line.currency_id},
            )

    @api.onchange("selected")
    def _onchange_selected(self):
        if self.selected and self.blocked_reason:
            self.selected = False

    # ------------------------------------------------------------------
    # Applying
    # ------------------------------------------------------------------
    def _rcm_apply(self):
        """Price the claims again, if nothing changed since the preview.

        Private: the run has checked role and selection.
        """
        claims = self.claim_id
        claims._rcm_ledger_lock()
        plans = claims._rcm_reprice_plans()
        good, bad = self.browse(), {}
        for line in self:
            if reason := line._rcm_stale(plans[line.claim_id.id]):
                bad[line.id] = reason
            else:
                good |= line
        for id_, reason in bad.items():
            self.browse(id_)._rcm_write({"state": "stale", "message": reason})
        if not good:
            return
        for run in good.repricing_id:
            mine = good.filtered(lambda line, run=run: line.repricing_id == run)
            mine.claim_id._rcm_reprice(
                {line.claim_id.id: plans[line.claim_id.id] for line in mine},
                run.reason,
            )
        good._rcm_write({"state": "applied", "message": False})

    def _rcm_stale(self, plan):
        """Why the preview does not hold any more, or False."""
        claim = self.claim_id
        if blocked := claim._rcm_reprice_blocked():
            return blocked
        if plan is None or plan.header["contract_id"] != self.new_contract_id.id:
            return self.env._("Another contract prices the claim now.")
        seen = (_exact(self.old_expected), _exact(self.new_expected))
        found = (
            _exact(claim.expected_amount),
            _exact(plan.header["expected_amount"]),
        )
        if seen != found:
            return self.env._("Its amounts are not those of the preview any more.")
        return False

    @api.model
    def _rcm_batch_failed(self, record, case_type, error):
        """What fails stays in the run, with its reason, and changes nothing."""
        text = str(error) if error.args else type(error).__name__
        record._rcm_write({"state": "failed", "message": text.splitlines()[0][:250]})

    def action_open_claim(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "rcm.claim",
            "res_id": self.claim_id.id,
            "views": [(False, "form")],
        }


class RcmClaim(models.Model):
    """Pricing claims again under contracts that changed."""

    _inherit = "rcm.claim"

    def action_reprice(self):
        """Preview what today's contracts would make of these claims."""
        run = self.env["rcm.claim.repricing"]._rcm_preview(self)
        return {
            "type": "ir.actions.act_window",
            "res_model": run._name,
            "res_id": run.id,
            "views": [(False, "form")],
        }

    # ------------------------------------------------------------------
    # What would be
    # ------------------------------------------------------------------
    @api.model
    def _rcm_repriceable_domain(self):
        return fields.Domain("self_pay", "=", False) & (
            fields.Domain("state", "in", REPRICEABLE)
            | (
                fields.Domain("state", "=", "on_hold")
                & fields.Domain("hold_state", "in", REPRICEABLE)
            )
        )

    def _rcm_reprice_blocked(self):
        """Say why this claim is not priced again, or return False."""
        self.ensure_one()
        standing = self.hold_state if self.state == "on_hold" else self.state
        if self.self_pay or not self.payer_id:
            return self.env._("A self-pay claim has no contract.")
        if standing not in REPRICEABLE or any(
            not self.currency_id.is_zero(self[name]) for name in POSTED_FIELDS
        ):
            return self.env._("The payer has decided; differences are variances now.")
        if self.frequency_code == "8":
            return self.env._("It withdraws an earlier claim.")
        if self._rcm_waiting_for():
            return self.env._("It waits for an approval of its present amounts.")
        if self.invoice_state in ("draft", "credited"):
            return self.env._("Its invoice is not posted, or was credited.")
        if not self.line_ids or any(not line.charge_id for line in self.line_ids):
            return self.env._("Its lines have no charges to price.")
        return False

    def _rcm_contracts_in_effect(self):
        """{claim id: contract in effect for it, maybe empty}."""
        headers = [claim._rcm_reprice_header() for claim in self]
        found = self._rcm_find_contracts(headers)
        return {claim.id: item for claim, item in zip(self, found, strict=True)}

    def _rcm_reprice_header(self):
        """What of the claim itself decides its contract."""
        self.ensure_one()
        return {
            "company_id": self.company_id.id,
            "payer_id": self.payer_id.id,
            "facility_id": self.facility_id.id,
            "service_date": self.service_date,
            "self_pay": self.self_pay,
        }

    def _rcm_reprice_plans(self, contract=None):
        """{claim id: ``PricePlan``} by ``contract`` or by those in effect.

        A claim that may not be priced again has None.
        """
        plans = dict.fromkeys(self.ids)
        open_ = self.filtered(lambda claim: claim.line_ids.charge_id)
        wanted = [
            (
                claim.encounter_id,
                claim._rcm_reprice_header(),
                claim.line_ids.sorted("sequence").charge_id,
            )
            for claim in open_
        ]
        if contract:
            facts = contract._rcm_facts()
            made = [
                self._rcm_plan_contract(header, charges, contract, facts)
                for _encounter, header, charges in wanted
            ]
        else:
            made = self._rcm_price_plans(wanted)
        plans.update(zip(open_.ids, made, strict=True))
        return plans

    def _rcm_reprice_previews(self, contract=None):
        """Values of the preview lines of these claims that would change."""
        plans = self._rcm_reprice_plans(contract)
        found = []
        for claim in self:
            plan = plans[claim.id]
            if plan is None:
                continue
            detail = claim._rcm_reprice_detail(plan)
            header = plan.header
            if not detail and all(
                _plain(claim[name]) == _plain(header[name]) for name in HEADER_FIELDS
            ):
                continue
            blocked = claim._rcm_reprice_blocked()
            if not blocked and not all(line["is_priced"] for line in plan.lines):
                blocked = self.env._("The contract has no price for some lines.")
            old, new = claim.expected_amount, header["expected_amount"]
            found.append(
                {
                    "claim_id": claim.id,
                    "selected": not blocked,
                    "old_contract_id": claim.contract_id.id,
                    "new_contract_id": header["contract_id"],
                    "old_expected": old,
                    "new_expected": new,
                    "difference": float(_exact(new) - _exact(old)),
                    "effect": "ledger" if claim.invoice_state == "posted" else "claim",
                    "blocked_reason": blocked,
                    "detail": detail,
                    "correlation_id": claim.correlation_id,
                }
            )
        return found

    def _rcm_reprice_detail(self, plan):
        """Line by line what changes, with both ways of getting there."""
        self.ensure_one()
        by_charge = {line.charge_id.id: line for line in self.line_ids}
        detail = []
        for vals in plan.lines:
            line = by_charge[vals["charge_id"]]
            if _exact(line.expected_amount) == _exact(vals["expected_amount"]):
                continue
            detail.append(
                {
                    "number": line.sequence,
                    "code": line.code,
                    "old": line.expected_amount,
                    "new": vals["expected_amount"],
                    "old_trace": _texts(line.pricing_trace),
                    "new_trace": _texts(vals["pricing_trace"]),
                    "old_holds": explains(
                        line.pricing_trace, _exact(line.expected_amount)
                    )
                    is not False,
                }
            )
        return detail

    # ------------------------------------------------------------------
    # Doing it
    # ------------------------------------------------------------------
    def _rcm_reprice(self, plans, reason):
        """Give these claims the prices of ``plans``; correct the ledger of invoiced
        ones. Private: the caller has checked role, state and that nothing moved.
        """
        old = {claim.id: claim._rcm_expected_amounts() for claim in self}
        before = self._rcm_audit_snapshot(HEADER_FIELDS)
        bulk_update(
            self,
            {
                claim.id: {name: plans[claim.id].header[name] for name in HEADER_FIELDS}
                for claim in self
            },
        )
        bulk_update(
            self.line_ids,
            {
                line.id: {name: vals[name] for name in LINE_FIELDS}
                for claim in self
                for line, vals in claim._rcm_planned_lines(plans[claim.id])
            },
        )
        self._rcm_store_charge_prices([plans[claim.id] for claim in self])
        self._rcm_emit_difference("rcm.claim.repriced", before, HEADER_FIELDS)
        self._rcm_emit("rcm.claim.repricing_reason", {"reason": [None, reason]})
        entries = {}
        for claim in self.filtered(lambda item: item.invoice_state == "posted"):
            lines = claim_change(claim._rcm_expected_amounts(), old[claim.id])
            if amounts := totals(lines):
                entries[claim] = amounts
        if entries:
            self._rcm_local_entries("repricing", entries, reason)

    def _rcm_planned_lines(self, plan):
        """(line, planned values) pairs of this claim."""
        by_charge = {line.charge_id.id: line for line in self.line_ids}
        return [(by_charge[vals["charge_id"]], vals) for vals in plan.lines]


def _exact(amount):
    return to_decimal(amount or 0.0)


def _plain(value):
    """A field's value or a planned one, comparable."""
    if isinstance(value, models.BaseModel):
        return value.id
    return _exact(value) if isinstance(value, float) else value


def _texts(trace):
    return [step.get("text") or "" for step in trace or ()]
