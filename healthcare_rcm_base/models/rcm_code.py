from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..core.effective import Span, overlapping

PAGE = 1000


class RcmCode(models.Model):
    """One code of a public code set, from when until when, in our own short words."""

    _name = "rcm.code"
    _inherit = "rcm.audit.mixin"
    _description = "Code"
    _order = "kind, code, date_from desc, id"
    _rec_names_search = ["code", "name"]
    _rcm_audit_fields = ("code", "name", "date_from", "date_to", "superseded_by")

    table_id = fields.Many2one(
        "rcm.code.table", required=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(related="table_id.kind", store=True, precompute=True)
    code = fields.Char(required=True, index="trigram")
    name = fields.Char(
        string="In Our Words",
        help="Your own short words; the official texts of some code sets are licensed.",
    )
    date_from = fields.Date(string="Valid From", help="Empty: always was.")
    date_to = fields.Date(string="Valid Until", help="Last day; empty: still valid.")
    superseded_by = fields.Char(help="The code that is used instead.")
    is_valid = fields.Boolean(
        string="Valid Today", compute="_compute_is_valid", search="_search_is_valid"
    )

    _start_uniq = models.UniqueIndex(
        "(kind, code, COALESCE(date_from, '-infinity'))",
        "This code begins on that day already.",
    )
    _dates_ordered = models.Constraint(
        "CHECK(date_to IS NULL OR date_from IS NULL OR date_to >= date_from)",
        "A code cannot end before it begins.",
    )

    # ------------------------------------------------------------------
    # Computes and checks
    # ------------------------------------------------------------------
    @api.depends("code", "name")
    def _compute_display_name(self):
        for code in self:
            code.display_name = f"{code.code or ''} {code.name or ''}".strip()

    @api.depends("date_from", "date_to")
    def _compute_is_valid(self):
        today = fields.Date.context_today(self)
        for code in self:
            code.is_valid = code._span().covers(today)

    def _search_is_valid(self, operator, value):
        if operator != "in" or True not in value:
            return NotImplemented
        return self._rcm_valid_domain(fields.Date.context_today(self))

    @api.model
    def _rcm_valid_domain(self, day):
        return [
            "|",
            ("date_from", "=", False),
            ("date_from", "<=", day),
            "|",
            ("date_to", "=", False),
            ("date_to", ">=", day),
        ]

    @api.constrains("table_id", "code", "date_from", "date_to")
    def _check_overlap(self):
        siblings = self.search(
            [("kind", "in", self.mapped("kind")), ("code", "in", self.mapped("code"))]
        )
        by_key = defaultdict(list)
        for item in siblings:
            by_key[item.kind, item.code].append(item._span())
        for key in {(item.kind, item.code) for item in self}:
            if overlapping(by_key[key]):
                raise ValidationError(
                    self.env._("%s would be there twice on one day.", key[1])
                )

    def _span(self):
        return Span(self.id, self.date_from or None, self.date_to or None)

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("code") and vals.get("table_id"):
                kind = self.env["rcm.code.table"].browse(vals["table_id"]).kind
                vals["code"] = self._rcm_normal(kind, vals["code"])
        return super().create(vals_list)

    def write(self, vals):
        if vals.get("code"):
            kind = self[:1].kind
            vals = {**vals, "code": self._rcm_normal(kind, vals["code"])}
        return super().write(vals)

    # ------------------------------------------------------------------
    # Domain
    # ------------------------------------------------------------------
    @api.model
    def _rcm_normal(self, kind, code):
        """The form in which a code is kept and compared."""
        code = (code or "").strip().upper()
        return code.replace(".", "") if kind == "diagnosis" else code

    @api.model
    def _rcm_invalid(self, kind, codes, day):
        """Return those of ``codes`` that are not valid on ``day``, as they were given.

        A table that is not complete knows only codes that ended or have not begun.
        """
        wrong = self._rcm_invalid_pairs(kind, [(code, day) for code in codes])
        return {code for code, _day in wrong}

    @api.model
    def _rcm_invalid_pairs(self, kind, pairs):
        """The (code, day) of ``pairs`` in which the code is not valid: two queries."""
        wanted = {pair: self._rcm_normal(kind, pair[0]) for pair in pairs if pair[0]}
        table = self.env["rcm.code.table"]._rcm_of(kind)
        if not wanted or not table:
            return set()
        self.flush_model(["kind", "code", "date_from", "date_to"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT code, date_from, date_to
                  FROM rcm_code
                 WHERE kind = %s AND code = ANY(%s)
                """,
                kind,
                list(set(wanted.values())),
            )
        )
        spans = defaultdict(list)
        for code, start, end in rows:
            spans[code].append(Span(None, start, end))
        return {
            pair
            for pair, code in wanted.items()
            if (spans[code] or table.is_complete)
            and not any(span.covers(pair[1]) for span in spans[code])
        }

    @api.model
    def _rcm_successor(self, kind, code, day):
        """The code to use instead of one that is not valid on ``day``, or False."""
        found = self.sudo().search(  # public tables
            [("kind", "=", kind), ("code", "=", self._rcm_normal(kind, code))],
            order="date_to desc",
        )
        return next((item.superseded_by for item in found if item.superseded_by), False)

    @api.model
    def _rcm_insert(self, table, rows):
        """Insert many new codes of an import; the import itself is what is audited.

        :param list rows: dicts of code, name, date_from, date_to, superseded_by
        """
        self.flush_model()
        for start in range(0, len(rows), PAGE):
            values = SQL(", ").join(
                SQL(
                    "(%s, %s, %s, %s, %s::date, %s::date, %s, %s, now() AT TIME ZONE "
                    "'UTC', %s, now() AT TIME ZONE 'UTC')",
                    table.id,
                    table.kind,
                    row["code"],
                    row.get("name"),
                    row.get("date_from"),
                    row.get("date_to"),
                    row.get("superseded_by"),
                    self.env.uid,
                    self.env.uid,
                )
                for row in rows[start : start + PAGE]
            )
            self.env.cr.execute(
                SQL(
                    """
                    INSERT INTO rcm_code (table_id, kind, code, name, date_from,
                        date_to, superseded_by, create_uid, create_date, write_uid,
                        write_date)
                    VALUES %s
                    """,
                    values,
                )
            )
        self.invalidate_model()
        table.invalidate_recordset(["code_ids"])
