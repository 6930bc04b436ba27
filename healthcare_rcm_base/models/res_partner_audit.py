"""Changes of the contacts that money comes from or goes to are audited."""

from odoo import models
from odoo.tools import SQL

from ..core import redaction
from ..core.person import CONTACT

# Where a contact becomes one of ours: the tables whose ``partner_id`` names it.
OWNERS = ("rcm.payer", "rcm.client", "res.company")
# Not personal: what a guarantor's row may say in the open.
OPEN_OF_GUARANTORS = frozenset(
    {
        "active",
        "company_id",
        "property_account_payable_id",
        "property_account_receivable_id",
        "rcm_account_number",
        "rcm_is_guarantor",
    }
)


class ResPartner(models.Model):
    """Guarantors, payers, clients, vendors and our own companies.

    Whoever changes them and through whichever door: Odoo's own forms, an import, an
    interface. Of a guarantor the log says what changed, and the account number.
    """

    _name = "res.partner"
    _inherit = ["res.partner", "rcm.audit.mixin"]
    _rcm_audit_fields = (
        "name",
        "rcm_account_number",
        "rcm_first_name",
        "rcm_last_name",
        "rcm_is_guarantor",
        "ref",
        "vat",
        "company_registry",
        *CONTACT,
        "parent_id",
        "company_id",
        "active",
        "property_account_receivable_id",
        "property_account_payable_id",
        "property_payment_term_id",
        "property_supplier_payment_term_id",
        "property_account_position_id",
    )

    def _rcm_audit_snapshot(self, names):
        return super(ResPartner, self._rcm_audited())._rcm_audit_snapshot(names)

    def _rcm_emit(self, event, **values):
        """One row each; guarantors apart, whose values stay out of it."""
        ours = self._rcm_audited()
        guarantors = ours.filtered("rcm_is_guarantor")
        super(ResPartner, guarantors)._rcm_emit(event, **values)
        return super(ResPartner, ours - guarantors)._rcm_emit(event, **values)

    def _rcm_audited(self):
        """Those of these contacts whose changes are logged."""
        known = self.sudo().filtered(  # which contacts are ours is no secret
            lambda partner: partner.rcm_is_guarantor or partner.supplier_rank
        )
        others = self.browse(set(self._ids) - set(known._ids))
        return self.browse(known._ids) | others._rcm_owned()

    def _rcm_owned(self):
        """Those that a payer, a client or a company of ours goes by."""
        if not self:
            return self
        for owner in OWNERS:
            self.env[owner].flush_model(["partner_id"])
        found = SQL(" UNION ").join(
            SQL(
                "SELECT partner_id FROM %s WHERE partner_id IN %s",
                SQL.identifier(self.env[owner]._table),
                self._ids,
            )
            for owner in OWNERS
        )
        return self.browse(id_ for (id_,) in self.env.execute_query(found))

    def _rcm_audit_is_masked(self, name):
        """Nobody's own data is logged; business contacts are shown as they are."""
        # Who is a guarantor decides it; one kind at a time, see ``_rcm_emit``.
        if self[:1].sudo().rcm_is_guarantor:
            return name not in OPEN_OF_GUARANTORS
        return bool(self._fields[name].groups)

    def _rcm_audit_name(self):
        self.ensure_one()
        return self.rcm_account_number if self.rcm_is_guarantor else self.name


class ResPartnerBank(models.Model):
    """Bank accounts that payments leave for: another number is a way to steal."""

    _name = "res.partner.bank"
    _inherit = ["res.partner.bank", "rcm.audit.mixin"]
    _rcm_audit_fields = (
        "acc_number",
        "partner_id",
        "bank_id",
        "currency_id",
        "allow_out_payment",
        "active",
    )

    def _rcm_emit(self, event, **values):
        ours = self.filtered(lambda bank: bank.partner_id._rcm_audited())
        return super(ResPartnerBank, ours)._rcm_emit(event, **values)

    def _rcm_audit_changes(self, changes):
        """Account numbers by their last figures, as on a bank statement."""
        shown = super()._rcm_audit_changes(changes)
        if "acc_number" in shown:
            shown["acc_number"] = [
                redaction.mask_tail(number) or None for number in changes["acc_number"]
            ]
        return shown

    def _rcm_audit_name(self):
        self.ensure_one()
        return redaction.mask_tail(self.acc_number)
