from odoo import api, fields, models
from odoo.tools import SQL

from ..core import matching

PAGE = 1000
# What of a patient or guarantor goes into the keys.
KEY_FIELDS = {
    "rcm.patient.account": {
        "first_name": "first_name",
        "middle_name": "middle_name",
        "last_name": "last_name",
        "birth_date": "birth_date",
        "sex": "sex",
        "street": "street",
        "zip": "zip_code",
        "phone": "phone",
    },
    "res.partner": {
        "rcm_first_name": "first_name",
        "rcm_last_name": "last_name",
        "street": "street",
        "zip": "zip_code",
        "phone": "phone",
    },
}
DEFAULT_LIMIT = 25


class RcmMatchKey(models.Model):
    """The index by which similar patients and guarantors are found.

    Each row is a digest of a few facts (see ``core.matching.blocking_keys``). Looking
    somebody up reads at most ``limit`` rows for each of a handful of digests through
    one index: no table is ever scanned. Nobody has rights here; the rows are kept by
    the models they index.
    """

    _name = "rcm.match.key"
    _description = "Matching Key"
    _log_access = False
    _order = "id"

    res_model = fields.Char(required=True)
    res_id = fields.Integer(required=True)
    company_id = fields.Integer(required=True)
    key = fields.Char(required=True)

    _lookup_idx = models.Index("(key, res_model, company_id, res_id DESC)")
    _record_idx = models.Index("(res_model, res_id)")

    # ------------------------------------------------------------------
    # Keeping
    # ------------------------------------------------------------------
    @api.model
    def _rcm_sync(self, records):
        """Make the keys of ``records`` anew from what they say now."""
        if not records:
            return
        self._rcm_drop(records)
        rows = []
        for record in records.sudo():  # identity is read to be digested only
            keys = matching.blocking_keys(person_of(record))
            owner = record.company_id.id
            rows += [
                SQL("(%s, %s, %s, %s)", record._name, record.id, owner, key)
                for key in sorted(keys)
                if owner
            ]
        for start in range(0, len(rows), PAGE):
            self.env.cr.execute(
                SQL(
                    "INSERT INTO rcm_match_key (res_model, res_id, company_id, key)"
                    " VALUES %s",
                    SQL(", ").join(rows[start : start + PAGE]),
                )
            )

    @api.model
    def _rcm_drop(self, records):
        """Forget the keys of ``records``: deleted or merged ones match nobody."""
        self.env.cr.execute(
            SQL(
                "DELETE FROM rcm_match_key WHERE res_model = %s AND res_id = ANY(%s)",
                records._name,
                list(records.ids),
            )
        )

    @api.model
    def _rcm_backfill(self):
        """Index what was here before the index; called when the module is loaded."""
        for name, extra in (
            ("rcm.patient.account", SQL("TRUE")),
            ("res.partner", SQL("record.rcm_is_guarantor")),
        ):
            ids = [
                row[0]
                for row in self.env.execute_query(
                    SQL(
                        """SELECT record.id FROM %s record
                            WHERE %s AND record.active AND NOT EXISTS (
                                  SELECT 1 FROM rcm_match_key known
                                   WHERE known.res_model = %s
                                     AND known.res_id = record.id)""",
                        SQL.identifier(self.env[name]._table),
                        extra,
                        name,
                    )
                )
            ]
            for start in range(0, len(ids), PAGE):
                records = self.env[name].browse(ids[start : start + PAGE])
                self._rcm_sync(records)
                records.invalidate_recordset()

    # ------------------------------------------------------------------
    # Looking up
    # ------------------------------------------------------------------
    @api.model
    def _rcm_candidates(self, model, company, keys, limit=DEFAULT_LIMIT):
        """{key: ids} of records of ``model`` that have these keys.

        At most ``limit`` ids a key, the newest: one statement whatever their number.
        """
        if not keys:
            return {}
        rows = self.env.execute_query(
            SQL(
                """SELECT asked.key, found.res_id
                     FROM unnest(%s) AS asked (key)
                    CROSS JOIN LATERAL (
                          SELECT res_id FROM rcm_match_key
                           WHERE rcm_match_key.key = asked.key
                             AND res_model = %s AND company_id = %s
                           ORDER BY res_id DESC LIMIT %s) found""",
                sorted(keys),
                model,
                company.id,
                limit,
            )
        )
        found = {}
        for key, res_id in rows:
            found.setdefault(key, []).append(res_id)
        return found


def person_of(record, **extra):
    """The normalised person a patient account or guarantor stands for."""
    names = KEY_FIELDS[record._name]
    values = {
        argument: record[name] or ("" if argument != "birth_date" else None)
        for name, argument in names.items()
    }
    return matching.person(key=record.id, **values, **extra)
