from odoo import api, fields, models

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..policy import Facts

OPEN = ("pending", "info_requested")
STANDING = (*OPEN, "approved", "refused")


class RcmApprovalMixin(models.AbstractModel):
    """A document whose effects are subject to the approval policies.

    Any model takes it up by declaring its document type, its effects and what must
    not change (see ``readme/DEVELOP.md``); documents with more to say override the
    methods. No key of any context opens the gate.

    This file: what a document declares and what it says of itself. The gate, changes
    after the question and having the effect stand in the files beside it.
    """

    _name = "rcm.approval.mixin"
    _inherit = "rcm.audit.mixin"
    _description = "Document Under Approval Policies"

    # The document type of the policies.
    _rcm_approval_type = None
    # {effect: (the state that having it means, the method that has it)}
    _rcm_approval_effects = {}
    # Fields that must not change once somebody agreed; approvers see them.
    _rcm_approval_locked = ()
    _rcm_approval_amount_field = "amount"
    _rcm_approval_state_field = "state"

    rcm_approval_state = fields.Selection(
        [
            ("pending", "Waiting for approval"),
            ("approved", "Approved"),
            ("refused", "Refused"),
        ],
        string="Approval",
        compute="_compute_rcm_approval_state",
    )
    rcm_approval_request_ids = fields.Many2many(
        "rcm.approval.request",
        string="Approval Requests",
        compute="_compute_rcm_approval_state",
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    def _compute_rcm_approval_state(self):
        Request = self.env["rcm.approval.request"]
        requests = Request.sudo().search(  # that it waits is no secret of the request
            [("res_model", "=", self._name), ("res_id", "in", self._origin.ids)],
            order="id",
        )
        visible = Request.browse(requests.ids)
        visible = (
            visible._filtered_access("read") if Request.has_access("read") else Request
        )
        states = {
            request.res_id: "pending" if request.state in OPEN else request.state
            for request in requests
            if request.state in STANDING
        }
        own = {}
        for request in requests:
            own.setdefault(request.res_id, []).append(request.id)
        for record in self:
            record.rcm_approval_state = states.get(record._origin.id, False)
            # with sudo: assigning even nothing asks for access to the model
            record.sudo().rcm_approval_request_ids = (
                visible.browse(own.get(record._origin.id, [])) & visible
            )

    # ------------------------------------------------------------------
    # What a document says
    # ------------------------------------------------------------------
    def _rcm_approval_facts(self, effect):
        """What a policy looks at and an approver approves.

        Made from what the document declares; overridden by those with more to say.

        :param str effect: the effect that is asked for, for example ``clear``.
        :return: None when this effect needs no approval for this record; else a dict
            with ``facts`` (:class:`~.policy.Facts`) and ``approved`` (JSON-able: what
            must not change after the approval).
        """
        if effect not in self._rcm_approval_effects:
            return None
        self.ensure_one()
        approved = self._rcm_approved_values()
        return self._rcm_approval_item(self._rcm_approval_type, effect, approved)

    def _rcm_approval_item(self, kind, effect, approved, amount=None, **scope):
        """An answer of ``_rcm_approval_facts``.

        :param str kind: document type of the policies
        :param approved: what must not change after the approval
        :param Decimal amount: in the company's currency; by default that of the
            document
        :param scope: facts that are others than those of ``_rcm_approval_scope``
        """
        amount = self._rcm_approval_amount() if amount is None else amount
        known = {**self._rcm_approval_scope(), **scope}
        return {
            "facts": self._rcm_facts_for(kind, effect, amount, **known),
            "approved": approved,
        }

    @api.model
    def _rcm_facts_for(self, document_type, effect, amount, **scope) -> Facts:
        """Shorthand for documents that state their facts."""
        return Facts(document_type, effect, amount, **scope)

    def _rcm_approval_amount(self):
        """The amount of the document, in its company's currency of today."""
        amount = self[self._rcm_approval_amount_field]
        company = self._rcm_linked("company_id", "res.company") or self.env.company
        currency = self._rcm_linked("currency_id", "res.currency")
        if currency and currency != company.currency_id:
            today = fields.Date.context_today(self)
            amount = currency._convert(amount, company.currency_id, company, today)
        return to_decimal(float(amount), company.currency_id.decimal_places)

    def _rcm_approval_scope(self):
        """What policies ask besides the amount, read from the usual fields."""
        self.ensure_one()
        company = self._rcm_linked("company_id", "res.company") or self.env.company
        facility = self._rcm_linked("facility_id", "rcm.facility")
        partner = self._rcm_linked("partner_id", "res.partner").commercial_partner_id
        return {
            "company": company.id,
            "facility": facility.id or None,
            "department": facility.analytic_account_id.id or None,
            "payer_type": self._rcm_linked("payer_id", "rcm.payer").plan_type or None,
            "vendor_categories": frozenset(partner.category_id.ids),
        }

    @api.model
    def _rcm_with_parts(self, scope, scopes):
        """``scope`` of a document with the scopes of its parts, as dicts of facts.

        Where all parts say the same, the document says it.
        """
        found = {tuple(sorted(part.items())) for part in scopes}
        if len(found) == 1:
            return {**scope, **dict(found.pop())}
        return {**scope, "parts": tuple(sorted(found, key=repr))}

    def _rcm_linked(self, name, model):
        """The record in field ``name`` where it holds one of ``model``, or none."""
        field = self._fields.get(name)
        if field is None or field.comodel_name != model:
            return self.env[model]
        return self[name]

    def _rcm_approved_values(self):
        """What must not change once somebody agreed to it: the declared fields."""
        return {
            name: _plain(self, self._fields[name])
            for name in sorted(self._rcm_approval_locked)
        }

    @api.model
    def _rcm_approval_columns(self):
        """``{name of approved lines: (model, its fields by column)}``: so that people
        read names where lines are lists of values."""
        return {}

    @api.model
    def _rcm_approval_locked_fields(self):
        """Fields that approved facts are made of: a change is checked at once.

        What else changes the facts is found when the effect is asked for.
        """
        return frozenset(self._rcm_approval_locked)

    def _rcm_approval_is_done(self, effect):
        """Whether the effect was had: later changes void nothing any more."""
        self.ensure_one()
        state, _method = self._rcm_approval_effects.get(effect, (None, None))
        return state is not None and self[self._rcm_approval_state_field] == state

    @api.model
    def _rcm_states_facts(self):
        """Whether this kind of document is ever subject to approval."""
        mixin = self.pool["rcm.approval.mixin"]
        return bool(self._rcm_approval_effects) or (
            type(self)._rcm_approval_facts is not mixin._rcm_approval_facts
        )


def _plain(record, field):
    """The value of a field as JSON-able data; rows of a one2many with their values."""
    value = record[field.name]
    if field.type == "one2many":
        inside = value._fields.values()
        columns = [one for one in inside if _is_own_column(one, field.inverse_name)]
        return [[_plain(row, one) for one in columns] for row in value.sorted("id")]
    if field.relational:
        return value.ids
    if field.type in ("float", "monetary"):
        return repr(float(value))
    if field.type in ("date", "datetime"):
        return str(value) if value else None
    if field.type in ("binary", "image", "reference", "many2one_reference"):
        return str(value or "")
    return value


def _is_own_column(field, inverse):
    """Whether a row's field is a value somebody entered."""
    return (
        field.store
        and field.column_type
        and field.name not in models.MAGIC_COLUMNS
        and field.name != inverse
    )
