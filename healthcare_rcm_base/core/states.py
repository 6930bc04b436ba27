"""The states of every document and the moves between them (one table a machine)."""

_ENCOUNTER = {
    "registered": ("completed", "on_hold", "cancelled"),
    "completed": ("coded", "ready", "on_hold", "cancelled"),
    "coded": ("completed", "ready", "on_hold", "cancelled"),
    "ready": ("coded", "billed", "on_hold", "cancelled"),
    "billed": ("closed", "reopened", "on_hold"),
    "closed": ("reopened",),
    "reopened": ("coded", "ready", "billed", "closed", "on_hold", "cancelled"),
    "on_hold": (
        "registered",
        "completed",
        "coded",
        "ready",
        "billed",
        "reopened",
        "cancelled",
    ),
    "cancelled": (),
}

_CLAIM = {
    "draft": ("validated", "on_hold", "void", "superseded"),
    "validated": ("cleared", "draft", "on_hold", "void", "superseded"),
    # closed: a self-pay claim has no payer to be sent to
    "cleared": (
        "submitted",
        "pending_interface",
        "draft",
        "closed",
        "on_hold",
        "void",
        "superseded",
    ),
    # cleared, adjudicated, reopened: the platform did not take it in
    "pending_interface": (
        "submitted",
        "cleared",
        "adjudicated",
        "reopened",
        "on_hold",
        "void",
        "superseded",
    ),
    "submitted": (
        "accepted",
        "rejected",
        "adjudicated",
        "pending_interface",
        "on_hold",
        "void",
        "superseded",
    ),
    "accepted": ("rejected", "adjudicated", "on_hold", "void", "superseded"),
    "rejected": (
        "draft",
        "submitted",
        "accepted",
        "adjudicated",
        "on_hold",
        "void",
        "superseded",
    ),
    # submitted, pending_interface: to the next payer in the coordination order
    "adjudicated": (
        "submitted",
        "pending_interface",
        "closed",
        "reopened",
        "on_hold",
        "void",
        "superseded",
    ),
    "closed": ("reopened", "superseded", "void"),
    "reopened": (
        "submitted",
        "pending_interface",
        "adjudicated",
        "closed",
        "on_hold",
        "void",
        "superseded",
    ),
    "on_hold": (
        "draft",
        "validated",
        "cleared",
        "pending_interface",
        "submitted",
        "accepted",
        "rejected",
        "adjudicated",
        "reopened",
        "void",
        "superseded",
    ),
    "superseded": (),
    "void": (),
}

_SUBMISSION_BATCH = {
    "draft": ("exported", "submitted", "cancelled"),
    "exported": ("draft", "submitted", "cancelled"),
    "submitted": ("partly_acknowledged", "acknowledged"),
    "partly_acknowledged": ("acknowledged",),
    "acknowledged": (),
    "cancelled": (),
}

# failed: not sent with its batch; the claim is ready to submit again
_SUBMISSION_LINE = {
    "pending": ("submitted", "failed", "removed"),
    "submitted": ("accepted", "rejected"),
    # a receiver may reject later what it took in first
    "accepted": ("rejected",),
    "rejected": (),
    "failed": (),
    "removed": (),
}

_CLAIM_LEG = {
    "not_due": ("ready", "crossover_pending", "closed"),
    "ready": ("submitted", "crossover_pending", "not_due", "adjudicated", "closed"),
    "submitted": (
        "crossover_pending",
        "accepted",
        "rejected",
        "pended",
        "adjudicated",
        "closed",
    ),
    "crossover_pending": (
        "ready",
        "submitted",
        "accepted",
        "rejected",
        "pended",
        "adjudicated",
        "closed",
    ),
    "accepted": ("rejected", "pended", "adjudicated", "closed"),
    "rejected": ("ready", "submitted", "accepted", "adjudicated", "closed"),
    "pended": ("accepted", "rejected", "adjudicated", "closed"),
    "adjudicated": ("closed", "reversed"),
    "closed": ("reversed",),
    "reversed": ("ready", "submitted", "adjudicated", "closed"),
}

_CLAIM_LINE = {
    "open": ("paid", "pended", "denied", "patient", "written_off"),
    "pended": ("open", "paid", "denied", "patient", "written_off"),
    "paid": ("open", "pended", "denied", "patient", "written_off"),
    "denied": ("open", "appealed", "paid", "patient", "written_off"),
    "appealed": ("overturned", "denied", "paid", "patient", "written_off"),
    "overturned": ("paid", "denied", "open", "patient", "written_off"),
    "written_off": ("open", "paid", "denied", "patient"),
    "patient": ("open", "paid", "denied", "written_off"),
}

_REMITTANCE = {
    "received": ("parsed", "held", "rejected", "duplicate"),
    "parsed": ("balanced", "held", "rejected", "duplicate"),
    "balanced": ("matched", "held", "rejected", "duplicate"),
    "matched": ("approval", "posted", "posted_with_parked", "held", "rejected"),
    "approval": ("matched", "posted", "posted_with_parked", "held", "rejected"),
    # a decision about one of its claims was undone: that claim is parked again
    "posted": ("reconciled", "posted_with_parked", "unposted"),
    "posted_with_parked": ("posted", "reconciled", "unposted"),
    "reconciled": ("posted", "posted_with_parked", "unposted"),
    "held": ("parsed", "balanced", "matched", "rejected", "duplicate"),
    "unposted": ("matched", "held", "rejected"),
    "rejected": ("received", "parsed"),
    "duplicate": ("held",),
}

_CASE = {
    "open": ("in_progress", "waiting", "resolved", "dismissed"),
    "in_progress": ("open", "waiting", "resolved", "dismissed"),
    "waiting": ("open", "in_progress", "resolved", "dismissed"),
    "resolved": (),
    "dismissed": (),
}

_EVENT = {
    "received": ("processing", "waiting_predecessor", "retry", "dead", "ignored"),
    "processing": (
        "done",
        "received",
        "waiting_predecessor",
        "retry",
        "dead",
        "ignored",
    ),
    "waiting_predecessor": ("processing", "received", "retry", "dead", "ignored"),
    "retry": ("processing", "received", "waiting_predecessor", "dead", "ignored"),
    "dead": ("received", "retry", "processing", "ignored"),
    "done": (),
    "ignored": ("received",),
}

_REQUEST = {
    "pending": (
        "approved",
        "refused",
        "withdrawn",
        "voided",
        "expired",
        "info_requested",
    ),
    "info_requested": (
        "pending",
        "approved",
        "refused",
        "withdrawn",
        "voided",
        "expired",
    ),
    "approved": ("voided",),
    "refused": (),
    "withdrawn": (),
    "voided": (),
    "expired": (),
}

# An order or procedure whose charge was voided is a completed one again.
_SERVICE_ORDER = {
    "placed": ("received", "completed", "cancelled"),
    "received": ("completed", "cancelled"),
    "completed": ("charged", "not_billable", "cancelled"),
    "charged": ("completed",),
    "not_billable": ("completed", "charged"),
    "cancelled": (),
}

_HOLD = {"active": ("released",), "released": ()}

_POSSIBLE_DUPLICATE = {
    "open": ("merged", "dismissed"),
    # open again: the merge was undone, the dismissal taken back
    "merged": ("open",),
    "dismissed": ("open", "merged"),
}

_MASTER_CHANGE = {
    "waiting": ("applied", "rejected", "replaced"),
    "applied": (),
    "rejected": (),
    # the source sent a newer value before anybody decided
    "replaced": (),
}

_OPENING = {
    "draft": ("imported",),
    "imported": ("closed", "undone"),
    "closed": (),
    "undone": (),
}

_CHARGE_REVIEW = {
    "pending": ("confirmed", "undone"),
    "confirmed": (),
    "undone": (),
}

_SERVICE_CONTRACT = {
    "draft": ("active",),
    "active": ("suspended", "ended"),
    "suspended": ("active", "ended"),
    "ended": (),
}

_CLIENT_INVOICE = {
    "draft": ("posted", "cancelled"),
    "posted": ("credited",),
    "credited": (),
    "cancelled": (),
}

MACHINES = {
    "encounter": _ENCOUNTER,
    "claim": _CLAIM,
    "claim_leg": _CLAIM_LEG,
    "submission_batch": _SUBMISSION_BATCH,
    "submission_line": _SUBMISSION_LINE,
    "claim_line": _CLAIM_LINE,
    "remittance": _REMITTANCE,
    "case": _CASE,
    "hold": _HOLD,
    "event": _EVENT,
    "request": _REQUEST,
    "service_order": _SERVICE_ORDER,
    "opening": _OPENING,
    "possible_duplicate": _POSSIBLE_DUPLICATE,
    "master_change": _MASTER_CHANGE,
    "client_invoice": _CLIENT_INVOICE,
    "service_contract": _SERVICE_CONTRACT,
    "charge_review": _CHARGE_REVIEW,
}


def register(machine, table):
    """Add the table of a module's own document: {state: (next states)}.

    The first state is the initial one. Registering the same table again is allowed,
    changing a machine is not.
    """
    known = {state for states in table.values() for state in states}
    if missing := known - set(table):
        raise ValueError(f"{machine}: states without a row: {sorted(missing)}")
    if MACHINES.setdefault(machine, table) != table:
        raise ValueError(f"state machine {machine!r} exists already")


def initial(machine):
    """The state a new document starts in."""
    return next(iter(MACHINES[machine]))


def is_state(machine, state):
    """Whether ``state`` belongs to ``machine``."""
    return state in MACHINES[machine]


def can_move(machine, old, new):
    """Whether the move from ``old`` to ``new`` is in the table (staying is not)."""
    table = MACHINES[machine]
    if old not in table or new not in table:
        raise ValueError(f"{machine}: unknown state {old!r} or {new!r}")
    return new in table[old]
