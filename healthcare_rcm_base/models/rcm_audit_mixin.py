from odoo import api, models

from ..core import redaction

MASK = "changed"


class RcmAuditMixin(models.AbstractModel):
    """Records whose changes are written to the audit log.

    ``_rcm_audit_fields`` names the fields whose creation and change by anyone is
    logged by itself (master data, policies, rules). Documents log their steps with
    ``_rcm_emit`` and leave the tuple empty.
    """

    _name = "rcm.audit.mixin"
    _description = "Audited Record"

    _rcm_audit_fields = ()
    # Fields of documents whose creation is logged by the step that makes them: only
    # their later change and the deletion are logged by themselves.
    _rcm_audit_edits = ()
    # Fields whose values never reach the log; fields with ``groups`` never do.
    _rcm_audit_masked = ()
    # Fields behind a group for another reason than patient data (technical settings).
    _rcm_audit_unmasked = ()

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        if self._rcm_audit_fields:
            after = records._rcm_audit_snapshot(self._rcm_audit_fields)
            records._rcm_emit(
                f"{self._name}.created",
                changes_by_id={
                    id_: {
                        name: [None, value] for name, value in values.items() if value
                    }
                    for id_, values in after.items()
                },
            )
        return records

    def write(self, vals):
        audited = (*self._rcm_audit_fields, *self._rcm_audit_edits)
        names = [name for name in audited if name in vals]
        if not names:
            return super().write(vals)
        before = self._rcm_audit_snapshot(names)
        result = super().write(vals)
        self._rcm_emit_difference(f"{self._name}.changed", before, names)
        return result

    def unlink(self):
        if self._rcm_audit_fields or self._rcm_audit_edits:
            self._rcm_emit(f"{self._name}.deleted")
        return super().unlink()

    # ------------------------------------------------------------------
    # Appending to the log
    # ------------------------------------------------------------------
    def _rcm_emit(
        self,
        event,
        changes=None,
        source=None,
        correlation_id=None,
        changes_by_id=None,
    ):
        """Append one audit row per record in this transaction.

        :param str event: what happened, e.g. ``claim.cleared``
        :param dict changes: {field: [before, after]} of every record, or
        :param dict changes_by_id: {record id: {field: [before, after]}}
        :param str source: system or screen it came from, found out when not given
        :param str correlation_id: the thread it belongs to; default the record's own

        Extended where events leave the house. Values of patient fields are dropped
        here, whoever passes them.
        """
        if not self:
            return
        by_id = changes_by_id or {}
        names = dict(zip(self._ids, self._rcm_audit_names(), strict=True))
        self.env["rcm.audit.log"]._rcm_append(
            [
                {
                    "event": event,
                    "model": self._name,
                    "res_id": record.id,
                    "record_name": names[record.id],
                    "company_id": record._rcm_audit_company_id(),
                    "correlation_id": correlation_id or record._rcm_correlation_id(),
                    "changes": self._rcm_audit_changes(
                        by_id.get(record.id, changes or {})
                    ),
                    "source": source,
                }
                for record in self.sudo()  # log rows need no read right of the actor
            ]
        )

    def _rcm_emit_difference(self, event, before, names):
        """Append a row for each record where ``names`` differ from ``before``."""
        after = self._rcm_audit_snapshot(names)
        changes = {}
        for id_, values in after.items():
            old = before.get(id_, {})
            delta = {
                name: [old.get(name), value]
                for name, value in values.items()
                if old.get(name) != value
            }
            if delta:
                changes[id_] = delta
        self.browse(changes)._rcm_emit(event, changes_by_id=changes)

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    def _rcm_audit_snapshot(self, names):
        """Return {record id: {field: plain value}} for the log."""
        return {
            record.id: {
                name: self._rcm_audit_value(record._fields[name], record[name])
                for name in names
            }
            for record in self.sudo()  # the log is complete whoever acts
        }

    @staticmethod
    def _rcm_audit_value(field, value):
        """Return ``value`` as JSON-able data; records as ids, never as names."""
        if field.relational:
            return value.ids if field.type.endswith("2many") else value.id or None
        if field.type == "reference":
            return f"{value._name},{value.id}" if value else None
        if field.type in ("binary", "image"):
            return bool(value)
        if value == "" or (value is False and field.type != "boolean"):
            return None
        return value

    def _rcm_audit_changes(self, changes):
        """Drop the values of every field that may identify a patient."""
        return {
            name: MASK if self._rcm_audit_is_masked(name) else redaction.redact(value)
            for name, value in changes.items()
        }

    def _rcm_audit_is_masked(self, name):
        if name in self._rcm_audit_unmasked:
            return False
        field = self._fields.get(name)
        return (
            name in self._rcm_audit_masked
            or redaction.is_sensitive(name)
            or bool(field and field.groups)
        )

    def _rcm_audit_names(self):
        """Names of the records in order; override ``_rcm_audit_name`` per record."""
        return [record._rcm_audit_name() for record in self.sudo()]

    def _rcm_audit_name(self):
        """A name of this record without patient data."""
        self.ensure_one()
        return self.display_name

    def _rcm_audit_company_id(self):
        """Id of the company whose auditors see the row; False: every company's."""
        return self.company_id.id if "company_id" in self._fields else False

    def _rcm_correlation_id(self):
        """The thread this record belongs to, from source event to journal entry."""
        if "correlation_id" in self._fields:
            return self.correlation_id or False
        return False
