from collections import defaultdict

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..core.money import to_decimal
from ..tools import bulk_update

UNIT_DIGITS = 3
# Whom and what an authorization is for; once units are used, another one is needed.
FIXED_WHEN_USED = {"patient_id", "payer_id", "number"}
# Claims that still can be stopped when the payer takes its leave back.
NOT_SENT = ("validated", "cleared", "on_hold")


class RcmAuthorizationUse(models.Model):
    """Units of an authorization that one billed charge took, until given back.

    The sum of what is not given back is ``units_used``; nobody types in either.
    """

    _name = "rcm.authorization.use"
    _inherit = "rcm.document.mixin"
    _description = "Authorized Units Used"
    _order = "id desc"
    _rec_name = "claim_id"
    _rcm_protected = (
        "authorization_id",
        "charge_id",
        "claim_id",
        "code",
        "units",
        "service_date",
        "released_at",
    )

    authorization_id = fields.Many2one(
        "rcm.authorization",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="authorization_id.company_id", store=True)
    facility_id = fields.Many2one(related="authorization_id.facility_id", store=True)
    charge_id = fields.Many2one(
        "rcm.charge", required=True, readonly=True, index=True, ondelete="restrict"
    )
    claim_id = fields.Many2one(
        "rcm.claim", required=True, readonly=True, index=True, ondelete="restrict"
    )
    code = fields.Char(readonly=True)
    units = fields.Float(digits=(12, UNIT_DIGITS), readonly=True)
    service_date = fields.Date(readonly=True)
    released_at = fields.Datetime(
        string="Given Back", readonly=True, help="When its claim was withdrawn."
    )

    _open_uniq = models.UniqueIndex(
        "(charge_id) WHERE released_at IS NULL",
        "A charge uses authorized units once.",
    )
    _units_positive = models.Constraint(
        "CHECK(units > 0)", "Used units are above zero."
    )


class RcmAuthorization(models.Model):
    """What used an authorization, and what that forbids."""

    _inherit = "rcm.authorization"

    use_ids = fields.One2many(
        "rcm.authorization.use", "authorization_id", string="Used By", readonly=True
    )

    # ------------------------------------------------------------------
    # Guards
    # ------------------------------------------------------------------
    def write(self, vals):
        used = self.filtered("units_used")
        if used:
            used._rcm_check_used(vals)
        return super().write(vals)

    def _rcm_check_used(self, vals):
        """Refuse what would leave billed services without their authorization.

        A payer's own word (an event) may narrow dates and services: the claims that
        hang on it are told about, not the payer's answer refused.
        """
        fixed = [
            name
            for name in FIXED_WHEN_USED & set(vals)
            if any(_changes(record, name, vals[name]) for record in self)
        ]
        if fixed:
            labels = ", ".join(sorted(self._fields[name].string for name in fixed))
            raise UserError(
                self.env._(
                    "Units of this authorization are used; %(fields)s cannot change. "
                    "Make another authorization.",
                    fields=labels,
                )
            )
        if vals.get("state") == "cancelled":
            raise UserError(
                self.env._(
                    "Billed services use this authorization. Void their claims first, "
                    "or mark it as denied when the payer took it back."
                )
            )
        limit = vals.get("units_authorized")
        for record in self:
            if limit and _units(limit) < _units(record.units_used):
                raise UserError(
                    self.env._(
                        "%(used)s units are used already; fewer cannot be authorized.",
                        used=f"{_units(record.units_used).normalize():f}",
                    )
                )
            if not self.env.su:
                record._rcm_check_used_scope(vals)

    def _rcm_check_used_scope(self, vals):
        """Dates and services still cover what was billed."""
        uses = self.use_ids.filtered(lambda use: not use.released_at)
        start = fields.Date.to_date(vals.get("date_from") or self.date_from)
        end = fields.Date.to_date(vals.get("date_to", self.date_to) or False)
        outside = uses.filtered(
            lambda use: use.service_date < start or (end and use.service_date > end)
        )
        if outside and {"date_from", "date_to"} & set(vals):
            raise UserError(
                self.env._(
                    "A service of %(day)s is billed on this authorization; its dates "
                    "have to cover that.",
                    day=outside[0].service_date,
                )
            )
        if "service_code_ids" in vals:
            probe = self.new(
                {"service_code_ids": vals["service_code_ids"]}, origin=self
            )
            codes = set(probe.service_code_ids.mapped("code"))
            if codes and not set(uses.mapped("code")) <= codes:
                raise UserError(
                    self.env._("A service that is billed on it cannot be taken out.")
                )

    def action_deny(self):
        """The payer has said no, or has taken its leave back.

        Claims that are not sent yet are stopped by a case; sent ones are for the
        payer to decide.
        """
        result = super().action_deny()
        self._rcm_tell_claims()
        return result

    def _rcm_tell_claims(self):
        """Open a case on claims that hang on these and are not sent yet."""
        uses = self.sudo().use_ids.filtered(lambda use: not use.released_at)
        claims = uses.claim_id.filtered(lambda claim: claim.state in NOT_SENT)
        if claims:
            claims._rcm_raise_case(
                "authorization_mismatch",
                self.env._(
                    "The payer took the authorization back after the claim was "
                    "checked. Take it back to draft, or get another one."
                ),
            )

    # ------------------------------------------------------------------
    # Taking and giving back
    # ------------------------------------------------------------------
    def _rcm_lock(self):
        """Wait for whoever uses these; see what they left.

        A transaction that began before the other one ended fails to serialise here
        and is tried again, so that two claims never use the same units.
        """
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "SELECT id FROM rcm_authorization WHERE id = ANY(%s) ORDER BY id "
                "FOR UPDATE",
                self.ids,
            )
        )
        self.invalidate_recordset(["units_used", "units_left"], flush=False)


class RcmClaim(models.Model):
    """Authorized units follow the charges that are billed."""

    _inherit = "rcm.claim"

    def _rcm_use_units_of(self, lines, sign):
        """Take the units of ``lines`` off their authorizations, or give them back.

        What a charge took is on record, so it gives back exactly that, whatever was
        changed on services or authorizations since.
        """
        if sign > 0:
            self._rcm_take_units(lines)
        else:
            self._rcm_give_units_back(lines)

    def _rcm_take_units(self, lines):
        Check, Use = self.env["rcm.validation.check"], self.env["rcm.authorization.use"]
        wanted = [
            (line, Check._rcm_authorization(line))
            for line in Check._rcm_lines_to_authorize(self) & lines
        ]
        wanted = [
            (line, authorization) for line, authorization in wanted if authorization
        ]
        if not wanted:
            return
        charges = lines.browse([line.id for line, _found in wanted]).charge_id
        taken = (
            Use.sudo()
            .search(  # what the system keeps itself
                [("charge_id", "in", charges.ids), ("released_at", "=", False)]
            )
            .charge_id
        )
        units, vals_list = defaultdict(lambda: to_decimal(0, UNIT_DIGITS)), []
        for line, authorization in wanted:
            if line.charge_id in taken:
                continue
            units[authorization] += to_decimal(line.units, UNIT_DIGITS)
            vals_list.append(
                {
                    "authorization_id": authorization.id,
                    "charge_id": line.charge_id.id,
                    "claim_id": line.claim_id.id,
                    "code": line.code,
                    "units": line.units,
                    "service_date": line.service_date,
                    "correlation_id": line.claim_id.correlation_id,
                }
            )
        for authorization in sorted(units, key=lambda item: item.id):
            authorization._rcm_use(units[authorization])
        Use.sudo()._rcm_create(vals_list)  # what the system keeps itself

    def _rcm_give_units_back(self, lines):
        open_uses = (
            self.env["rcm.authorization.use"]
            .sudo()  # what the system keeps itself
            .search(
                [
                    ("charge_id", "in", lines.charge_id.ids),
                    ("released_at", "=", False),
                ]
            )
        )
        for authorization, uses in sorted(
            open_uses.grouped("authorization_id").items(), key=lambda item: item[0].id
        ):
            units = sum(
                (to_decimal(use.units, UNIT_DIGITS) for use in uses),
                to_decimal(0, UNIT_DIGITS),
            )
            authorization._rcm_use(-units)
        now = fields.Datetime.now()
        bulk_update(open_uses, {use.id: {"released_at": now} for use in open_uses})


def _changes(record, name, value):
    current = record[name]
    current = current.id if record._fields[name].type == "many2one" else current
    return (current or False) != (value or False)


def _units(value):
    return to_decimal(value or 0.0, UNIT_DIGITS)
