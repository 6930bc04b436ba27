"""Fast construction of the frozen values.

The generated ``__init__`` of a frozen dataclass calls ``object.__setattr__`` per
field; that alone would take a third of the reading time. A draft has the same slots,
is filled by plain assignment and then becomes the frozen class. What comes out is
an ordinary frozen instance.
"""

from dataclasses import fields, make_dataclass

from .model import Adjustment, Amount, Claim, Name, Reference, Service


def draft_of(frozen: type) -> type:
    """A callable that takes all fields by position and returns a ``frozen``."""

    def __post_init__(self):
        self.__class__ = frozen

    return make_dataclass(
        f"_{frozen.__name__}Draft",
        [(field.name, object) for field in fields(frozen)],
        namespace={"__post_init__": __post_init__},
        eq=False,
        repr=False,
        slots=True,
    )


new_adjustment = draft_of(Adjustment)
new_amount = draft_of(Amount)
new_claim = draft_of(Claim)
new_name = draft_of(Name)
new_reference = draft_of(Reference)
new_service = draft_of(Service)
