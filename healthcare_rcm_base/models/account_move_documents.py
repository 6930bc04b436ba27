from odoo import fields, models


class AccountMove(models.Model):
    """What an entry of the revenue cycle was made for."""

    _inherit = "account.move"

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


class AccountMoveLine(models.Model):
    """Which claim, encounter and facility a journal item belongs to."""

    _inherit = "account.move.line"

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
