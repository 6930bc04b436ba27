def migrate(cr, version):
    """Give each connector a sender ID of its own; a default would be one for all."""
    cr.execute("ALTER TABLE rcm_connector ADD COLUMN IF NOT EXISTS sender_id varchar")
    cr.execute(
        "UPDATE rcm_connector SET sender_id = replace(gen_random_uuid()::text, '-', '')"
        " WHERE sender_id IS NULL"
    )
