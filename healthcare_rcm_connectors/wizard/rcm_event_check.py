import json
from difflib import ndiff

from markupsafe import Markup

from odoo import api, fields, models

from odoo.addons.healthcare_rcm_base.core.canonical import canonical_json

from ..protocol import envelope, strict_json
from ..protocol.problem import ProblemError

COLOURS = {"+": "text-success", "-": "text-danger", " ": "text-muted"}


class RcmEventCheck(models.TransientModel):
    """Checks a pasted event as the doors would, and stores nothing."""

    _name = "rcm.event.check"
    _description = "Check an Event"

    connector_id = fields.Many2one("rcm.connector", required=True)
    type_id = fields.Many2one(
        "rcm.event.type", string="Start from Example", store=False
    )
    mapping_id = fields.Many2one(
        "rcm.mapping",
        string="Try Mapping",
        store=False,
        domain="[('connector_id', '=', connector_id)]",
        help="A draft, or any version. Empty: the one that is in force today.",
    )
    text = fields.Text(
        string="Event",
        store=False,
        help="Paste the envelope as JSON. It is not stored; use invented patients.",
    )
    result = fields.Text(readonly=True, store=False)
    accepted = fields.Boolean(readonly=True, store=False)
    after = fields.Text(string="As Mapped", readonly=True, store=False)
    steps = fields.Text(string="What Each Line Did", readonly=True, store=False)
    diff = fields.Html(
        string="What Would Change",
        readonly=True,
        store=False,
        sanitize=False,
        help="Red is what was sent, or what the mapping in force makes of it; green is "
        "what would be worked on.",
    )

    @api.onchange("type_id")
    def _onchange_type_id(self):
        if self.type_id:
            self.text = self._rcm_example(self.type_id)

    @api.onchange("connector_id", "mapping_id", "text")
    def _onchange_text(self):
        self.accepted, self.result = False, False
        self.after, self.steps, self.diff = False, False, False
        if self.text and self.connector_id:
            # The panel only ever works on a record that exists nowhere but here.
            connector, mapping = self.connector_id._origin, self.mapping_id._origin
            self.accepted, self.result = self._rcm_check(connector, self.text, mapping)
            self._rcm_compare(connector, self.text, mapping)

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

    def _rcm_check(self, connector, text, mapping=None):
        """Return (accepted, what the doors would say) of a pasted text."""
        self.env.user._rcm_require("administrator", "integration_support")
        connector.check_access("read")
        try:
            value = strict_json.loads(text.encode())
            row = self.env["rcm.event"]._rcm_prepare_row(
                connector, value, None, mapping
            )
        except strict_json.InvalidJson as error:
            return False, f"400 {error}"
        except ProblemError as error:
            body = error.problem.body("")
            body.pop("instance")
            return False, json.dumps(body, indent=2, ensure_ascii=False)
        event_type = self.env["rcm.event.type"].browse(row["type_id"])
        # the mapping's name is shown, nothing of what it says
        used = self.env["rcm.mapping"].sudo().browse(row["mapping_id"] or [])
        lines = [
            self.env._("202: this event would be taken."),
            self.env._(
                "Worked on in order by: %s",
                row["business_key"] or self.env._("nothing"),
            ),
            self.env._("Facility: %s", self._rcm_facility_words(row)),
            self.env._("Mapped by: %s", used.display_name or self.env._("nothing")),
            self.env._(
                "Handler: %s", event_type.handler_model or self.env._("none yet")
            ),
            self.env._("Canonical size: %s bytes", len(canonical_json(value))),
        ]
        return True, "\n".join(lines)

    def _rcm_compare(self, connector, text, tried):
        """Fill in what the mapping makes of a pasted text, and what that changes."""
        try:
            value = strict_json.loads(text.encode())
            event = envelope.read(value)
            contract = self.env["rcm.event"]._rcm_contract_for(
                connector._rcm_sender(), event
            )
        except (strict_json.InvalidJson, ProblemError):
            return  # the result says why
        # Rules of the house: whoever may check an event sees what they do with it.
        Mapping = self.env["rcm.mapping"].sudo()
        today = fields.Date.context_today(self)
        standing = Mapping.browse(
            Mapping._rcm_in_force(connector.id, contract.id, today) or []
        )
        used = tried or standing
        if not used:
            return
        outcome = used.sudo()._rcm_evaluate(event.data)
        before = event.data
        if tried and standing and tried != standing:
            before = standing._rcm_evaluate(event.data).data
        self.after = _pretty(outcome.data)
        self.steps = "\n".join(
            f"{step.source or '—'} → {step.target}: {step.what} ({step.count})"
            for step in outcome.steps
        )
        self.diff = _difference(_pretty(before), self.after)

    def _rcm_facility_words(self, row):
        facility = self.env["rcm.facility"].browse(row["facility_id"] or [])
        return facility.sudo().display_name or self.env._("not named or not known")


def _pretty(value):
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)


def _difference(before, after):
    """The lines of both texts, coloured; every text in it is escaped."""
    lines = [
        Markup('<div class="%s" style="white-space: pre">%s</div>')
        % (COLOURS[line[0]], line)
        for line in ndiff(before.splitlines(), after.splitlines())
        if line[0] in COLOURS
    ]
    return Markup('<div class="font-monospace small">%s</div>') % Markup("").join(lines)
