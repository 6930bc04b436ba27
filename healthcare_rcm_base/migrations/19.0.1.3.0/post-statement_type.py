"""The type of delayed statements is off until something sends statements."""

CODE = "statement_delayed"
WORDS = (
    "Switched off: nothing raises it as long as no part of the suite sends statements. "
)


def migrate(cr, version):
    # what an administrator wrote or used stays as it is
    cr.execute(
        """
        UPDATE rcm_exception_type item
           SET active = false,
               instructions = CASE
                   WHEN item.instructions ->> 'en_US' LIKE 'The patient owes a part%%'
                   THEN jsonb_set(item.instructions, '{en_US}',
                        to_jsonb(%s || (item.instructions ->> 'en_US')))
                   ELSE item.instructions END
         WHERE item.code = %s
           AND NOT EXISTS (SELECT FROM rcm_exception_case c
                            WHERE c.type_id = item.id)
        """,
        [WORDS, CODE],
    )
