"""How rows get into the audit log: a function of the database, made in ``init``.

Each session plans what is in it once, not at every call; what stores documents can
call it in the same statement. The triggers of ``rcm_audit_guard`` watch it as anybody.
"""

_FUNCTION = """
CREATE OR REPLACE FUNCTION rcm_audit_append(
    told jsonb, by_uid integer, by_login varchar, by_kind varchar,
    -- never given: by its type the function goes when the table does
    bound rcm_audit_log DEFAULT NULL)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH fresh AS (
        SELECT nextval('rcm_audit_log_id_seq')::int AS id,
               clock_timestamp() AT TIME ZONE 'UTC' AS logged_at, r.*
          FROM jsonb_to_recordset(told) AS r(
               event text, model text, res_id int, record_name text, company_id int,
               correlation_id text, source text, payload_hash text, body text)
    ), logged AS (
        INSERT INTO rcm_audit_log (
               id, logged_at, event, model, res_id, record_name, company_id,
               correlation_id, actor_uid, actor_login, actor_kind, source,
               payload_hash)
        SELECT id, logged_at, event, model, res_id, record_name, company_id,
               correlation_id, by_uid, by_login, by_kind, source, payload_hash
          FROM fresh
    )
    INSERT INTO rcm_audit_payload (log_id, logged_at, body)
    SELECT id, logged_at, body FROM fresh WHERE body IS NOT NULL;
END $$
"""


def install(cr):
    """Create the function; doing it again changes nothing."""
    cr.execute(_FUNCTION)
