def migrate(cr, version):
    """What a shadow run found before counted on one day: charges stood for visits."""
    cr.execute(
        "UPDATE rcm_shadow_result SET encounter_amount = charge_amount"
        " WHERE encounter_amount IS NULL"
    )
