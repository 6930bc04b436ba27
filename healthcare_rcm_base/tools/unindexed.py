"""Binary fields whose content Odoo does not copy into its search index."""

from odoo import fields

UNINDEXED = "rcm_unindexed"


class UnindexedBinary(fields.Binary):
    """A file of patient data.

    Odoo keeps every word of a text file in ``ir.attachment.index_content``: a second
    copy in plain text, in a table that others search.
    """

    def create(self, record_values):
        return super().create(
            [
                (record.with_context(**{UNINDEXED: True}), value)
                for record, value in record_values
            ]
        )

    def write(self, records, value):
        return super().write(records.with_context(**{UNINDEXED: True}), value)
