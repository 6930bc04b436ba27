"""Which settings of PostgreSQL let the values of statements into its log."""

# {setting: (value to set, other values that do no harm)}
SETTINGS = {
    # what a failed statement could not read stands in the error itself:
    # invalid input syntax for type date: "…"
    "log_min_messages": ("log", ("fatal", "panic")),
    # a statement that fails is logged with all its values
    "log_min_error_statement": ("panic", ("fatal", "log")),
    # the row that breaks a constraint stands in DETAIL
    "log_error_verbosity": ("terse", ()),
    "log_statement": ("none", ("ddl",)),
    # slow or sampled statements are logged as text
    "log_min_duration_statement": ("-1", ()),
    "log_min_duration_sample": ("-1", ()),
    "log_transaction_sample_rate": ("0", ()),
}


def leaks(values):
    """``[(setting, value, value to set)]`` of a server with these ``values``.

    A setting that the server does not have cannot leak.

    >>> leaks({"log_statement": "mod", "log_error_verbosity": "terse"})
    [('log_statement', 'mod', 'none')]
    """
    return [
        (name, values[name], wanted)
        for name, (wanted, harmless) in SETTINGS.items()
        if name in values and values[name] not in (wanted, *harmless)
    ]
