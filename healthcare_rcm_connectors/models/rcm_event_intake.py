import json
from secrets import token_hex
from time import monotonic, time_ns

from odoo import api, fields, models
from odoo.tools import SQL

from ..protocol import envelope, idempotency
from ..protocol.problem import ProblemError
from ..protocol.sender import Sender
from .rcm_event import CRON

QUEUE_CHECK_SECONDS = 5
RETRY_AFTER_SECONDS = 30
_queue_depth = {}

# However many rows; what all of them share is told once. What else a row says of
# itself, such as its type's name, is left out here.
_INSERT = """
    INSERT INTO rcm_event (
           connector_id, company_id, external_id, type_id, facility_id, business_key,
           occurred_at, received_at, payload, payload_hash, payload_size, canonical,
           mapping_id, mapping_steps, amount, priority, correlation_id, state,
           attempt_count, create_uid, create_date, write_date)
    SELECT %(connector)s, %(company)s, external_id, type_id, facility_id, business_key,
           occurred_at, %(now)s, payload, payload_hash, payload_size, canonical,
           mapping_id, mapping_steps, amount, priority, correlation_id, 'received',
           0, %(uid)s, %(now)s, %(now)s
      FROM jsonb_to_recordset(%(rows)s::jsonb) AS row(
           external_id varchar, type_id int, facility_id int, business_key varchar,
           occurred_at timestamp, payload text, payload_hash varchar,
           payload_size int, canonical text, mapping_id int, mapping_steps jsonb,
           amount numeric, priority int, correlation_id varchar)
        ON CONFLICT (connector_id, external_id) DO NOTHING
    RETURNING external_id AS name, id
"""


class RcmEvent(models.Model):
    """Receiving: check, store, answer. Nothing is worked on here."""

    _inherit = "rcm.event"

    @api.model
    def _rcm_submit(self, connector, values, text=None):
        """Store events of ``connector`` and return an answer to each.

        :param connector: ``rcm.connector``, or the :class:`Sender` the doors made of it
        :param list values: parsed envelopes
        :param str text: the body as it came, when it is the one envelope
        :return: list of result dicts or :class:`ProblemError`, in order
        """
        sender = self._rcm_sender_of(connector)
        self._rcm_check_capacity(sender)
        answers, rows = [None] * len(values), {}
        for position, value in enumerate(values):
            try:
                rows[position] = self._rcm_prepare_row(sender, value, text)
            except ProblemError as error:
                answers[position] = error
        if rows:
            stored = self._rcm_insert(sender, list(rows.values()))
            for position, row in rows.items():
                answers[position] = self._rcm_answer(sender, row, stored)
        return answers

    @api.model
    def _rcm_sender_of(self, connector):
        return connector if isinstance(connector, Sender) else connector._rcm_sender()

    @api.model
    def _rcm_prepare_row(self, connector, value, text, mapping=None):
        """Check one envelope and return its column values, or raise a problem.

        :param connector: as for :meth:`_rcm_submit`
        :param mapping: the ``rcm.mapping`` to try instead of the one in force
        """
        sender = self._rcm_sender_of(connector)
        event = envelope.read(value)
        contract = self._rcm_contract_for(sender, event)
        data, *mapped = self.env["rcm.mapping"]._rcm_map_event(
            sender, contract, event.data, fields.Date.today(), mapping
        )
        faults = contract.errors(data)
        if faults:
            raise ProblemError("schema", event_type=event.type_key, errors=faults)
        return {
            "external_id": event.id,
            "type_id": contract.id,
            "type_name": contract.name,
            "facility_id": self._rcm_facility_for(sender, contract, data),
            "business_key": contract.business_key(data),
            "occurred_at": event.occurred_at,
            **self._rcm_content_columns(
                sender, contract.name, value, data, mapped, text
            ),
            "amount": contract.amount(data),
            "priority": contract.place_in_line(sender.history),
            "correlation_id": _thread_name(),
        }

    @api.model
    def _rcm_contract_for(self, sender, event):
        """The contract of ``event``; a problem when unknown or not allowed."""
        Type = self.env["rcm.event.type"]
        contract = Type._rcm_contract(event.type, event.version)
        if contract is None:
            raise ProblemError("unknown-event-type", known_types=Type._rcm_known())
        until = contract.taken_until
        if until and until < fields.Date.context_today(self):
            raise ProblemError(
                "unknown-event-type",
                f"This version was taken until {until}.",
                known_types=Type._rcm_known(),
            )
        if contract.id not in sender.type_ids:
            # names of contracts, which are no secret
            allowed = Type.sudo().browse(sender.type_ids).mapped("display_name")
            raise ProblemError("event-type-not-allowed", allowed_types=sorted(allowed))
        return contract

    @api.model
    def _rcm_facility_for(self, sender, contract, data):
        """Id of the facility ``data`` names, or None; a problem when not allowed.

        An unknown facility is the business of processing: it may be made later.
        """
        code = contract.facility_code(data)
        if not code:
            return None
        known = self.env["rcm.facility"]._rcm_ids_by_code(sender.company_id)
        facility_id = known.get(code)
        if sender.facility_ids and facility_id not in sender.facility_ids:
            place = {"path": f"$.{contract.facility_path}", "rule": "not allowed"}
            raise ProblemError("facility-not-allowed", errors=[place])
        return facility_id

    @api.model
    def _rcm_insert(self, sender, rows):
        """Insert rows whose id is new; return {id: (hash, correlation, is new)}.

        The unique index decides, also between requests that run at once: the later
        one waits, then fails to serialise and is run again by the server.
        """
        wanted = {}
        for row in rows:
            wanted.setdefault(row["external_id"], row)
        inserted = self._rcm_insert_rows(sender, list(wanted.values()))
        known = self._rcm_known_rows(sender, set(wanted) - set(inserted))
        if inserted:
            self.env["ir.cron"]._rcm_wake_often(CRON)
        for name in inserted:
            row = wanted[name]
            known[name] = row["payload_hash"], row["correlation_id"], True
        return known

    @api.model
    def _rcm_known_rows(self, sender, external_ids):
        """Return {id: (hash, correlation, False)} of events that came before."""
        if not external_ids:
            return {}
        rows = self.env.execute_query(
            SQL(
                "SELECT external_id, payload_hash, correlation_id FROM rcm_event"
                " WHERE connector_id = %s AND external_id = ANY(%s)",
                sender.id,
                list(external_ids),
            )
        )
        return {row[0]: (row[1], row[2], False) for row in rows}

    @api.model
    def _rcm_insert_rows(self, sender, rows):
        """Store and log rows whose id is new; return {external id: id} of them."""
        insert = SQL(
            _INSERT,
            connector=sender.id,
            company=sender.company_id,
            now=fields.Datetime.now(),
            uid=self.env.uid,
            rows=json.dumps(rows, ensure_ascii=False, default=_as_json),
        )
        return self.env["rcm.audit.log"]._rcm_append_stored(
            insert, {row["external_id"]: self._rcm_log_row(sender, row) for row in rows}
        )

    @api.model
    def _rcm_log_row(self, sender, row):
        """What the log says of an event that was taken."""
        return {
            "event": "event.received",
            "model": self._name,
            "record_name": f"{row['type_name']} {row['external_id']}",
            "company_id": sender.company_id,
            "correlation_id": row["correlation_id"],
            "changes": {
                "state": [None, "received"],
                "payload_hash": [None, row["payload_hash"]],
                "business_key": [None, row["business_key"]],
                **self._rcm_mapping_change(row["mapping_id"]),
            },
            "source": sender.code,
        }

    @api.model
    def _rcm_answer(self, sender, row, stored):
        """Result of one event; the first with its id in a batch is the new one."""
        event_id = row["external_id"]
        payload_hash, correlation_id, is_new = stored[event_id]
        if is_new:
            stored[event_id] = payload_hash, correlation_id, False
        elif (
            idempotency.decide(payload_hash, row["payload_hash"])
            is idempotency.Decision.CONFLICT
        ):
            return ProblemError("conflict", id=event_id)
        return {
            "id": event_id,
            "status": "received",
            "correlation_id": correlation_id,
            "duplicate": not is_new,
            **self.env["rcm.event.type"]._rcm_warning(row["type_id"], sender),
        }

    @api.model
    def _rcm_check_capacity(self, sender):
        """Raise *overloaded* while too many events of this sender wait."""
        key, now = (self.env.cr.dbname, sender.id), monotonic()
        checked_at, full = _queue_depth.get(key, (None, False))
        if checked_at is None or now - checked_at > QUEUE_CHECK_SECONDS:
            limit = sender.queue_limit
            full = self._rcm_waiting_count(sender.id, limit) >= limit
            _queue_depth[key] = (now, full)
        if full:
            raise ProblemError(
                "overloaded", headers={"Retry-After": str(RETRY_AFTER_SECONDS)}
            )

    # ------------------------------------------------------------------
    # Answers about events
    # ------------------------------------------------------------------
    @api.model
    def _rcm_find_for(self, connector, external_id):
        """The connector's own event; a problem when there is none."""
        event = self.sudo().search(  # the filter on the connector is the right
            [("connector_id", "=", connector.id), ("external_id", "=", external_id)],
            limit=1,
        )
        if not event:
            raise ProblemError("not-found", "No event with this id.")
        return event

    def _rcm_status(self):
        """What a sender may know of its event."""
        self.ensure_one()
        error = None
        if self.error_class or self.error_code:
            error = {
                "class": self.error_class or None,
                "code": self.error_code or None,
                "message": self.error_message or None,
            }
        return {
            "id": self.external_id,
            "type": self.type_id.name,
            "version": self.type_id.version,
            "status": self.state,
            "correlation_id": self.correlation_id,
            "occurred_at": envelope.format_time(self.occurred_at),
            "received_at": envelope.format_time(self.received_at),
            "finished_at": envelope.format_time(self.done_at),
            "attempts": self.attempt_count,
            "next_attempt_at": envelope.format_time(self.next_attempt_at),
            "error": error,
            "documents": [
                {"type": ref["model"], "name": ref["name"]}
                for ref in self.document_refs or []
            ],
        }


def _thread_name():
    """A new correlation id; those of one time lie together in the indexes."""
    return f"{time_ns() // 1_000_000:012x}{token_hex(10)}"


def _as_json(moment):
    """A naive UTC time as PostgreSQL reads it."""
    return moment.isoformat()
