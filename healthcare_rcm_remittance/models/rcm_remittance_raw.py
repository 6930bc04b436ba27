from odoo import api, models
from odoo.exceptions import AccessError, UserError

from ..x12.raw import RawFile, triples

WINDOW = 200
LONGEST = 4_000
# The payment's own segments stand at the head of its transaction.
HEAD = 40
DIRECTIONS = ("around", "before", "after")
# figure: tag and element that it is read from
PAYMENT_FIGURES = {
    "amount": ("BPR", 2),
    "handling": ("BPR", 1),
    "method": ("BPR", 4),
    "payment_date": ("BPR", 16),
    "trace": ("TRN", 2),
    "payer_trace_id": ("TRN", 3),
    "payer_name": ("N1", 2),
}
CLAIM_FIGURES = {
    "control_number": 1,
    "status": 2,
    "charge": 3,
    "paid": 4,
    "patient_responsibility": 5,
    "payer_claim_number": 7,
    "frequency": 9,
}
SERVICE_FIGURES = {
    "code": 1,
    "charge": 2,
    "paid": 3,
    "revenue_code": 4,
    "units_paid": 5,
    "submitted_code": 6,
    "units_submitted": 7,
}
# figure: place in its group of elements
ADJUSTMENT_FIGURES = {"reason_code": 0, "amount": 1, "quantity": 2}
PROVIDER_FIGURES = {"reason_code": 0, "reference": 0, "amount": 1}


class RcmRemittanceFile(models.Model):
    """The stored bytes of a file, a piece at a time."""

    _inherit = "rcm.remittance.file"

    def get_raw(self, offset=None, direction="around"):
        """A window of the file's segments (see the remittance's)."""
        self.ensure_one()
        self.check_access("read")
        return self._rcm_raw_window(0, self.size_bytes, offset, direction)

    def _rcm_raw_window(self, lower, upper, offset, direction):
        """Lines between two offsets, for who may see patients."""
        self._rcm_check_raw()
        if direction not in DIRECTIONS:
            raise UserError(self.env._("Look around, before or after a place."))
        raw = self._rcm_raw_file(lower, upper)
        at = min(max(int(offset or lower), lower), upper)
        window = getattr(raw, direction)(at, WINDOW)
        return {
            "name": self.name,
            "lower": lower,
            "upper": upper,
            "separator": _shown(raw.delimiters(at).element),
            "before": window.before,
            "after": window.after,
            "lines": [
                {
                    "offset": line.offset,
                    "length": line.length,
                    "elements": [part[:LONGEST] for part in line.elements],
                }
                for line in window.lines
            ],
        }

    @api.model
    def _rcm_check_raw(self):
        if not self.env.user._rcm_sees_patients():
            raise AccessError(
                self.env._("The raw data names patients; you may not see them.")
            )

    def _rcm_raw_file(self, lower=0, upper=None):
        """The file's lines; bytes are read where they lie, never the whole file."""
        self.ensure_one()
        found = self.env["ir.attachment"].sudo()  # who may see it was checked
        found = found.search(
            [
                ("res_model", "=", self._name),
                ("res_field", "=", "content"),
                ("res_id", "=", self.id),
            ],
            limit=1,
        )
        return RawFile(
            _reader(found), lower, self.size_bytes if upper is None else upper
        )

    def action_raw(self):
        """Show the file's segments."""
        self.ensure_one()
        self.check_access("read")
        return self._rcm_raw_action(self, {"offset": 0})

    @api.model
    def _rcm_raw_action(self, record, place):
        """The screen of ``record`` 's segments, at one place of it."""
        self._rcm_check_raw()
        return {
            "type": "ir.actions.client",
            "tag": "rcm_raw_data",
            "name": self.env._("Raw Data: %s", record.display_name),
            "target": "new",
            "context": {"dialog_size": "extra-large"},
            "params": {
                "resModel": record._name,
                "resId": record.id,
                "place": place,
            },
        }


class RcmRemittance(models.Model):
    """The segments of one payment, and the one behind each of its figures."""

    _inherit = "rcm.remittance"

    def get_raw(self, offset=None, direction="around"):
        """A window of this payment's segments, each with its offset and length.

        :param offset: byte of the file to begin at, default the first
        :param direction: lines around that byte, before or after it
        """
        self.ensure_one()
        self.check_access("read")
        # Its reader may be held to a facility that the file is not: only its part.
        file = self.file_id.sudo()
        file._rcm_check_raw()
        if not file:
            return {"lines": [], "before": False, "after": False, "name": False}
        return file._rcm_raw_window(
            self.start_offset, self.end_offset, offset, direction
        )

    def action_raw(self, figure=None):
        """Show the segments, with the one behind ``figure`` marked."""
        self.ensure_one()
        self.check_access("read")
        return self._rcm_raw_at(self._rcm_raw_place(figure))

    def _rcm_raw_place(self, figure=None):
        """Offset, length and element of what a figure was read from."""
        self.env["rcm.remittance.file"]._rcm_check_raw()
        if figure == "provider_total" and self.provider_adjustment_ids:
            return self.provider_adjustment_ids[0]._rcm_raw_place("amount")
        place = {"offset": self.start_offset, "length": 0, "elements": []}
        if figure not in PAYMENT_FIGURES or not self.file_id:
            return place
        tag, element = PAYMENT_FIGURES[figure]
        line = self._rcm_raw_lines().find(self.start_offset, tag, HEAD)
        if line:
            place.update(offset=line.offset, length=line.length, elements=[element])
        return place

    def _rcm_raw_lines(self):
        """This payment's lines."""
        return self.file_id.sudo()._rcm_raw_file(  # reading it was checked
            self.start_offset, self.end_offset
        )

    def _rcm_raw_at(self, place):
        return self.env["rcm.remittance.file"]._rcm_raw_action(self, place)

    def _rcm_raw_line(self, offset):
        """The line at exactly this byte, or None."""
        if not self.file_id:
            return None
        lines = self._rcm_raw_lines().after(offset, 1).lines
        return lines[0] if lines and lines[0].offset == offset else None


class RcmRawFigureMixin(models.AbstractModel):
    """A part of a payment, which was read from a segment of its file."""

    _name = "rcm.raw.figure.mixin"
    _description = "Figures of a Segment"
    # figure: element, or place in its group of elements
    _rcm_raw_figures = {}

    def action_raw(self, figure=None):
        """Show the payment's segments with this record's marked."""
        self.ensure_one()
        self.check_access("read")
        return self._rcm_raw_payment()._rcm_raw_at(self._rcm_raw_place(figure))

    def _rcm_raw_payment(self):
        """The remittance in whose segments it stands."""
        return self.remittance_claim_id.remittance_id

    def _rcm_raw_place(self, figure=None):
        """Offset, length and elements of what it, or a figure of it, was read from."""
        self.env["rcm.remittance.file"]._rcm_check_raw()
        line = self._rcm_raw_payment()._rcm_raw_line(self.start_offset)
        return {
            "offset": line.offset if line else self.start_offset,
            "length": line.length if line else 0,
            "elements": self._rcm_raw_elements(line, figure),
        }

    def _rcm_raw_elements(self, line, figure):
        """Elements of ``line`` (None where it is not found) to mark."""
        element = self._rcm_raw_figures.get(figure)
        return [element] if element else []

    def _rcm_raw_group(self, line, number, first, size, figure):
        """Elements of the group with this number; of one figure, or all of them."""
        groups = triples(line, first, size) if line else []
        if number >= len(groups):
            return []
        start = groups[number]
        if figure in self._rcm_raw_figures:
            return [start + self._rcm_raw_figures[figure]]
        return list(range(start, min(start + size, len(line.elements))))


class RcmRawLoopMixin(models.AbstractModel):
    """A part of a payment whose segment opens a loop."""

    _name = "rcm.raw.loop.mixin"
    _inherit = "rcm.raw.figure.mixin"
    _description = "Figures of a Loop of Segments"

    def _rcm_raw_place(self, figure=None):
        place = super()._rcm_raw_place(figure)
        return {**place, "end": self.end_offset} if self.end_offset else place


class RcmRemittanceClaim(models.Model):
    """The segment behind each figure of a claim."""

    _name = "rcm.remittance.claim"
    _inherit = ["rcm.remittance.claim", "rcm.raw.loop.mixin"]
    _rcm_raw_figures = CLAIM_FIGURES

    def _rcm_raw_payment(self):
        return self.remittance_id


class RcmRemittanceService(models.Model):
    """The segment behind each figure of a service line."""

    _name = "rcm.remittance.service"
    _inherit = ["rcm.remittance.service", "rcm.raw.loop.mixin"]
    _rcm_raw_figures = SERVICE_FIGURES


class RcmRemittanceAdjustment(models.Model):
    """The segment and triple behind an adjustment."""

    _name = "rcm.remittance.adjustment"
    _inherit = ["rcm.remittance.adjustment", "rcm.raw.figure.mixin"]
    _rcm_raw_figures = ADJUSTMENT_FIGURES

    def _rcm_raw_elements(self, line, figure):
        same = (self.service_id or self.remittance_claim_id).adjustment_ids
        same = same.filtered(
            lambda item: item.start_offset == self.start_offset
            and item.service_id == self.service_id
        ).sorted("position")
        return self._rcm_raw_group(line, same.ids.index(self.id), 2, 3, figure)


class RcmRemittanceProviderAdjustment(models.Model):
    """The segment and pair behind an adjustment of the payment."""

    _name = "rcm.remittance.provider.adjustment"
    _inherit = ["rcm.remittance.provider.adjustment", "rcm.raw.figure.mixin"]
    _rcm_raw_figures = PROVIDER_FIGURES

    def _rcm_raw_payment(self):
        return self.remittance_id

    def _rcm_raw_elements(self, line, figure):
        same = self.remittance_id.provider_adjustment_ids.filtered(
            lambda item: item.start_offset == self.start_offset
        ).sorted("index")
        return self._rcm_raw_group(line, same.ids.index(self.id), 3, 2, figure)


def _shown(separator):
    """A separator as it is shown where it would not show."""
    if separator.isprintable():
        return separator
    return chr(0x2400 + ord(separator)) if ord(separator) < 32 else "·"


def _reader(attachment):
    """``read(start, end)`` over the stored bytes of an attachment."""
    if not attachment.store_fname:
        content = bytes(attachment.db_datas or b"")
        return lambda start, end: content[start:end]
    path = attachment._full_path(attachment.store_fname)

    def read(start, end):
        with open(path, "rb") as stored:
            stored.seek(start)
            return stored.read(max(end - start, 0))

    return read
