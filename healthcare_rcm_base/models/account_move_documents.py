from odoo import fields, models


class RcmLedgerLinkMixin(models.AbstractModel):
    """What an entry or a journal item of the revenue cycle was made for."""

    _name = "rcm.ledger.link.mixin"
    _description = "Link From The Ledger To The Revenue Cycle"

    rcm_claim_id = fields.Many2one(
        "rcm.claim",
        "Claim",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    rcm_encounter_id = fields.Many2one(
        "rcm.encounter",
        "Encounter",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    rcm_facility_id = fields.Many2one(
        "rcm.facility",
        "Facility",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "rcm.ledger.link.mixin"]


class AccountMoveLine(models.Model):
    _name = "account.move.line"
    _inherit = ["account.move.line", "rcm.ledger.link.mixin"]
