"""The database side of the audit log: functions and triggers, made in ``init``.

``ENABLE ALWAYS`` keeps them under ``session_replication_role = replica`` too. The
owner of the tables can still drop a trigger: finding that is the seals' job.
"""

from odoo.tools import SQL

# Set for one transaction by the sealer and by retention. Not a secret: what goes
# through the door without them is found by the verification.
DOOR = "rcm.audit_door"

_FUNCTIONS = """
CREATE OR REPLACE FUNCTION rcm_audit_refuse() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit log can only be appended to (% on %).',
        TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE FUNCTION rcm_audit_door() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('rcm.audit_door', true), '')
            <> txid_current()::text THEN
        RAISE EXCEPTION 'The audit log can only be appended to (% on %).',
            TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;

CREATE OR REPLACE FUNCTION rcm_audit_queue() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rcm_audit_pending (log_id) SELECT id FROM fresh;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION rcm_audit_only_nested() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'Rows are queued for sealing by the log itself.'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
"""

_PENDING = """
CREATE TABLE IF NOT EXISTS rcm_audit_pending (
    log_id integer PRIMARY KEY,
    queued_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
)
"""

_TRIGGERS = {
    "rcm_audit_log": {
        "rcm_audit_log_refuse": "BEFORE UPDATE OR DELETE ON rcm_audit_log "
        "FOR EACH ROW EXECUTE FUNCTION rcm_audit_refuse()",
        "rcm_audit_log_truncate": "BEFORE TRUNCATE ON rcm_audit_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION rcm_audit_refuse()",
        "rcm_audit_log_queue": "AFTER INSERT ON rcm_audit_log "
        "REFERENCING NEW TABLE AS fresh "
        "FOR EACH STATEMENT EXECUTE FUNCTION rcm_audit_queue()",
    },
    "rcm_audit_pending": {
        "rcm_audit_pending_insert": "AFTER INSERT ON rcm_audit_pending "
        "FOR EACH STATEMENT EXECUTE FUNCTION rcm_audit_only_nested()",
        "rcm_audit_pending_refuse": "BEFORE UPDATE ON rcm_audit_pending "
        "FOR EACH ROW EXECUTE FUNCTION rcm_audit_refuse()",
        "rcm_audit_pending_door": "BEFORE DELETE ON rcm_audit_pending "
        "FOR EACH ROW EXECUTE FUNCTION rcm_audit_door()",
        "rcm_audit_pending_truncate": "BEFORE TRUNCATE ON rcm_audit_pending "
        "FOR EACH STATEMENT EXECUTE FUNCTION rcm_audit_refuse()",
    },
    "rcm_audit_payload": {
        "rcm_audit_payload_refuse": "BEFORE UPDATE ON rcm_audit_payload "
        "FOR EACH ROW EXECUTE FUNCTION rcm_audit_refuse()",
        "rcm_audit_payload_door": "BEFORE DELETE ON rcm_audit_payload "
        "FOR EACH ROW EXECUTE FUNCTION rcm_audit_door()",
        "rcm_audit_payload_truncate": "BEFORE TRUNCATE ON rcm_audit_payload "
        "FOR EACH STATEMENT EXECUTE FUNCTION rcm_audit_refuse()",
    },
    # records of merges: the same guard as the log's
    "rcm_merge": {
        "rcm_merge_refuse": "BEFORE UPDATE OR DELETE ON rcm_merge "
        "FOR EACH ROW EXECUTE FUNCTION rcm_audit_refuse()",
        "rcm_merge_truncate": "BEFORE TRUNCATE ON rcm_merge "
        "FOR EACH STATEMENT EXECUTE FUNCTION rcm_audit_refuse()",
    },
    "rcm_merge_item": {
        "rcm_merge_item_refuse": "BEFORE UPDATE OR DELETE ON rcm_merge_item "
        "FOR EACH ROW EXECUTE FUNCTION rcm_audit_refuse()",
        "rcm_merge_item_truncate": "BEFORE TRUNCATE ON rcm_merge_item "
        "FOR EACH STATEMENT EXECUTE FUNCTION rcm_audit_refuse()",
    },
    "rcm_audit_seal": {
        "rcm_audit_seal_refuse": "BEFORE UPDATE OR DELETE ON rcm_audit_seal "
        "FOR EACH ROW EXECUTE FUNCTION rcm_audit_refuse()",
        "rcm_audit_seal_truncate": "BEFORE TRUNCATE ON rcm_audit_seal "
        "FOR EACH STATEMENT EXECUTE FUNCTION rcm_audit_refuse()",
    },
}

FUNCTIONS = (
    "rcm_audit_refuse",
    "rcm_audit_door",
    "rcm_audit_queue",
    "rcm_audit_only_nested",
)


def install(cr, table):
    """Create what guards ``table``; doing it again changes nothing."""
    cr.execute(_FUNCTIONS)
    if table == "rcm_audit_log":
        cr.execute(_PENDING)
        _install_triggers(cr, "rcm_audit_pending")
    _install_triggers(cr, table)


def _install_triggers(cr, table):
    cr.execute(SQL("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass", table))
    present = {name for [name] in cr.fetchall()}
    for name, definition in _TRIGGERS[table].items():
        if name in present:
            continue
        cr.execute(SQL("CREATE TRIGGER %s %s", SQL.identifier(name), SQL(definition)))
        cr.execute(
            SQL(
                "ALTER TABLE %s ENABLE ALWAYS TRIGGER %s",
                SQL.identifier(table),
                SQL.identifier(name),
            )
        )


def open_door(cr):
    """Let this transaction take rows out of the queue, or expired detail away."""
    cr.execute("SELECT set_config('rcm.audit_door', txid_current()::text, true)")


def close_door(cr):
    """Shut it again; also shut by the end of the transaction."""
    cr.execute("SELECT set_config('rcm.audit_door', '', true)")


def remove(cr):
    """Drop what the ORM does not know of; called when the module goes."""
    cr.execute("DROP TABLE IF EXISTS rcm_audit_pending")
    for name in FUNCTIONS:
        cr.execute(SQL("DROP FUNCTION IF EXISTS %s() CASCADE", SQL.identifier(name)))
