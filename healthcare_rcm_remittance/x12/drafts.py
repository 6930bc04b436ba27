"""Fast construction of the frozen values.

The generated ``__init__`` of a frozen dataclass calls ``object.__setattr__`` per
field; that alone would take a third of the reading time. A draft has the same slots
and is filled by plain assignment; ``freeze`` makes it the frozen class. What comes
out is an ordinary frozen instance.
"""

from dataclasses import MISSING, field, fields, make_dataclass

from .model import Adjustment, Amount, Claim, Name, Reference, Service


def draft_of(frozen: type, **namespace) -> type:
    """A mutable class with the slots and defaults of ``frozen``."""
    return make_dataclass(
        f"_{frozen.__name__}Draft",
        [
            (item.name, object)
            if item.default is MISSING
            else (item.name, object, field(default=item.default))
            for item in fields(frozen)
        ],
        namespace={"frozen": frozen, **namespace},
        eq=False,
        repr=False,
        slots=True,
    )


def freeze(draft):
    """Turn a finished draft into the frozen value it stands for."""
    draft.__class__ = draft.frozen
    return draft


def maker_of(frozen: type) -> type:
    """A callable like ``frozen`` itself, for values that are complete at once."""

    def __post_init__(self):
        self.__class__ = frozen

    return draft_of(frozen, __post_init__=__post_init__)


ClaimDraft = draft_of(Claim)
ServiceDraft = draft_of(Service)
new_adjustment = maker_of(Adjustment)
new_amount = maker_of(Amount)
new_name = maker_of(Name)
new_reference = maker_of(Reference)
