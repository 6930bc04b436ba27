def migrate(cr, version):
    """What a shadow run found before counted on one day: its charges were its visits'."""
    cr.execute(
        "UPDATE rcm_shadow_result SET encounter_amount = charge_amount"
        " WHERE encounter_amount IS NULL"
    )
