"""What a record says, as it is written, and compared with what is to be written."""


def differing(record, vals):
    """The part of ``vals`` that ``record`` does not say already.

    Values are compared in the form in which they are written; many2many values come
    as one ``Command.set`` and compare as sets.
    """
    return {
        name: value
        for name, value in vals.items()
        if _written(record, name) != _normal(record, name, value)
    }


def written(record, names):
    """Values of these fields of ``record`` in the form in which they are written."""
    return {
        name: record._fields[name].convert_to_write(record[name], record)
        for name in names
    }


def _written(record, name):
    field = record._fields[name]
    if field.type == "many2many":
        return set(record[name].ids)
    return field.convert_to_write(record[name], record) or False


def _normal(record, name, value):
    field = record._fields[name]
    if field.type == "many2many":
        return {id_ for _command, _zero, ids in value for id_ in ids}
    cached = field.convert_to_cache(value, record, validate=False)
    return (
        field.convert_to_write(field.convert_to_record(cached, record), record) or False
    )
