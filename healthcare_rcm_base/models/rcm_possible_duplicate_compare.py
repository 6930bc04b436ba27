from markupsafe import Markup

from odoo import api, fields, models

from ..core.person import CONTACT
from .rcm_patient_account import PATIENT

# Values of which one survives a merge, by what is merged.
CHOICES = {
    "patient": (
        "last_name",
        "first_name",
        "middle_name",
        "birth_date",
        "sex",
        *CONTACT,
        "facility_id",
        "guarantor_id",
    ),
    "guarantor": ("rcm_last_name", "rcm_first_name", *CONTACT),
}
COMPARED = {
    "patient": ("mrn", *CHOICES["patient"], "coverage_ids", "create_date"),
    "guarantor": (*CHOICES["guarantor"], "create_date"),
}


class RcmPossibleDuplicate(models.Model):
    """The two people side by side, for those who may know them."""

    _inherit = "rcm.possible.duplicate"

    comparison = fields.Html(
        compute="_compute_comparison", sanitize=False, groups=PATIENT
    )

    @api.depends("patient_id", "other_patient_id", "guarantor_id", "parts")
    @api.depends_context("uid")
    def _compute_comparison(self):
        visible = self.env.user._rcm_sees_patients()
        for pair in self:
            pair.comparison = visible and pair._rcm_comparison()

    def _rcm_comparison(self):
        """The two side by side, differences marked; for those who may know them."""
        names = COMPARED[self.kind]
        one, other = self._rcm_sides()
        labels = one.fields_get(names, ["string"])
        rows = [
            (
                labels[name]["string"],
                self._rcm_shown(one, name),
                self._rcm_shown(other, name),
            )
            for name in names
        ]
        rows = [row for row in rows if any(row[1:])]
        heads = self._rcm_numbers()
        return Markup(
            '<table class="table table-sm table-bordered mb-0"><thead><tr>'
            "<th></th><th>%s</th><th>%s</th></tr></thead><tbody>%s</tbody></table>"
        ) % (*heads, Markup().join(_comparison_row(*row) for row in rows))

    @api.model
    def _rcm_shown(self, record, name):
        """A value as text."""
        field, value = record._fields[name], record[name]
        if field.relational:
            return ", ".join(item.display_name for item in value)
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, "")
        if field.type == "datetime":
            return fields.Date.to_string(value.date()) if value else ""
        if field.type == "date":
            return fields.Date.to_string(value) if value else ""
        return value or ""


def _comparison_row(label, one, other):
    """A row of the comparison; what differs is marked by more than its colour."""
    differs = one != other
    mark = Markup("≠ ") if differs and one and other else Markup("")
    style = "table-warning" if differs and one and other else ""
    return Markup('<tr class="%s"><th>%s%s</th><td>%s</td><td>%s</td></tr>') % (
        style,
        mark,
        label,
        one,
        other,
    )
