from odoo import api, fields, models
from odoo.tools import SQL

from ..core.errors import RcmRetryable

# Our own numbers stand under this system, MRNs under their facility.
OWN_SYSTEM = "rcm"
ACCOUNT = "account"
GUARANTOR = "guarantor"
# Values on these records tell who a patient is.
PATIENT_MODELS = ("rcm.patient.account", "rcm.coverage", "res.partner")


class RcmIdentifier(models.Model):
    """The crosswalk: what a source system calls one of our records.

    (company, system, kind, value) is unique in the database, so two workers that
    meet a new value at once end up with one record.
    """

    _name = "rcm.identifier"
    _description = "Identifier"
    _order = "system, kind, value"
    _rec_name = "value"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    system = fields.Char(
        required=True, help="Who issued it: a source system, or payer, npi, …"
    )
    kind = fields.Char(
        required=True, help="What it names, e.g. mrn, account, payer_id."
    )
    value = fields.Char(required=True)
    res_model = fields.Char(string="Record Type", required=True)
    res_id = fields.Many2oneReference(
        string="Record", model_field="res_model", required=True
    )
    record_name = fields.Char(string="Names", compute="_compute_record_name")

    _value_uniq = models.UniqueIndex(
        "(company_id, system, kind, value)", "This identifier is known already."
    )
    _record_idx = models.Index("(res_model, res_id)")

    @api.depends("res_model", "res_id")
    @api.depends_context("uid")
    def _compute_record_name(self):
        for identifier in self:
            name = False
            if identifier.res_model in self.env and identifier.res_id:
                record = self.env[identifier.res_model].browse(identifier.res_id)
                if record.exists().has_access("read"):
                    name = record.display_name
            identifier.record_name = name

    # ------------------------------------------------------------------
    # Domain
    # ------------------------------------------------------------------
    @api.model
    def _rcm_lookup(self, system, kind, value, company=None):
        """Return the record that ``system`` calls ``value``, or None."""
        return self._rcm_lookup_many(system, kind, [value], company).get(value)

    @api.model
    def _rcm_lookup_many(self, system, kind, values, company=None):
        """Return {value: record} of the values known here."""
        rows = self.sudo().search_fetch(  # the crosswalk itself is not shown
            [
                ("company_id", "=", (company or self.env.company).id),
                ("system", "=", system),
                ("kind", "=", kind),
                ("value", "in", [value for value in values if value]),
            ],
            ["value", "res_model", "res_id"],
        )
        return {row.value: self.env[row.res_model].browse(row.res_id) for row in rows}

    @api.model
    def _rcm_register(self, system, kind, value, record, company=None):
        """Note that ``system`` calls ``record`` by ``value``; return who owns it.

        The first registration wins: when the value names another record already,
        that record is returned and nothing is changed. A value that another
        transaction is just registering is retryable.
        """
        record.ensure_one()
        company = company or self.env.company
        rows = self.env.execute_query(
            SQL(
                """INSERT INTO rcm_identifier
                   (company_id, system, kind, value, res_model, res_id,
                    create_uid, create_date, write_uid, write_date)
                   VALUES (%s, %s, %s, %s, %s, %s,
                    %s, now() AT TIME ZONE 'UTC', %s, now() AT TIME ZONE 'UTC')
                   ON CONFLICT DO NOTHING RETURNING id""",
                company.id,
                system,
                kind,
                value,
                record._name,
                record.id,
                self.env.uid,
                self.env.uid,
            )
        )
        if rows:
            record.invalidate_recordset(
                [
                    name
                    for name in ("payer_identifier_ids", "identifier_ids")
                    if name in record._fields
                ]
            )
            return record
        owner = self._rcm_lookup(system, kind, value, company)
        if owner is None:
            raise RcmRetryable(1, f"identifier of kind {kind} is being registered")
        return owner
