import json

from odoo import api, fields, models

from odoo.addons.healthcare_rcm_base.core.canonical import canonical_json

from ..protocol import business_key, envelope, strict_json
from ..protocol.problem import ProblemError


class RcmEventCheck(models.TransientModel):
    """Checks a pasted event as the doors would, and stores nothing."""

    _name = "rcm.event.check"
    _description = "Check an Event"

    connector_id = fields.Many2one("rcm.connector", required=True)
    type_id = fields.Many2one(
        "rcm.event.type", string="Start from Example", store=False
    )
    text = fields.Text(
        string="Event",
        store=False,
        help="Paste the envelope as JSON. It is not stored; use invented patients.",
    )
    result = fields.Text(readonly=True, store=False)
    accepted = fields.Boolean(readonly=True, store=False)

    @api.onchange("type_id")
    def _onchange_type_id(self):
        if self.type_id:
            self.text = self._rcm_example(self.type_id)

    @api.onchange("connector_id", "text")
    def _onchange_text(self):
        self.accepted, self.result = False, False
        if self.text and self.connector_id:
            # The panel only ever works on a record that exists nowhere but here.
            connector = self.connector_id._origin
            self.accepted, self.result = self._rcm_check(connector, self.text)

    def _rcm_example(self, event_type):
        """An envelope around the example of an event type."""
        return json.dumps(
            {
                "id": f"check-{event_type.name}",
                "type": event_type.name,
                "version": event_type.version,
                "occurred_at": envelope.format_time(fields.Datetime.now()),
                "data": json.loads(event_type.example or "{}"),
            },
            indent=2,
            ensure_ascii=False,
        )

    def _rcm_check(self, connector, text):
        """Return (accepted, what the doors would say) of a pasted text."""
        self.env.user._rcm_require("administrator", "integration_support")
        connector.check_access("read")
        try:
            value = strict_json.loads(text.encode())
            row = self.env["rcm.event"]._rcm_prepare_row(connector, value, None)
        except strict_json.InvalidJson as error:
            return False, f"400 {error}"
        except ProblemError as error:
            body = error.problem.body("")
            body.pop("instance")
            return False, json.dumps(body, indent=2, ensure_ascii=False)
        event_type = self.env["rcm.event.type"].browse(row["type_id"])
        key = business_key.make(event_type.business_key_template, value["data"])
        lines = [
            self.env._("202: this event would be taken."),
            self.env._("Worked on in order by: %s", key or self.env._("nothing")),
            self.env._("Facility: %s", self._rcm_facility_words(row)),
            self.env._(
                "Handler: %s", event_type.handler_model or self.env._("none yet")
            ),
            self.env._("Canonical size: %s bytes", len(canonical_json(value))),
        ]
        return True, "\n".join(lines)

    def _rcm_facility_words(self, row):
        facility = self.env["rcm.facility"].browse(row["facility_id"] or [])
        return facility.sudo().display_name or self.env._("not named or not known")
