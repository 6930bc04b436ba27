from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from ..core.edits import units_exceed

ADJUDICATIONS = [
    ("1", "By line"),
    ("2", "By day, policy"),
    ("3", "By day, clinical"),
]


class RcmEditUnitLimit(models.Model):
    """How many units of a service a payer takes at most, by line or by day."""

    _name = "rcm.edit.unit.limit"
    _inherit = "rcm.edit.row.mixin"
    _description = "Unit Limit"
    _order = "table_id, code, date_from desc"
    _rcm_audit_fields = (
        "table_id",
        "code",
        "max_units",
        "adjudication_indicator",
        "date_from",
        "date_to",
    )
    _rcm_key = ("code",)
    _rcm_payload = ("max_units", "adjudication_indicator", "rationale")

    code = fields.Char(string="Service", required=True)
    max_units = fields.Integer(string="Units At Most", required=True)
    adjudication_indicator = fields.Selection(
        ADJUDICATIONS,
        string="Counted",
        required=True,
        default="1",
        help="1: on each line by itself. 2: all lines of a day; more is never paid. "
        "3: all lines of a day; records may justify more.",
    )
    rationale = fields.Char(help="In short words, as the publisher gives it.")

    _code_uniq = models.UniqueIndex(
        "(table_id, code, date_from)", "This limit begins on that day already."
    )
    _dates_ordered = models.Constraint(
        "CHECK(date_to IS NULL OR date_to >= date_from)",
        "A limit cannot end before it begins.",
    )
    _units_not_negative = models.Constraint(
        "CHECK(max_units >= 0)", "A limit is not negative."
    )

    @api.depends("code")
    def _compute_display_name(self):
        for row in self:
            row.display_name = row.code

    @api.model
    def _rcm_check(self, claims, lines, indicators):
        """{claim id: where} of lines above a limit that counts in one of these ways."""
        Check = self.env["rcm.validation.check"]
        found, elsewhere = {}, None
        for table in self.env["rcm.edit.table"]._rcm_of("unit"):
            wanted = table._rcm_claims(claims)
            own = lines.filtered(lambda line, wanted=wanted: line.claim_id in wanted)
            limits = self._rcm_limits(table, own, indicators)
            touched = own.filtered(lambda line, limits=limits: line.code in limits)
            if not touched:
                continue
            if elsewhere is None:
                elsewhere = self._rcm_day_units(lines)
            for line in touched:
                for most, indicator, start, end in limits[line.code]:
                    day = line.service_date
                    if (
                        start <= day
                        and (not end or day <= end)
                        and units_exceed(
                            indicator, most, line.units, elsewhere[line.id]
                        )
                    ):
                        found[line.id] = {self.env._("%s at most", most)}
        return Check._rcm_places_with(lines.browse(found), found)

    @api.model
    def _rcm_limits(self, table, lines, indicators):
        """{code: [(units, indicator, from, until)]} of these lines' codes."""
        codes = list(set(lines.mapped("code")) - {False})
        limits = defaultdict(list)
        if not codes:
            return limits
        for code, *row in self.env.execute_query(
            SQL(
                """
                SELECT code, max_units, adjudication_indicator, date_from, date_to
                  FROM rcm_edit_unit_limit
                 WHERE table_id = %s AND code = ANY(%s)
                   AND adjudication_indicator = ANY(%s)
                """,
                table.id,
                codes,
                list(indicators),
            )
        ):
            limits[code].append(tuple(row))
        return limits

    @api.model
    def _rcm_day_units(self, lines):
        """{line id: units of its service on its day, its own and other charges'}."""
        units = {line.id: line.units for line in lines}
        Check = self.env["rcm.validation.check"]
        for row in Check._rcm_other_charges(lines):
            line_id, code, _mine, other, _theirs, other_units = row
            if code == other:
                units[line_id] += float(other_units)
        return units
