"""How events get into the inbox: a function of the database, made in ``init``.

It stores what is new of any number of events and logs what it stored, in one
statement. Each session plans it once, not for every event.
"""

NAME = "rcm_event_store"

# What a row says of itself beside its columns, such as its type's name, is left out.
_FUNCTION = """
CREATE OR REPLACE FUNCTION rcm_event_store(
    sent jsonb, sender integer, company integer, moment timestamp,
    told jsonb, by_uid integer, by_login varchar, by_kind varchar,
    -- never given: by its type the function goes when the table does
    bound rcm_event DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    stored jsonb;
BEGIN
    WITH fresh AS (
        INSERT INTO rcm_event (
               connector_id, company_id, external_id, type_id, facility_id,
               business_key, occurred_at, received_at, payload, payload_hash,
               payload_size, canonical, mapping_id, mapping_steps, amount, priority,
               correlation_id, state, attempt_count, create_uid, create_date,
               write_date)
        SELECT sender, company, external_id, type_id, facility_id,
               business_key, occurred_at, moment, payload, payload_hash,
               payload_size, canonical, mapping_id, mapping_steps, amount, priority,
               correlation_id, 'received', 0, by_uid, moment, moment
          FROM jsonb_to_recordset(sent) AS r(
               external_id varchar, type_id int, facility_id int,
               business_key varchar, occurred_at timestamp, payload text,
               payload_hash varchar, payload_size int, canonical text,
               mapping_id int, mapping_steps jsonb, amount numeric, priority int,
               correlation_id varchar)
            ON CONFLICT (connector_id, external_id) DO NOTHING
        RETURNING external_id, id
    )
    SELECT coalesce(jsonb_object_agg(external_id, id), '{}') INTO stored FROM fresh;
    PERFORM rcm_audit_append(
        (SELECT jsonb_agg(
                    line || jsonb_build_object('res_id', stored -> (line ->> 'name'))
                    ORDER BY place)
           FROM jsonb_array_elements(told) WITH ORDINALITY AS t(line, place)
          WHERE stored ? (line ->> 'name')),
        by_uid, by_login, by_kind);
    RETURN stored;
END $$
"""


def install(cr):
    """Create the function; doing it again changes nothing."""
    cr.execute(_FUNCTION)
