from odoo import api, fields, models

from odoo.addons.healthcare_rcm_base.core.ledger_client import total
from odoo.addons.healthcare_rcm_base.core.money import to_decimal

# Each period is a question of its own: ``post:2026-01-01``.
POST, CREDIT = "post:", "credit"


class RcmServiceContract(models.Model):
    """Invoices of service contracts are posted under the policies of invoices.

    The scheduled action asks period by period; a period that waits holds up those
    after it, and is invoiced by itself once it is approved.
    """

    _inherit = "rcm.service.contract"

    asked_on = fields.Date(
        "Not Let Through On",
        readonly=True,
        copy=False,
        help="When the scheduled action last found that its next invoice has to wait. "
        "It looks again on the next day; an approval goes on at once.",
    )

    @api.model
    def _rcm_protected_fields(self):
        return super()._rcm_protected_fields() | {"asked_on"}

    @api.model
    def _rcm_due_domain(self):
        today = fields.Date.context_today(self)
        return super()._rcm_due_domain() & (
            fields.Domain("asked_on", "=", False)
            | fields.Domain("asked_on", "<", today)
        )

    def _rcm_approval_facts(self, effect):
        if not effect.startswith(POST):
            return super()._rcm_approval_facts(effect)
        self.ensure_one()
        period = self._rcm_period(fields.Date.to_date(effect.removeprefix(POST)))
        if period is None:
            return None
        items, _marks = self._rcm_period_items(period)
        amount = total(items)
        approved = {
            "debtor": self._rcm_debtor().id,
            "date_from": str(period.date_from),
            "date_to": str(period.date_to),
            "amount": str(amount),
            "lines": [[item.ref, str(item.amount)] for item in items],
        }
        return self._rcm_approval_item("customer_invoice", effect, approved, amount)

    def _rcm_approval_scope(self):
        """With an ordering client it is under the client's contract."""
        scope = super()._rcm_approval_scope()
        return {**scope, "contract_type": "client" if self.client_id else None}

    def _rcm_may_bill(self, period):
        """Whether the policies let the invoice of this period be posted now."""
        allowed = super()._rcm_may_bill(period)
        if not allowed or period is None:
            return allowed
        if self._rcm_approval_gate(f"{POST}{period.date_from}"):
            return True
        self._rcm_write({"asked_on": fields.Date.context_today(self)})
        return False

    def _rcm_approval_done(self, effect):
        result = super()._rcm_approval_done(effect)
        for contract in self if effect.startswith(POST) else ():
            contract._rcm_approval_run(effect, "_rcm_bill_periods")
        return result

    def _rcm_approval_is_done(self, effect):
        if not effect.startswith(POST):
            return super()._rcm_approval_is_done(effect)
        day = fields.Date.to_date(effect.removeprefix(POST))
        return day in self._rcm_billed().mapped("date_from")


class RcmServiceContractPeriod(models.Model):
    """Crediting a period is a credit note."""

    _inherit = "rcm.service.contract.period"

    def _rcm_approval_facts(self, effect):
        if effect != CREDIT:
            return super()._rcm_approval_facts(effect)
        self.ensure_one()
        amount = to_decimal(self.amount_total, self.currency_id.decimal_places)
        approved = {
            "contract": self.contract_id.id,
            "date_from": str(self.date_from),
            "date_to": str(self.date_to),
            "amount": str(amount),
        }
        return self._rcm_approval_item("credit_note", effect, approved, abs(amount))

    def _rcm_approval_scope(self):
        """That of its contract."""
        return self.contract_id._rcm_approval_scope()

    def action_credit(self):
        return self._rcm_approval_answer(super().action_credit())

    def _rcm_credit(self):
        billed = self.filtered(lambda item: item.state == "billed")
        allowed = billed._rcm_approval_gate(CREDIT)
        return super(RcmServiceContractPeriod, allowed)._rcm_credit()

    def _rcm_approval_done(self, effect):
        result = super()._rcm_approval_done(effect)
        for period in self if effect == CREDIT else ():
            period._rcm_approval_run(effect, "_rcm_credit")
        return result

    def _rcm_approval_is_done(self, effect):
        return self.state == "credited" or super()._rcm_approval_is_done(effect)
