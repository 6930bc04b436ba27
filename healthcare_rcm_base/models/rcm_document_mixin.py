import logging
from uuid import uuid4

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..core import states
from ..core.ticket import Ticket

_logger = logging.getLogger(__name__)

# What a document says of its cases; read anew once one comes or goes.
CASE_FIELDS = ("rcm_case_ids", "rcm_open_case_count", "rcm_block_reason")
# Roles that work on exceptions; documents narrow it where a step moves money.
CASE_WORKERS = (
    "biller",
    "coder",
    "cash_poster",
    "denial_analyst",
    "collector",
    "payables",
    "approver",
    "finance_manager",
    "integration_support",
)


class RcmDocumentMixin(models.AbstractModel):
    """A document of the revenue cycle: guarded, audited, with exception cases.

    ``_rcm_protected`` names the fields that nobody sets by ``create`` or ``write``:
    not the administrator, not with ``sudo``, not by any context a client can send.
    They move through ``_rcm_create``, ``_rcm_write`` and ``_rcm_set_state`` only,
    which carry a ticket for exactly these records and fields. ``_rcm_state_machine``
    names the table in ``core.states``; the state field is then protected by itself.
    """

    _name = "rcm.document.mixin"
    _inherit = "rcm.audit.mixin"
    _description = "Revenue Cycle Document"

    _rcm_protected = ()
    _rcm_state_machine = None
    _rcm_state_field = "state"
    _rcm_reprocess_roles = CASE_WORKERS

    correlation_id = fields.Char(
        string="Correlation ID",
        index=True,
        copy=False,
        readonly=True,
        default=lambda self: uuid4().hex,
        help="One thread from the source event to the journal entry.",
    )
    rcm_case_ids = fields.Many2many(
        "rcm.exception.case",
        string="Open Exceptions",
        compute="_compute_rcm_case_ids",
    )
    rcm_open_case_count = fields.Integer(
        string="Open Exception Count",
        compute="_compute_rcm_case_ids",
        search="_search_rcm_open_case_count",
    )
    rcm_block_reason = fields.Html(
        string="What Blocks This Document",
        compute="_compute_rcm_case_ids",
        sanitize=False,
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    def _compute_rcm_case_ids(self):
        Case = self.env["rcm.exception.case"]
        cases_by_id = {}
        # Counting tells no more than that the document waits.
        found = Case.sudo().search(
            Case._rcm_open_domain()
            & fields.Domain("res_model", "=", self._name)
            & fields.Domain("res_id", "in", self.ids),
            order="severity desc, id",
        )
        for case in found:
            cases_by_id.setdefault(case.res_id, Case.browse().sudo())
            cases_by_id[case.res_id] |= case
        may_read = Case.has_access("read")
        for record in self:
            cases = cases_by_id.get(record._origin.id, Case.browse().sudo())
            visible = cases.with_env(self.env) if may_read else Case.browse()
            # With sudo: assigning even nothing asks for access to the model.
            record.sudo().rcm_case_ids = visible._filtered_access("read")
            record.rcm_open_case_count = len(cases)
            record.rcm_block_reason = self._rcm_block_reason(cases[:1])

    @api.model
    def _search_rcm_open_case_count(self, operator, value):
        """Support the filters "blocked" and "not blocked" (any count against 0)."""
        blocked = {("=", 0): False, ("!=", 0): True, (">", 0): True, ("<=", 0): False}
        if operator == "in" and list(value) == [0]:
            operator, value = "=", 0
        elif operator == "not in" and list(value) == [0]:
            operator, value = "!=", 0
        if not isinstance(value, int) or (operator, value) not in blocked:
            return NotImplemented
        Case = self.env["rcm.exception.case"].sudo()
        open_cases = Case._search(
            Case._rcm_open_domain() & fields.Domain("res_model", "=", self._name)
        )
        ids = open_cases.subselect("res_id")
        return [("id", "in" if blocked[operator, value] else "not in", ids)]

    @api.model
    def _rcm_block_reason(self, case):
        """Return the banner of a blocked document: what is wrong, what to do."""
        if not case:
            return False
        return Markup("<strong>%s</strong> · %s<br/>%s") % (
            case.type_id.name,
            case.message or "",
            case.type_id.instructions or "",
        )

    # ------------------------------------------------------------------
    # CRUD: the guards
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        ticket = Ticket.found_in(self.env.context)
        protected = self._rcm_protected_fields()
        trusted = ticket and ticket.covers_create(self._name, protected)
        if trusted:
            ticket.spend()
        else:
            self._rcm_refuse_context_defaults(protected)
        guarded = [
            self._rcm_guarded_vals(vals, protected, trusted) for vals in vals_list
        ]
        return super(RcmDocumentMixin, self._rcm_without_ticket()).create(guarded)

    def write(self, vals):
        touched = self._rcm_protected_fields().intersection(vals)
        if "correlation_id" in vals:
            touched |= {"correlation_id"}
        if touched:
            ticket = Ticket.found_in(self.env.context)
            if not (ticket and ticket.covers_write(self._name, self._ids, touched)):
                self._rcm_refuse(touched)
            ticket.spend()
        return super(RcmDocumentMixin, self._rcm_without_ticket()).write(vals)

    def copy_data(self, default=None):
        """A copy starts afresh: protected values are not carried over."""
        protected = self._rcm_protected_fields()
        return [
            {name: value for name, value in vals.items() if name not in protected}
            for vals in super().copy_data(default)
        ]

    @api.ondelete(at_uninstall=False)
    def _unlink_only_initial(self):
        """A document that has moved on is history: it is never deleted."""
        if not self._rcm_state_machine:
            return
        first = states.initial(self._rcm_state_machine)
        if any(record[self._rcm_state_field] != first for record in self):
            raise UserError(
                self.env._(
                    "%(document)s can only be deleted in its first state.",
                    document=self._description,
                )
            )

    def _rcm_create(self, vals_list):
        """Create records with protected fields set. Private: for domain code only."""
        ticket = Ticket(self._name, None, self._rcm_protected_fields())
        records = self.with_context(**{Ticket.KEY: ticket}).create(vals_list)
        return records.with_env(self.env)

    def _rcm_write(self, vals):
        """Write protected fields of these records. Private: for domain code only."""
        touched = (self._rcm_protected_fields() | {"correlation_id"}).intersection(vals)
        ticket = Ticket(self._name, self._ids, touched)
        return self.with_context(**{Ticket.KEY: ticket}).write(vals)

    def _rcm_write_logged(self, vals_by_id, event):
        """Write different protected values per record and log them in one insert.

        :param dict vals_by_id: {record id: {field: value}}
        :param str event: audit event, one row per record that really changed
        """
        records = self.browse(vals_by_id)
        names = sorted({name for vals in vals_by_id.values() for name in vals})
        before = records._rcm_audit_snapshot(names)
        for record in records:
            record._rcm_write(vals_by_id[record.id])
        records._rcm_emit_difference(event, before, names)

    @api.model
    def _rcm_protected_fields(self):
        """Names of the fields behind the guard."""
        names = set(self._rcm_protected)
        if self._rcm_state_machine:
            names.add(self._rcm_state_field)
        return frozenset(names)

    def _rcm_without_ticket(self):
        """These records with the ticket taken out of the context."""
        if Ticket.KEY not in self.env.context:
            return self
        context = dict(self.env.context)
        del context[Ticket.KEY]
        # a key can only be taken out by giving the whole context
        return self.with_context(context)  # pylint: disable=context-overridden

    def _rcm_refuse_context_defaults(self, protected):
        """Refuse ``default_`` keys that would fill a protected field."""
        context = self.env.context
        refused = {
            name
            for name in protected
            if context.get(f"default_{name}")
            and context[f"default_{name}"] != self._rcm_class_default(name)
        }
        if refused:
            self._rcm_refuse(refused)

    def _rcm_guarded_vals(self, vals, protected, trusted):
        """Return ``vals`` with every protected field set from here.

        An untrusted caller may only repeat the field's own default (forms do). What
        is not given gets that default explicitly, so that neither a context key nor
        a stored user default can fill it.
        """
        guarded = dict(vals)
        refused = set()
        for name in protected:
            field = self._fields[name]
            if name in vals:
                default = None if trusted else self._rcm_class_default(name)
                if not trusted and (vals[name] or False) != (default or False):
                    refused.add(name)
            elif field.store and not field.compute and not field.type.endswith("2many"):
                guarded[name] = self._rcm_class_default(name)
        if refused:
            self._rcm_refuse(refused)
        return guarded

    def _rcm_class_default(self, name):
        """The default the field declares in code."""
        field = self._fields[name]
        if not field.default:
            return False
        cached = field.convert_to_cache(field.default(self), self, validate=False)
        return field.convert_to_write(field.convert_to_record(cached, self), self)

    def _rcm_refuse(self, names):
        labels = ", ".join(sorted(self._fields[name].string for name in names))
        raise AccessError(
            self.env._(
                "%(fields)s of %(document)s cannot be set directly; the document's "
                "own steps do it.",
                fields=labels,
                document=self._description,
            )
        )

    # ------------------------------------------------------------------
    # State: the one door
    # ------------------------------------------------------------------
    def _rcm_set_state(self, new_state, **vals):
        """Move these records to ``new_state``, writing ``vals`` with it.

        Every record must be in a state from which the move is allowed; records that
        are there already are left alone. One write and one audit insert for all.
        """
        machine, name = self._rcm_state_machine, self._rcm_state_field
        before = {record.id: record[name] for record in self}
        moving = self.browse(id_ for id_, old in before.items() if old != new_state)
        for id_ in moving.ids:
            if not states.can_move(machine, before[id_], new_state):
                self._rcm_refuse_move(before[id_], new_state)
        if len(moving) < len(self):
            _logger.info(
                "%s %s: already %s", self._name, (self - moving).ids, new_state
            )
        if not moving:
            return
        logged = [key for key in vals if key in self._rcm_protected_fields()]
        old_vals = moving._rcm_audit_snapshot(logged)
        moving._rcm_write({name: new_state, **vals})
        new_vals = moving._rcm_audit_snapshot(logged)
        moving._rcm_emit(
            f"{self._name}.state_changed",
            changes_by_id={
                id_: {
                    name: [before[id_], new_state],
                    **{
                        key: [old_vals[id_][key], new_vals[id_][key]]
                        for key in logged
                        if old_vals[id_][key] != new_vals[id_][key]
                    },
                }
                for id_ in moving.ids
            },
        )

    def _rcm_refuse_move(self, old, new):
        labels = dict(
            self._fields[self._rcm_state_field]._description_selection(self.env)
        )
        raise UserError(
            self.env._(
                "%(document)s cannot go from “%(old)s” to “%(new)s”.",
                document=self._description,
                old=labels.get(old, old),
                new=labels.get(new, new),
            )
        )

    # ------------------------------------------------------------------
    # Gate
    # ------------------------------------------------------------------
    def _rcm_gate(self, effect):
        """Return the records on which ``effect`` may go ahead now.

        Without an approval module everything may. Approvals overrides this, makes
        requests for the rest and calls ``_rcm_gate_approved`` when they are granted.
        """
        return self

    def _rcm_gate_approved(self, effect):
        """Called when ``effect`` was approved for these records: go on with it."""

    # ------------------------------------------------------------------
    # Exception cases
    # ------------------------------------------------------------------
    def _rcm_raise_case(
        self,
        type_code,
        message,
        expected=None,
        actual=None,
        difference=None,
        amount=None,
    ):
        """Open a case of this type on each record, or add an occurrence to it.

        ``message`` is read by people and must not hold patient data.
        """
        cases = self.env["rcm.exception.case"]._rcm_raise(
            type_code,
            self,
            message,
            expected=expected,
            actual=actual,
            difference=difference,
            amount=amount,
        )
        self.invalidate_recordset(CASE_FIELDS, flush=False)
        return cases

    def _rcm_resolve_cases(self, type_codes=None, resolution=""):
        """Resolve the open cases of these records (of these types, or all)."""
        cases = self.env["rcm.exception.case"]._rcm_resolve_of(
            self, type_codes, resolution
        )
        self.invalidate_recordset(CASE_FIELDS, flush=False)
        return cases

    def _rcm_reprocess(self, case):
        """Run the step that ``case`` blocks again; True when the obstacle is gone.

        Overridden by every document that raises cases. The step itself raises the
        case again, or resolves it, or raises an exception.
        """
        raise UserError(
            self.env._(
                "%(document)s has no step to run again for this exception.",
                document=self._description,
            )
        )

    def action_rcm_reprocess(self):
        """Run the blocked step of these documents again."""
        self.check_access("read")
        self.env.user._rcm_require(*self._rcm_reprocess_roles)
        return self.rcm_case_ids.action_reprocess()

    def action_rcm_cases(self):
        """Open the exception cases of these documents."""
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Exceptions"),
            "res_model": "rcm.exception.case",
            "view_mode": "list,form",
            "domain": [("res_model", "=", self._name), ("res_id", "in", self.ids)],
            "context": {"create": False},
        }
