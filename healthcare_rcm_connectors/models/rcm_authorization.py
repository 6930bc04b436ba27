from odoo import api, models

from odoo.addons.healthcare_rcm_base.core.errors import (
    PredecessorMissing,
    RcmPermanent,
    ReferenceMissing,
)
from odoo.addons.healthcare_rcm_base.core.money import from_decimal, to_decimal

STATE_OF_STATUS = {"approved": "active", "denied": "denied", "cancelled": "cancelled"}
CASE_TYPES = ("authorization_missing", "authorization_mismatch")
UNIT_DIGITS = 3


class RcmAuthorization(models.Model):
    """Authorizations as payers and portals report them."""

    _inherit = "rcm.authorization"

    @api.model
    def _rcm_confirm(self, facts, company):
        """Take in a payer's decision and go on with what waited for it.

        :param dict facts: data of ``authorization.confirmed``, version 1
        :return: the authorization
        """
        intake = self.sudo()  # the door checked who may report decisions
        patient = intake._rcm_find_patient(facts["patient_account"], company)
        payer = intake.env["rcm.payer"].search(
            [("code", "=", facts["payer"]), ("company_id", "=", company.id)], limit=1
        )
        if not payer:
            raise ReferenceMissing("payer", facts["payer"])
        vals = intake._rcm_confirm_vals(facts, company)
        authorization = intake.search(
            [
                ("payer_id", "=", payer.id),
                ("number", "=", facts["number"]),
                ("patient_id", "=", patient.id),
            ]
        )
        if authorization:
            authorization._rcm_check_confirmed(vals)
            authorization.write(vals)
        else:
            authorization = intake.create(
                {
                    **vals,
                    "number": facts["number"],
                    "payer_id": payer.id,
                    "patient_id": patient.id,
                }
            )
        state = STATE_OF_STATUS[facts.get("status") or "approved"]
        if authorization.state != state:
            authorization._rcm_decide(state)
        if state == "active":
            authorization._rcm_attach()
        return authorization.with_env(self.env)

    def _rcm_check_confirmed(self, vals):
        """A payer cannot authorize fewer units than are billed: a person sorts it."""
        units = vals["units_authorized"]
        if units and units < self.units_used:
            raise RcmPermanent(
                "authorization_used",
                self.env._("More units are billed on it than are authorized now."),
            )

    def _rcm_decide(self, state):
        """Note the payer's decision; billed claims that hang on it are told."""
        if state == "cancelled" and self.units_used:
            state = "denied"  # taken back: what is billed on it stays on record
        if state != self.state:
            self.write({"state": state})
        if state == "denied":
            self._rcm_tell_claims()

    def _rcm_confirm_vals(self, facts, company):
        codes = facts.get("codes") or []
        found = self.env["rcm.service.code"].search(
            [("code", "in", codes), ("company_id", "in", [company.id, False])]
        )
        if missing := sorted(set(codes) - set(found.mapped("code"))):
            raise ReferenceMissing("service_code", missing[0])
        units = to_decimal(facts.get("units") or 0, UNIT_DIGITS)
        return {
            "date_from": facts["date_from"],
            "date_to": facts.get("date_to") or False,
            "units_authorized": from_decimal(units, UNIT_DIGITS),
            "service_code_ids": [(6, 0, found.ids)],
        }

    @api.model
    def _rcm_find_patient(self, account_number, company):
        """The patient account; the event waits when its encounter is still to come."""
        patient = self.env["rcm.patient.account"].search(
            [("name", "=", account_number), ("company_id", "=", company.id)], limit=1
        )
        if not patient:
            raise PredecessorMissing(
                "patient account", awaits=f"patient:{account_number}"
            )
        return patient

    def _rcm_attach(self):
        """Link encounters and charges that named this number, and go on with them."""
        self.ensure_one()
        named = [
            ("patient_id", "=", self.patient_id.id),
            ("authorization_number", "=", self.number),
            ("authorization_id", "=", False),
        ]
        encounters = self.env["rcm.encounter"].search(named)
        encounters.write({"authorization_id": self.id})
        charges = self.env["rcm.charge"].search([*named, ("state", "=", "captured")])
        charges.write({"authorization_id": self.id})
        claims = (encounters | charges.encounter_id).claim_ids
        for claim in claims.filtered(lambda item: item.state == "draft"):
            cases = self.env["rcm.exception.case"].search(
                [
                    ("res_model", "=", claim._name),
                    ("res_id", "=", claim.id),
                    ("type_code", "in", CASE_TYPES),
                    ("state", "in", ("open", "in_progress", "waiting")),
                ]
            )
            if cases:
                claim._rcm_reprocess(cases[:1])
