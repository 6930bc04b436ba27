from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from ..core.edits import pair_strikes

INDICATORS = [
    ("0", "Never"),
    ("1", "With a modifier"),
    ("9", "Not in use"),
]


class RcmEditPair(models.Model):
    """Two services that are not paid side by side: the second is part of the first."""

    _name = "rcm.edit.pair"
    _inherit = "rcm.edit.row.mixin"
    _description = "Procedure Pair"
    _order = "table_id, column_one, column_two, date_from desc"
    _rcm_audit_fields = (
        "table_id",
        "column_one",
        "column_two",
        "modifier_indicator",
        "date_from",
        "date_to",
    )
    _rcm_key = ("column_one", "column_two")
    _rcm_payload = ("modifier_indicator", "rationale")

    column_one = fields.Char(required=True, help="The service that is paid.")
    column_two = fields.Char(
        required=True, index=True, help="The service that is part of it."
    )
    modifier_indicator = fields.Selection(
        INDICATORS,
        string="Together",
        required=True,
        default="1",
        help="0: never billed together. 1: together when a modifier says why. "
        "9: the pair is not in use any more.",
    )
    rationale = fields.Char(help="In short words, as the publisher gives it.")

    _pair_uniq = models.UniqueIndex(
        "(table_id, column_one, column_two, date_from)",
        "This pair begins on that day already.",
    )
    _dates_ordered = models.Constraint(
        "CHECK(date_to IS NULL OR date_to >= date_from)",
        "A pair cannot end before it begins.",
    )
    _two_codes = models.Constraint(
        "CHECK(column_one != column_two)", "A pair has two different services."
    )

    @api.depends("column_one", "column_two")
    def _compute_display_name(self):
        for row in self:
            row.display_name = f"{row.column_one or ''} / {row.column_two or ''}"

    @api.model
    def _rcm_check(self, claims, lines):
        """{claim id: where} of lines that stand in a pair; one query a table."""
        tables = self.env["rcm.edit.table"]._rcm_of("pair")
        Check = self.env["rcm.validation.check"]
        found = defaultdict(set)
        others = None
        for table in tables:
            wanted = table._rcm_claims(claims)
            own = lines.filtered(lambda line, wanted=wanted: line.claim_id in wanted)
            if not own:
                continue
            if others is None:
                others = Check._rcm_other_charges(lines)
            days = {line.id: line.service_date for line in own}
            candidates = [row for row in others if row[0] in days and row[1] != row[3]]
            pairs = self._rcm_pairs(table, candidates)
            for line_id, code, mine, other, theirs, _units in candidates:
                rows = pairs.get((code, other), []) + pairs.get((other, code), [])
                if any(
                    start <= days[line_id]
                    and (not end or days[line_id] <= end)
                    and pair_strikes(indicator, mine, theirs)
                    for indicator, start, end in rows
                ):
                    found[line_id].add(other)
        return Check._rcm_places_with(lines.browse(found), found)

    @api.model
    def _rcm_pairs(self, table, candidates):
        """{(column one, column two): [(indicator, from, until)]} among these codes."""
        codes = {row[1] for row in candidates} | {row[3] for row in candidates}
        if not codes:
            return {}
        pairs = defaultdict(list)
        for one, two, indicator, start, end in self.env.execute_query(
            SQL(
                """
                SELECT column_one, column_two, modifier_indicator, date_from, date_to
                  FROM rcm_edit_pair
                 WHERE table_id = %s AND column_one = ANY(%s) AND column_two = ANY(%s)
                """,
                table.id,
                list(codes),
                list(codes),
            )
        ):
            pairs[one, two].append((indicator, start, end))
        return pairs
