from datetime import timedelta

from odoo import api, fields, models

AGEING_STATES = ("completed", "coded", "reopened", "on_hold")
SWEEP_BATCH = 200


class RcmClaim(models.Model):
    """The sweep of what was left lying before it became money."""

    _inherit = "rcm.claim"

    @api.model
    def _cron_draft_ageing(self):
        """Claims, encounters and client invoices that have not moved for days.

        Each gets one case; those that went on lose theirs.
        """
        result = super()._cron_draft_ageing()
        self.env["rcm.encounter"]._rcm_sweep(
            "encounter_ageing", fields.Domain("state", "in", AGEING_STATES)
        )
        self.env["rcm.client.invoice"]._rcm_sweep(
            "draft_invoice_ageing", fields.Domain("state", "=", "draft")
        )
        return result


class RcmDocumentMixin(models.AbstractModel):
    _inherit = "rcm.document.mixin"

    @api.model
    def _rcm_ageing_days(self):
        """After how many days without a step somebody is told."""
        parameters = self.env["ir.config_parameter"].sudo()  # a tuning value
        return int(parameters.get_param("healthcare_rcm_base.draft_ageing_days", 3))

    @api.model
    def _rcm_sweep(self, code, waiting, since="write_date"):
        """Open a case on records in ``waiting`` that nothing happened to for days.

        Those that have any open case are looked at already; those that left
        ``waiting`` lose the case. In small transactions, ``_rcm_note_ageing`` on each
        batch; for models that work in batches.
        """
        limit = fields.Datetime.now() - timedelta(days=self._rcm_ageing_days())
        self._rcm_run_batches(
            waiting
            & fields.Domain(since, "<", limit)
            & fields.Domain("rcm_open_case_count", "=", 0),
            "_rcm_note_ageing",
            SWEEP_BATCH,
            code,
        )
        Case = self.env["rcm.exception.case"]
        cases = Case.search(
            Case._rcm_open_domain()
            & fields.Domain("res_model", "=", self._name)
            & fields.Domain("type_code", "=", code)
        )
        known = cases.mapped("res_id")
        for start in range(0, len(known), SWEEP_BATCH):
            page = self.browse(known[start : start + SWEEP_BATCH]).exists()
            moved = page - page.filtered_domain(waiting)
            moved._rcm_resolve_cases([code], self.env._("It went on."))

    def _rcm_note_lying(self, code, message):
        """One case a record; their types and queues are those of its company."""
        for records in self.grouped("company_id").values():
            records._rcm_raise_case(code, message)


class RcmEncounter(models.Model):
    _inherit = "rcm.encounter"

    def _rcm_note_ageing(self):
        days = self._rcm_ageing_days()
        self._rcm_note_lying(
            "encounter_ageing",
            self.env._("Not ready to bill for more than %s days.", days),
        )

    def _rcm_reprocess(self, case):
        """Take complete encounters on to billing; the others still wait."""
        if case.type_code == "encounter_ageing":
            self._rcm_make_ready()
            return all(item.state not in AGEING_STATES for item in self)
        return super()._rcm_reprocess(case)


class RcmClientInvoice(models.Model):
    _name = "rcm.client.invoice"
    _inherit = ["rcm.client.invoice", "rcm.batch.mixin"]

    def _rcm_note_ageing(self):
        days = self._rcm_ageing_days()
        self._rcm_note_lying(
            "draft_invoice_ageing", self.env._("In draft for more than %s days.", days)
        )

    def _rcm_reprocess(self, case):
        """Bring the draft up to date; posting it is a person's step."""
        self._rcm_refresh()
        return all(invoice.state != "draft" for invoice in self)
