from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.money import from_decimal, to_decimal

UNIT_DIGITS = 3
MOVES = {
    "requested": {"active", "denied", "cancelled"},
    "active": {"cancelled", "denied"},
    "denied": {"active"},
    "cancelled": set(),
}


class RcmAuthorization(models.Model):
    """A payer's leave to give services: which codes, how many units, in what time."""

    _name = "rcm.authorization"
    _inherit = "rcm.audit.mixin"
    _description = "Authorization"
    _order = "date_from desc, number, id"
    _rec_name = "number"
    _rec_names_search = ["number", "patient_id.name"]
    _check_company_auto = True
    _rcm_audit_fields = (
        "number",
        "payer_id",
        "state",
        "date_from",
        "date_to",
        "units_authorized",
        "units_used",
        "service_code_ids",
        "active",
    )

    number = fields.Char(required=True, copy=False, help="As the payer issued it.")
    active = fields.Boolean(default=True)
    patient_id = fields.Many2one(
        "rcm.patient.account",
        required=True,
        index=True,
        check_company=True,
        ondelete="restrict",
    )
    payer_id = fields.Many2one(
        "rcm.payer", required=True, index=True, check_company=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="patient_id.company_id", store=True, index=True, precompute=True
    )
    facility_id = fields.Many2one(related="patient_id.facility_id", store=True)
    state = fields.Selection(
        [
            ("requested", "Requested"),
            ("active", "Granted"),
            ("denied", "Denied"),
            ("cancelled", "Cancelled"),
        ],
        string="Status",
        required=True,
        default="requested",
        copy=False,
    )
    date_from = fields.Date(string="From", required=True)
    date_to = fields.Date(string="Until", help="Last day; empty for an open end.")
    service_code_ids = fields.Many2many(
        "rcm.service.code", string="Services", help="Empty: any service."
    )
    units_authorized = fields.Float(
        digits=(12, UNIT_DIGITS), help="0 for no limit on units."
    )
    units_used = fields.Float(
        digits=(12, UNIT_DIGITS), readonly=True, copy=False, help="Billed so far."
    )
    units_left = fields.Float(
        digits=(12, UNIT_DIGITS), compute="_compute_units_left", store=True
    )
    is_usable = fields.Boolean(
        string="Usable Today", compute="_compute_is_usable", search="_search_is_usable"
    )
    note = fields.Text(
        string="Internal Notes", groups="healthcare_rcm_base.group_patient_data"
    )

    _number_uniq = models.UniqueIndex(
        "(payer_id, number, patient_id)",
        "The patient has an authorization with this number already.",
    )
    _dates_ordered = models.Constraint(
        "CHECK(date_to IS NULL OR date_to >= date_from)",
        "An authorization cannot end before it begins.",
    )
    _units_not_negative = models.Constraint(
        "CHECK(units_authorized >= 0 AND units_used >= 0)", "Units are not negative."
    )
    _units_within_limit = models.Constraint(
        "CHECK(units_authorized = 0 OR units_used <= units_authorized)",
        "More units are used than authorized.",
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("units_authorized", "units_used")
    def _compute_units_left(self):
        for record in self:
            left = _units(record.units_authorized) - _units(record.units_used)
            record.units_left = from_decimal(max(left, 0), UNIT_DIGITS)

    @api.depends("state", "date_from", "date_to", "units_authorized", "units_left")
    def _compute_is_usable(self):
        today = fields.Date.context_today(self)
        for record in self:
            record.is_usable = not record._rcm_refusal(today)

    def _search_is_usable(self, operator, value):
        if operator != "in" or True not in value:
            return NotImplemented
        today = fields.Date.context_today(self)
        return [
            ("state", "=", "active"),
            ("date_from", "<=", today),
            "|",
            ("date_to", "=", False),
            ("date_to", ">=", today),
            "|",
            ("units_authorized", "=", 0),
            ("units_left", ">", 0),
        ]

    # ------------------------------------------------------------------
    # CRUD and actions
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["units_used"] = 0
        return super().create(vals_list)

    def write(self, vals):
        if "units_used" in vals and not self.env.su:
            raise UserError(self.env._("Used units follow from charges."))
        if "state" in vals:
            self._check_state_move(vals["state"])
        return super().write(vals)

    def _check_state_move(self, new_state):
        labels = dict(self._fields["state"]._description_selection(self.env))
        for record in self:
            if new_state != record.state and new_state not in MOVES[record.state]:
                raise UserError(
                    self.env._(
                        "An authorization cannot go from “%(old)s” to “%(new)s”.",
                        old=labels[record.state],
                        new=labels.get(new_state, new_state),
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_only_unused(self):
        if any(record.units_used for record in self):
            raise UserError(self.env._("An authorization that was used is kept."))

    def action_grant(self):
        """The payer has said yes."""
        self.env.user._rcm_require("biller", "front_desk", "coder")
        self.write({"state": "active"})

    def action_deny(self):
        """The payer has said no, or has taken its leave back."""
        self.env.user._rcm_require("biller", "front_desk", "coder")
        self.write({"state": "denied"})

    def action_cancel(self):
        """It is not needed any more."""
        self.env.user._rcm_require("biller", "front_desk", "coder")
        self.write({"state": "cancelled"})

    # ------------------------------------------------------------------
    # Domain
    # ------------------------------------------------------------------
    def _rcm_refusal(self, day, code=None, units=None, payer=None):
        """Say why this does not cover a service, or return False.

        :return: ``state``, ``payer``, ``dates``, ``code``, ``units`` or False
        """
        self.ensure_one()
        if self.state != "active":
            return "state"
        if payer and payer != self.payer_id:
            return "payer"
        if day < self.date_from or (self.date_to and day > self.date_to):
            return "dates"
        if code and self.service_code_ids:
            if code not in self.service_code_ids.mapped("code"):
                return "code"
        if self.units_authorized:
            wanted = _units(units) if units is not None else to_decimal("0.001", 3)
            if _units(self.units_left) < wanted:
                return "units"
        return False

    def _rcm_use(self, units):
        """Take ``units`` off what is left; refuse more than that.

        A negative number gives units back. Two claims cannot use the same units: the
        second one waits and then sees what the first one left.
        """
        self.ensure_one()
        self._rcm_lock()
        used = _units(self.units_used) + _units(units)
        if used < 0:
            raise UserError(
                self.env._(
                    "More units would be given back to authorization %(number)s than "
                    "were used.",
                    number=self.number,
                )
            )
        if self.units_authorized and used > _units(self.units_authorized):
            raise UserError(
                self.env._(
                    "Authorization %(number)s has no units left.", number=self.number
                )
            )
        # used units follow from charges, whoever bills them
        self.sudo().units_used = from_decimal(used, UNIT_DIGITS)

    def _rcm_audit_name(self):
        return f"{self.patient_id.name} {self.number}"


def _units(value):
    return to_decimal(value or 0.0, UNIT_DIGITS)
