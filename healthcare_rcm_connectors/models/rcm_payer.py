from odoo import api, models

from odoo.addons.healthcare_rcm_base.core.errors import RcmPermanent

# What a feed may change by itself. Who pays (the identifier on remittances) and how
# postings are made are confirmed by a person.
OPEN_FIELDS = ("name", "plan_type", "timely_filing_days", "active")


class RcmPayer(models.Model):
    """Payer data as a master-data feed sends it."""

    _inherit = "rcm.payer"

    @api.model
    def _rcm_apply_update(self, facts, company):
        """Bring a payer up to date, or make it.

        :param dict facts: ``payer`` of ``payer.updated``, version 1
        :raise RcmPermanent: the identifier on remittances would change
        """
        payers = self.sudo().with_context(active_test=False)  # the door checked who
        payer = payers.search(
            [("code", "=", facts["code"]), ("company_id", "=", company.id)], limit=1
        )
        vals = {
            name: facts[name] for name in OPEN_FIELDS if facts.get(name) is not None
        }
        identifier = facts.get("payer_identifier") or False
        if not payer:
            vals.update(
                code=facts["code"], company_id=company.id, payer_identifier=identifier
            )
            return payers.create(vals).with_env(self.env)
        if identifier and identifier != payer.payer_identifier:
            raise RcmPermanent(
                "needs_confirmation",
                self.env._(
                    "The payer ID on remittances of %s would change: a person "
                    "confirms that by changing it on the payer.",
                    payer.code,
                ),
            )
        changed = {name: value for name, value in vals.items() if payer[name] != value}
        if changed:
            payer.write(changed)
        return payer.with_env(self.env)
