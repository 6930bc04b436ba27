import csv
import io

from odoo import models

from odoo.addons.healthcare_rcm_base.core.canonical import digest

from .rcm_adapter_roles import UnreadableContent

NEEDED = ("facility", "encounter", "charge", "code")


class RcmAdapterChargesCsv(models.AbstractModel):
    """Charges as CSV, one a line: the roles *decode* and *map* in one file."""

    _name = "rcm.adapter.charges_csv"
    _inherit = ["rcm.adapter.decode", "rcm.adapter.map"]
    _description = "Adapter: charges as CSV"
    _rcm_adapter_code = "charges_csv"
    _rcm_adapter_title = "Charges as CSV"

    def _rcm_decode(self, content, filename=""):
        """Bytes into lines: {column: text}, as the source wrote them."""
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UnreadableContent(f"not UTF-8 at byte {error.start}") from None
        reader = csv.DictReader(io.StringIO(text), strict=True)
        try:
            lines = list(reader)
        except csv.Error as error:
            raise UnreadableContent(f"line {reader.line_num}: {error}") from None
        missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
        if missing:
            raise UnreadableContent(f"columns are missing: {', '.join(missing)}")
        for number, line in enumerate(lines, start=2):
            if None in line or None in line.values():
                raise UnreadableContent(f"line {number} has other columns")
        return lines

    def _rcm_map(self, connector, record, hints):
        """One line into the envelope of a ``charge.captured``."""
        event_id = f"csv-{digest(record)[:32]}"  # the same line is the same event
        charge = {"id": record["charge"], "code": record["code"]}
        for name in ("units", "amount", "service_date", "place_of_service"):
            if record.get(name):
                charge[name] = record[name]
        if record.get("modifiers"):
            charge["modifiers"] = record["modifiers"].split()
        return {
            "id": event_id,
            "type": "charge.captured",
            "version": 1,
            "occurred_at": self._rcm_first_seen(connector, event_id),
            "data": {
                "facility": record["facility"],
                "encounter": record["encounter"],
                "charge": charge,
            },
        }
