"""Which of the documents that something points at its reader may open."""


def readable_ids(env, model, ids):
    """Those of `ids` that exist in `model` and that the user may read."""
    if model not in env or not env[model].has_access("read"):
        return set()
    return set(env[model].browse(ids).exists()._filtered_access("read").ids)
