from odoo import api, fields, models

from .rcm_claim_content import CLINICAL, CONTENT_FIELDS, LINE_CONTENT_FIELDS


class RcmCharge(models.Model):
    """What a charge says on its claim line besides code, units and charge."""

    _name = "rcm.charge"
    _inherit = ["rcm.charge", "rcm.line.content"]

    def _rcm_billed_fields(self):
        return (*super()._rcm_billed_fields(), *LINE_CONTENT_FIELDS)

    def _rcm_carried_fields(self):
        return (*super()._rcm_carried_fields(), *LINE_CONTENT_FIELDS)

    def _rcm_claim_line_vals(self):
        return {**super()._rcm_claim_line_vals(), **self._rcm_line_content_vals()}


class RcmClaim(models.Model):
    """Each version of a claim keeps the content it was built with."""

    _name = "rcm.claim"
    _inherit = ["rcm.claim", "rcm.claim.content"]

    content_codes = fields.Json(
        string="Institutional Codes", readonly=True, copy=False, groups=CLINICAL
    )
    codes_text = fields.Text(
        compute="_compute_codes_text",
        string="Condition, Occurrence, Value Codes",
        groups=CLINICAL,
    )

    @api.depends("content_codes")
    def _compute_codes_text(self):
        labels = dict(
            self.env["rcm.encounter.code"]
            ._fields["kind"]
            ._description_selection(self.env)
        )
        for claim in self:
            claim.codes_text = "\n".join(
                " ".join(
                    filter(
                        None,
                        (
                            labels[item["kind"]],
                            item["code"],
                            item["date"],
                            item["date_to"] and f"– {item['date_to']}",
                            item["amount"],
                        ),
                    )
                )
                for item in claim.content_codes or []
            )

    @api.model
    def _rcm_protected_fields(self):
        return super()._rcm_protected_fields() | {*CONTENT_FIELDS, "content_codes"}

    def _rcm_header_vals(self, encounter):
        vals = encounter._rcm_content_vals()
        if not vals["clia_number"]:
            vals["clia_number"] = encounter.facility_id.clia_number
        codes = [item._rcm_as_dict() for item in encounter.code_ids]
        return {
            **super()._rcm_header_vals(encounter),
            **vals,
            "content_codes": codes or False,
        }


class RcmClaimLine(models.Model):
    """Each line of a version keeps the content its charge had."""

    _name = "rcm.claim.line"
    _inherit = ["rcm.claim.line", "rcm.line.content"]

    @api.model
    def _rcm_protected_fields(self):
        return super()._rcm_protected_fields() | set(LINE_CONTENT_FIELDS)

    @api.model
    def _rcm_told_fields(self):
        return (*super()._rcm_told_fields(), *LINE_CONTENT_FIELDS)
