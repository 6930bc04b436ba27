"""Fast construction of the frozen values.

The generated ``__init__`` of a frozen dataclass calls ``object.__setattr__`` per
field; that alone would take a third of the reading time. A draft has the same slots,
is filled by plain assignment, and then becomes the frozen class: large ones when
their loop ends (``freeze``), small ones at once. What comes out is an ordinary frozen
instance.
"""

from dataclasses import MISSING, field, fields, make_dataclass

from .model import Adjustment, Amount, Claim, Name, Reference, Service


def draft_of(frozen: type) -> type:
    """A mutable class with the slots and defaults of ``frozen``."""
    return make_dataclass(
        f"_{frozen.__name__}Draft",
        [
            (item.name, object)
            if item.default is MISSING
            else (item.name, object, field(default=item.default))
            for item in fields(frozen)
        ],
        namespace={"frozen": frozen},
        eq=False,
        repr=False,
        slots=True,
    )


def freeze(draft):
    """Turn a finished draft into the frozen value it stands for."""
    draft.__class__ = draft.frozen
    return draft


ClaimDraft = draft_of(Claim)
ServiceDraft = draft_of(Service)


class new_adjustment:  # noqa: N801 (called like a function)
    """An Adjustment."""

    __slots__ = Adjustment.__slots__

    def __init__(self, group, reason, amount, quantity, offset):
        self.group = group
        self.reason = reason
        self.amount = amount
        self.quantity = quantity
        self.offset = offset
        self.__class__ = Adjustment


class new_amount:  # noqa: N801
    """An Amount."""

    __slots__ = Amount.__slots__

    def __init__(self, qualifier, amount, offset):
        self.qualifier = qualifier
        self.amount = amount
        self.offset = offset
        self.__class__ = Amount


class new_reference:  # noqa: N801
    """A Reference."""

    __slots__ = Reference.__slots__

    def __init__(self, qualifier, value, offset):
        self.qualifier = qualifier
        self.value = value
        self.offset = offset
        self.__class__ = Reference


class new_name:  # noqa: N801
    """A Name."""

    __slots__ = Name.__slots__

    def __init__(
        self, entity, last, first, middle, suffix, qualifier, identifier, offset
    ):
        self.entity = entity
        self.last = last
        self.first = first
        self.middle = middle
        self.suffix = suffix
        self.qualifier = qualifier
        self.identifier = identifier
        self.offset = offset
        self.__class__ = Name
