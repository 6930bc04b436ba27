from contextlib import contextmanager

from odoo import api, fields, models, tools

from ..protocol import envelope, mapping
from ..protocol.problem import ProblemError

# By which of its fields the canonical data names a record.
CODES = {
    "rcm.client": "code",
    "rcm.facility": "code",
    "rcm.patient.account": "name",
    "rcm.payer": "code",
    "rcm.provider": "npi",
    "rcm.provider.group": "code",
    "rcm.service.code": "code",
}
# Where one batch of events keeps what its crosswalks said.
SHARED = "rcm_crosswalk"


class Crosswalk:
    """Our own codes of what a connector's system names, each asked of once.

    Called with (system, kind, value) it gives our code, or None. What ``learn`` was
    told before costs one query for each crosswalk, however many values there are.
    """

    def __init__(self, connector):
        self.connector = connector
        self._codes = {}

    def __call__(self, system, kind, value):
        self.learn([(system, kind, value)])
        return self._codes[system, kind, value]

    def learn(self, asked):
        """Look up those (system, kind, value) that are not known yet, together."""
        by_crosswalk = {}
        for system, kind, value in asked:
            if (system, kind, value) not in self._codes:
                by_crosswalk.setdefault((system, kind), set()).add(value)
        for (system, kind), values in by_crosswalk.items():
            codes = self._look_up(system or self.connector.code, kind, values)
            for value in values:
                self._codes[system, kind, value] = codes.get(value)

    def _look_up(self, system, kind, values):
        """{value: our code} of the values of one crosswalk that are known here."""
        identifiers = self.connector.env["rcm.identifier"]
        records = identifiers._rcm_lookup_many(
            system, kind, sorted(values), self.connector.company_id
        )
        by_model = {}
        for record in records.values():
            if record._name in CODES:
                by_model.setdefault(record._name, set()).add(record.id)
        codes = {}
        for model, ids in by_model.items():
            # codes, no patient data
            standing = identifiers.env[model].sudo().browse(ids).exists()
            for record in standing:
                codes[record] = record[CODES[model]] or None
        return {value: codes.get(record) for value, record in records.items()}


class RcmMapping(models.Model):
    """The crosswalks of mappings: one query each for an event, or a whole batch."""

    _inherit = "rcm.mapping"

    def _rcm_evaluate(self, data):
        """The :class:`~.mapping.Outcome` of this mapping on ``data``."""
        self.ensure_one()
        # Which of our records a source means is nothing it could read here.
        rules = self.sudo().line_ids._rcm_rules()
        crosswalk = self.env.cr.cache.get(SHARED)
        if crosswalk is None:
            connector = self.connector_id.sudo()  # its code and company
            crosswalk = Crosswalk(connector)
            crosswalk.learn(mapping.asked(rules, data, self.keep_rest))
        return mapping.evaluate(rules, data, crosswalk, self.keep_rest)

    @api.model
    @contextmanager
    def _rcm_asking_together(self, connector, values):
        """Within it, the crosswalks know what these envelopes ask of them."""
        mapped = self._rcm_mapped_types(connector.id)
        if not mapped or len(values) < 2:
            yield
            return
        # its code and company; the doors hand over what they remember of it
        crosswalk = Crosswalk(self.env["rcm.connector"].sudo().browse(connector.id))
        crosswalk.learn(self._rcm_asked(connector, values, mapped))
        self.env.cr.cache[SHARED] = crosswalk
        try:
            yield
        finally:
            self.env.cr.cache.pop(SHARED, None)

    @api.model
    def _rcm_asked(self, connector, values, mapped):
        """Every (system, kind, value) that the mappings of these envelopes ask for."""
        day = fields.Datetime.now().date()
        rules, asked = {}, set()
        for value in values:
            try:
                event = envelope.read(value)
            except ProblemError:
                continue  # its own answer says so
            contract = self.env["rcm.event.type"]._rcm_contract(
                event.type, event.version
            )
            if contract is None or contract.id not in mapped:
                continue
            mapping_id = self._rcm_in_force(connector.id, contract.id, day)
            if not mapping_id:
                continue
            if mapping_id not in rules:
                # rules of the house, not the sender's
                record = self.sudo().browse(mapping_id)
                rules[mapping_id] = record.line_ids._rcm_rules(), record.keep_rest
            lines, keep_rest = rules[mapping_id]
            asked |= mapping.asked(lines, event.data, keep_rest)
        return asked

    @api.model
    @tools.ormcache("connector_id")
    def _rcm_mapped_types(self, connector_id):
        """Ids of the event types with a mapping of this connector in force."""
        records = self.sudo().search(  # whoever sends, the rules are the same
            [("connector_id", "=", connector_id), ("state", "=", "active")]
        )
        return frozenset(records.type_id.ids)


class RcmEvent(models.Model):
    """A batch of events asks each crosswalk once."""

    _inherit = "rcm.event"

    @api.model
    def _rcm_submit(self, connector, values, text=None):
        with self.env["rcm.mapping"]._rcm_asking_together(connector, values):
            return super()._rcm_submit(connector, values, text)
