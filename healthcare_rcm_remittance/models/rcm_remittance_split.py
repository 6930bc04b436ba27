from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.healthcare_rcm_base.core.money import from_decimal, to_decimal

from ..settlement.claim_checks import PROCESSED
from ..settlement.reasons import SET_ASIDE, case_type

# Parts that post nothing
PARTS_AT_REST = ("parked", "cancelled")


class RcmRemittanceClaim(models.Model):
    """Dividing the payment of an unpostable claim among several claims of ours.

    Each part is an unpostable of its own: matched, given back or left waiting like
    any other, and undone alone. What the payer said stays as it was said, on the
    claim that was divided.
    """

    _inherit = "rcm.remittance.claim"

    split_from_id = fields.Many2one(
        "rcm.remittance.claim",
        string="Part Of",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="The claim of the remittance whose payment a person divided.",
    )
    part_ids = fields.One2many("rcm.remittance.claim", "split_from_id", string="Parts")

    @api.model
    def _rcm_protected_fields(self):
        return super()._rcm_protected_fields() | {"split_from_id"}

    def _rcm_family(self):
        """The claim of the payer that this one is or is a part of, with all parts."""
        whole = self.split_from_id or self
        return whole | whole.part_ids

    # ------------------------------------------------------------------
    # Dividing
    # ------------------------------------------------------------------
    def _rcm_split(self, parts, reason):
        """Divide the payment; parts that name a claim are posted on it.

        :param parts: [(our claim or none, exact amount)]; they add up to CLP04
        :return: the parts
        """
        self.ensure_one()
        self._rcm_check_split(parts)
        made = self._rcm_create_parts(parts)
        self._rcm_set_state("split")
        self._rcm_resolve_cases(None, self.env._("Divided."))
        self._rcm_emit(
            "remittance.claim_split",
            {
                "parts": [None, [format(amount, "f") for _claim, amount in parts]],
                "reason": [None, reason],
            },
        )
        for part, (claim, _amount) in zip(made, parts, strict=True):
            if claim:
                part._rcm_release(
                    {"part": True, "control_number": claim.name, "reason": reason}
                )
            else:
                part._rcm_set_aside(self.env._("A part that belongs to no claim yet."))
        self.remittance_id._rcm_after_release()
        return made

    def _rcm_check_split(self, parts):
        if self.state != "parked":
            raise UserError(self.env._("%s is not parked.", self.display_name))
        if self.split_from_id:
            raise UserError(
                self.env._("A part is not divided again; undo the division instead.")
            )
        if len(parts) < 2 or any(amount <= 0 for _claim, amount in parts):
            raise UserError(
                self.env._("Divide a payment into at least two amounts above zero.")
            )
        total = sum((amount for _claim, amount in parts), Decimal(0))
        paid = to_decimal(self.paid, self.currency_id.decimal_places)
        if total != paid:
            raise UserError(
                self.env._(
                    "The parts must add up to the payment: expected %(expected)s, "
                    "found %(actual)s, difference %(difference)s.",
                    expected=paid,
                    actual=total,
                    difference=total - paid,
                )
            )

    def _rcm_create_parts(self, parts):
        [[last]] = self.env.execute_query(
            SQL(
                "SELECT MAX(index) FROM rcm_remittance_claim WHERE remittance_id = %s",
                self.remittance_id.id,
            )
        )
        return self._rcm_create(
            [
                {
                    "remittance_id": self.remittance_id.id,
                    "correlation_id": self.correlation_id,
                    "split_from_id": self.id,
                    "index": number,
                    "control_number": self.control_number,
                    "payer_claim_number": self.payer_claim_number,
                    "status": self.status if self.status in PROCESSED else "1",
                    "paid": from_decimal(amount, self.currency_id.decimal_places),
                    "date_from": self.date_from,
                    "date_to": self.date_to,
                    "start_offset": self.start_offset,
                    "end_offset": self.end_offset,
                    "override": {"part": True, "park": True},
                    "decision": "park",
                    "reasons": [{"code": SET_ASIDE, "location": ""}],
                    "state": "parked",
                }
                for number, (_claim, amount) in enumerate(parts, start=last + 1)
            ]
        )

    def _rcm_set_aside(self, message):
        """A person has to come back to it."""
        self._rcm_raise_case(case_type(SET_ASIDE), message, amount=self.paid)

    # ------------------------------------------------------------------
    # Putting together again
    # ------------------------------------------------------------------
    def _rcm_check_join(self):
        """No part of it posts anything."""
        busy = self.part_ids.filtered(lambda part: part.state not in PARTS_AT_REST)
        if busy:
            names = [part.claim_id.display_name or part.display_name for part in busy]
            raise UserError(
                self.env._(
                    "Undo the decisions about its parts first: %s.", ", ".join(names)
                )
            )

    def _rcm_join(self):
        """The payment is one unpostable again; its parts are cancelled."""
        self.ensure_one()
        self._rcm_set_state("parked")
        self._rcm_cancel_parts()
        self.remittance_id._rcm_after_undo()

    def _rcm_cancel_parts(self):
        """Parts of these claims that post nothing any more."""
        parts = (self.part_ids | self.filtered("split_from_id")).filtered(
            lambda part: part.state in ("parked", "open")
        )
        parts._rcm_resolve_cases(None, self.env._("The division was undone."))
        parts._rcm_set_state("cancelled")
