"""States of the records that hold spending."""

from odoo.addons.healthcare_rcm_base.core import states

HELD = {"draft": ("open",), "open": ("closed", "draft"), "closed": ("open",)}

states.register("budget", HELD)
states.register("fund", HELD)
states.register("outsourced_contract", HELD)
states.register(
    "budget_revision",
    {
        "draft": ("asked", "cancelled"),
        "asked": ("applied", "draft", "cancelled"),
        "applied": (),
        "cancelled": (),
    },
)
