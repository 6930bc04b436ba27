from odoo import api, models

FIELDS = ("name", "plan_type", "timely_filing_days", "active", "payer_identifier")


class RcmPayer(models.Model):
    """Payer data as a master-data feed sends it."""

    _inherit = "rcm.payer"

    @api.model
    def _rcm_apply_update(self, facts, company, source):
        """Bring a payer up to date as the systems-of-record rules say, or make it.

        :param dict facts: ``payer`` of ``payer.updated``, version 1
        :param str source: code of the connector that sent it
        """
        payers = self.sudo().with_context(active_test=False)  # the door checked who
        payer = payers.search(
            [("code", "=", facts["code"]), ("company_id", "=", company.id)], limit=1
        )
        vals = {name: facts[name] for name in FIELDS if facts.get(name) is not None}
        if not vals.get("payer_identifier"):
            vals.pop("payer_identifier", None)
        if payer:
            payer._rcm_take_over(vals, source)
        else:
            payer = payers.create(
                {**vals, "code": facts["code"], "company_id": company.id}
            )
        return payer.with_env(self.env)
