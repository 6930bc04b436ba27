"""The key to protected fields: an object that cannot arrive over the wire."""


class Ticket:
    """Permission to set ``fields`` of the records ``ids`` of ``model``.

    It travels in the context of one private call and is checked by ``isinstance``
    and by coverage. A client can send any JSON as context, never an instance, so a
    context key alone opens nothing. ``ids`` is ``None`` for records still to be
    created.
    """

    KEY = "rcm_ticket"
    __slots__ = ("_fields", "_ids", "_model", "_spent")

    def __init__(self, model, ids, fields):
        self._model = model
        self._ids = None if ids is None else frozenset(ids)
        self._fields = frozenset(fields)
        self._spent = False

    def spend(self):
        """Use it up: automation that runs around the call finds it worthless."""
        self._spent = True

    def covers_create(self, model, fields):
        """Whether records of ``model`` may be created with these ``fields`` set."""
        return (
            not self._spent
            and self._ids is None
            and self._model == model
            and self._fields.issuperset(fields)
        )

    def covers_write(self, model, ids, fields):
        """Whether these ``fields`` of these records of ``model`` may be written."""
        return (
            not self._spent
            and self._ids is not None
            and self._model == model
            and self._ids.issuperset(ids)
            and self._fields.issuperset(fields)
        )

    @classmethod
    def found_in(cls, context):
        """The ticket in ``context``, or None for anything that only looks like one."""
        value = context.get(cls.KEY)
        return value if type(value) is cls else None

    def __reduce__(self):
        raise TypeError("a ticket cannot be serialised")
