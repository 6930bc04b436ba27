from time import monotonic
from uuid import uuid4

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.healthcare_rcm_base.core.canonical import digest

from ..protocol import business_key, envelope, idempotency
from ..protocol.problem import ProblemError

QUEUE_CHECK_SECONDS = 5
RETRY_AFTER_SECONDS = 30
_queue_depth = {}

COLUMNS = (
    "connector_id",
    "company_id",
    "external_id",
    "type_id",
    "facility_id",
    "business_key",
    "occurred_at",
    "received_at",
    "payload",
    "payload_hash",
    "payload_size",
    "canonical",
    "mapping_id",
    "mapping_steps",
    "amount",
    "priority",
    "correlation_id",
    "state",
    "attempt_count",
    "create_uid",
    "write_uid",
    "create_date",
    "write_date",
)


class RcmEvent(models.Model):
    """Receiving: check, store, answer. Nothing is worked on here."""

    _inherit = "rcm.event"

    @api.model
    def _rcm_submit(self, connector, values, text=None):
        """Store events of ``connector`` and return an answer to each.

        :param list values: parsed envelopes
        :param str text: the body as it came, when it is the one envelope
        :return: list of result dicts or :class:`ProblemError`, in order
        """
        self._rcm_check_capacity(connector)
        answers, rows = [None] * len(values), {}
        for position, value in enumerate(values):
            try:
                rows[position] = self._rcm_prepare_row(connector, value, text)
            except ProblemError as error:
                answers[position] = error
        if rows:
            stored = self._rcm_insert(connector, list(rows.values()))
            for position, row in rows.items():
                answers[position] = self._rcm_answer(connector, row, stored)
        return answers

    @api.model
    def _rcm_prepare_row(self, connector, value, text, mapping=None):
        """Check one envelope and return its column values, or raise a problem.

        :param mapping: the ``rcm.mapping`` to try instead of the one in force
        """
        event = envelope.read(value)
        event_type = self._rcm_type_for(connector, event)
        now = fields.Datetime.now()
        data, *mapped = self.env["rcm.mapping"]._rcm_map_event(
            connector, event_type, event.data, now.date(), mapping
        )
        faults = event_type._rcm_schema_errors(data)
        if faults:
            raise ProblemError("schema", event_type=event.type_key, errors=faults)
        facility, allowed = connector._rcm_facility_of(event_type, data)
        if not allowed:
            place = {"path": f"$.{event_type.facility_path}", "rule": "not allowed"}
            raise ProblemError("facility-not-allowed", errors=[place])
        return {
            "connector_id": connector.id,
            "company_id": connector.company_id.id,
            "external_id": event.id,
            "type_id": event_type.id,
            "facility_id": facility.id or None,
            "business_key": business_key.make(event_type.business_key_template, data),
            "occurred_at": event.occurred_at,
            "received_at": now,
            "payload_hash": digest(value),
            **self._rcm_content_columns(
                connector, event_type, value, data, mapped, text
            ),
            "amount": event_type._rcm_amount(data),
            "priority": connector._rcm_priority(event_type),
            "correlation_id": uuid4().hex,
            "state": "received",
            "attempt_count": 0,
            "create_uid": self.env.uid,
            "write_uid": self.env.uid,
            "create_date": now,
            "write_date": now,
        }

    @api.model
    def _rcm_type_for(self, connector, event):
        """The contract of ``event``; a problem when unknown or not allowed."""
        Type = self.env["rcm.event.type"].sudo()  # contracts are no secret of ours
        type_id = Type._rcm_find_id(event.type, event.version)
        if not type_id:
            raise ProblemError("unknown-event-type", known_types=Type._rcm_known())
        notice = Type._rcm_notice(type_id)
        if notice and notice[2] and notice[2] < fields.Date.context_today(self):
            raise ProblemError(
                "unknown-event-type",
                f"This version was taken until {notice[2]}.",
                known_types=Type._rcm_known(),
            )
        event_type = Type.browse(type_id)
        if event_type not in connector.event_type_ids:
            raise ProblemError(
                "event-type-not-allowed",
                allowed_types=sorted(connector.event_type_ids.mapped("display_name")),
            )
        return event_type

    @api.model
    def _rcm_insert(self, connector, rows):
        """Insert rows whose id is new; return {id: (hash, correlation, is new)}.

        The unique index decides, also between requests that run at once: the later
        one waits, then fails to serialise and is run again by the server.
        """
        wanted = {}
        for row in rows:
            wanted.setdefault(row["external_id"], row)
        inserted = self._rcm_insert_rows(list(wanted.values()))
        known = self._rcm_known_rows(connector, set(wanted) - set(inserted))
        fresh = [wanted[external_id] for external_id in inserted]
        if fresh:
            self._rcm_log_received(connector, fresh, inserted)
            self._rcm_wake_processing()
        for row in fresh:
            known[row["external_id"]] = row["payload_hash"], row["correlation_id"], True
        return known

    @api.model
    def _rcm_known_rows(self, connector, external_ids):
        """Return {id: (hash, correlation, False)} of events that came before."""
        if not external_ids:
            return {}
        rows = self.env.execute_query(
            SQL(
                "SELECT external_id, payload_hash, correlation_id FROM rcm_event"
                " WHERE connector_id = %s AND external_id = ANY(%s)",
                connector.id,
                list(external_ids),
            )
        )
        return {row[0]: (row[1], row[2], False) for row in rows}

    @api.model
    def _rcm_insert_rows(self, rows):
        """Return {external id: id} of the rows that went in."""
        # Never through the logging path: a failing statement would be logged with
        # its values, which are patient data.
        self.env.cr.execute(
            SQL(
                "INSERT INTO rcm_event (%s) VALUES %s "
                "ON CONFLICT (connector_id, external_id) DO NOTHING "
                "RETURNING external_id, id",
                SQL(", ").join(SQL.identifier(name) for name in COLUMNS),
                SQL(", ").join(
                    SQL(
                        "(%s)", SQL(", ").join(SQL("%s", row[name]) for name in COLUMNS)
                    )
                    for row in rows
                ),
            ),
            log_exceptions=False,
        )
        return dict(self.env.cr.fetchall())

    @api.model
    def _rcm_log_received(self, connector, rows, ids):
        Type = self.env["rcm.event.type"].sudo()  # names only
        self.env["rcm.audit.log"]._rcm_append(
            [
                {
                    "event": "event.received",
                    "model": self._name,
                    "res_id": ids[row["external_id"]],
                    "record_name": (
                        f"{Type.browse(row['type_id']).name} {row['external_id']}"
                    ),
                    "company_id": row["company_id"],
                    "correlation_id": row["correlation_id"],
                    "changes": {
                        "state": [None, "received"],
                        "payload_hash": [None, row["payload_hash"]],
                        "business_key": [None, row["business_key"]],
                        **self._rcm_mapping_change(row["mapping_id"]),
                    },
                    "source": connector.code,
                }
                for row in rows
            ]
        )

    @api.model
    def _rcm_answer(self, connector, row, stored):
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
            **self.env["rcm.event.type"]._rcm_warning(row["type_id"], connector),
        }

    @api.model
    def _rcm_check_capacity(self, connector):
        """Raise *overloaded* while too many events of this connector wait."""
        key, now = (self.env.cr.dbname, connector.id), monotonic()
        checked_at, full = _queue_depth.get(key, (None, False))
        if checked_at is None or now - checked_at > QUEUE_CHECK_SECONDS:
            limit = connector.queue_limit
            full = self._rcm_waiting_count(connector.id, limit) >= limit
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
