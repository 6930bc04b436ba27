import json
from hashlib import sha256

from odoo import api, fields, models

from odoo.addons.healthcare_rcm_base.core import redaction
from odoo.addons.healthcare_rcm_base.core.canonical import canonical_json
from odoo.addons.healthcare_rcm_base.core.errors import RcmPermanent

from ..protocol import field_path, field_rules, scrub
from ..protocol.problem import ProblemError

PATIENTS, CLINICAL = "group_patient_data", "group_clinical"
# Payload fields that say what a patient was treated for.
CLINICAL_KEYS = frozenset(
    {
        "accident",
        "admitting_diagnosis",
        "condition_codes",
        "diagnoses",
        "diagnosis",
        "diagnosis_codes",
        "diagnosis_poa",
        "drg",
        "external_causes",
        "ndc",
        "occurrence_codes",
        "occurrence_span_codes",
        "onset_date",
        "value_codes",
        "visit_reasons",
    }
)


class RcmEvent(models.Model):
    """What of an event is kept, what it was turned into, and who sees which of it."""

    _inherit = "rcm.event"

    mapping_id = fields.Many2one(
        "rcm.mapping", readonly=True, copy=False, index="btree_not_null"
    )
    mapping_steps = fields.Json(readonly=True, copy=False)
    canonical = fields.Text(
        string="Canonical Content",
        readonly=True,
        copy=False,
        prefetch=False,
        groups="healthcare_rcm_base.group_clinical",
    )
    remap = fields.Boolean(
        string="Map Again",
        readonly=True,
        copy=False,
        help="It is mapped anew before it is worked on again, by the mapping that "
        "holds for the day it came.",
    )
    canonical_shown = fields.Text(string="As Mapped", compute="_compute_payload_shown")
    mapping_text = fields.Text(
        string="What the Mapping Did", compute="_compute_mapping_text"
    )

    @api.depends("payload_hash", "canonical")
    @api.depends_context("uid")
    def _compute_payload_shown(self):
        user = self.env.user
        sees = [
            name
            for name in (PATIENTS, CLINICAL)
            if user.has_group(f"healthcare_rcm_base.{name}")
        ]
        for record in self:
            # Everyone who may read the event sees its shape; its patient only those
            # who may see patients, and codes only those who may see them.
            shown = record.sudo()
            record.payload_shown = shown._rcm_redacted_payload(sees)
            record.canonical_shown = shown._rcm_redacted_canonical(sees)

    def _rcm_redacted_payload(self, sees=()):
        """The payload as indented JSON, as far as it may be shown.

        :param sees: which of :data:`PATIENTS` and :data:`CLINICAL` the reader may see
        """
        self.ensure_one()
        try:
            envelope = json.loads(self.payload or "")
        except ValueError:
            return False
        data = envelope.get("data")
        if self.canonical and len(sees) < 2:
            # In the source's own words: known is only what the mapping knows.
            data = field_rules.only(data, self._rcm_harmless_sources())
        data = self._rcm_shown(data, sees)
        return json.dumps({**envelope, "data": data}, indent=2, ensure_ascii=False)

    def _rcm_redacted_canonical(self, sees=()):
        self.ensure_one()
        if not self.canonical:
            return False
        data = self._rcm_shown(json.loads(self.canonical), sees)
        return json.dumps(data, indent=2, ensure_ascii=False)

    def _rcm_shown(self, data, sees):
        """``data`` by the type's hidden fields, the sensitive names, and the rules."""
        rules = self.env["rcm.redaction.rule"]._rcm_rules(
            self.company_id.id, self.connector_id.id, self.type_id.name
        )
        data = field_rules.masked(data, rules, PATIENTS in sees)
        hidden = self.type_id._rcm_sensitive_keys()
        if CLINICAL not in sees:
            hidden |= CLINICAL_KEYS
        patient = PATIENTS not in sees and self._rcm_is_sensitive()
        return redaction.redact(
            data, lambda key: key.lower() in hidden or (patient and patient(key))
        )

    def _rcm_harmless_sources(self):
        """Paths of the source that the mapping turns into fields without patients."""
        sensitive = self._rcm_is_sensitive()
        paths = []
        for line in self.mapping_id.line_ids.filtered("source"):
            names = [step for step in field_path.parse(line.target)]
            if not any(isinstance(name, str) and sensitive(name) for name in names):
                paths.append(line.source)
        return paths

    @api.depends("mapping_steps")
    def _compute_mapping_text(self):
        for record in self:
            lines = [
                f"{step['source'] or '—'} → {step['target']}: {step['what']}"
                + (f" ×{step['count']}" if step["count"] > 1 else "")
                for step in record.mapping_steps or ()
            ]
            record.mapping_text = "\n".join(lines) or False

    # ------------------------------------------------------------------
    # Working on it
    # ------------------------------------------------------------------
    def _rcm_data(self):
        """The canonical data a handler works on."""
        self.ensure_one()
        if self.remap:
            self._rcm_map_again()
        if self.canonical:
            return json.loads(self.canonical)
        return json.loads(self.payload)["data"]

    def _rcm_map_again(self):
        """Map the original anew: a mapping, or the crosswalk, was mended meanwhile."""
        Mapping = self.env["rcm.mapping"]
        original = json.loads(self.payload)["data"]
        try:
            data, mapping, steps = Mapping._rcm_map_event(
                self.connector_id, self.type_id, original, self.received_at.date()
            )
        except ProblemError as error:
            raise RcmPermanent(
                "mapping", self._rcm_fault_text(error.problem.extra["errors"])
            ) from None
        stored = field_rules.digest_paths(data)
        faults = [
            fault
            for fault in self.type_id._rcm_schema_errors(data)
            if fault["path"] not in stored
        ]
        if faults:
            raise RcmPermanent("schema", self._rcm_fault_text(faults))
        self._rcm_write(
            {
                "canonical": canonical_json(data).decode() if mapping else False,
                "mapping_id": mapping.id,
                "mapping_steps": _steps(steps) or False,
                "remap": False,
            }
        )
        self._rcm_emit("event.mapped_again", self._rcm_mapping_change(mapping.id))

    def _rcm_fault_text(self, faults):
        """Faults by path and rule, for a person."""
        return self.env._(
            "The mapped content does not fit: %s",
            ", ".join(f"{fault['path']} ({fault['rule']})" for fault in faults[:5]),
        )

    def _rcm_replay(self):
        """What goes back in line is mapped anew where a mapping may have changed."""
        result = super()._rcm_replay()
        Mapping = self.env["rcm.mapping"]
        mapped = self.filtered(
            lambda event: event.mapping_id
            or Mapping._rcm_spans(event.connector_id.id, event.type_id.id)
        )
        if mapped:
            mapped._rcm_write({"remap": True})
        return result

    def _rcm_scrub(self, message):
        """Take also what the mapped content says of the patient out of ``message``."""
        message = super()._rcm_scrub(message)
        canonical = self.sudo().canonical  # read to hide it, never to show it
        if not canonical:
            return message
        hidden = scrub.sensitive_values(json.loads(canonical), self._rcm_is_sensitive())
        return scrub.scrub(message, hidden)

    # ------------------------------------------------------------------
    # Receiving
    # ------------------------------------------------------------------
    @api.model
    def _rcm_mapping_change(self, mapping_id):
        """What the log says of the mapping, so that the trace shows it."""
        if not mapping_id:
            return {}
        # its name, for whoever reads the trace
        mapping = self.env["rcm.mapping"].sudo().browse(mapping_id)
        return {"mapping": [None, mapping.display_name]}

    @api.model
    def _rcm_content_columns(self, sender, name, value, data, mapped, text):
        """Column values of what is kept of a payload.

        :param str name: of its event type
        :param dict value: the envelope as it came
        :param data: its content as mapped; ``mapped`` says by what, with which steps
        :param str text: the body as it came, when it is the one envelope
        """
        mapping, steps = mapped
        Rule = self.env["rcm.redaction.rule"]
        of = sender.company_id, sender.id, name
        whole = canonical_json(value)
        kept = Rule._rcm_dropped(*of, value["data"])
        if kept is not value["data"]:
            stored = canonical_json({**value, "data": kept})
        else:
            stored = whole if text is None else text.encode()
        canonical = None
        if mapping:
            data = Rule._rcm_dropped(*of, data)
            canonical = canonical_json(data).decode()
        return {
            "payload": stored.decode(),
            "payload_hash": sha256(whole).hexdigest(),
            "payload_size": len(stored),
            "canonical": canonical,
            "mapping_id": mapping.id or None,
            "mapping_steps": _steps(steps) if mapping else None,
        }


def _steps(steps):
    """What each line of a mapping did, as it is kept: names and counts only."""
    return [
        {
            "target": step.target,
            "source": step.source,
            "what": step.what,
            "count": step.count,
        }
        for step in steps
    ]
