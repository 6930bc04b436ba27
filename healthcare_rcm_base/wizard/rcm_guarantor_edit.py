from odoo import api, fields, models
from odoo.exceptions import UserError

PATIENT_VALUES = (
    "first_name",
    "last_name",
    "phone",
    "email",
    "street",
    "street2",
    "city",
    "zip",
)


class RcmGuarantorEdit(models.TransientModel):
    """Who owes what insurance does not pay: choose and describe the guarantor.

    Front desk and billing hold no rights on contacts; this is their door to the
    guarantor's, for people who may see patients only.
    """

    _name = "rcm.guarantor.edit"
    _description = "Edit Guarantor"

    patient_id = fields.Many2one("rcm.patient.account", required=True, readonly=True)
    relationship = fields.Selection(
        selection=lambda self: self.env["rcm.patient.account"]
        ._fields["guarantor_relationship"]
        ._description_selection(self.env),
        required=True,
        default="self",
    )
    account_number = fields.Char(
        required=True,
        help="An existing number picks that guarantor; a new one makes another.",
    )
    first_name = fields.Char()
    last_name = fields.Char()
    phone = fields.Char()
    email = fields.Char()
    street = fields.Char()
    street2 = fields.Char()
    city = fields.Char()
    state_id = fields.Many2one("res.country.state", string="State")
    zip = fields.Char(string="ZIP")
    country_id = fields.Many2one("res.country")

    @api.model
    def default_get(self, fields_list):
        """Start from the guarantor the patient has."""
        self.check_access("create")
        values = super().default_get(fields_list)
        patient = self.env["rcm.patient.account"].browse(values.get("patient_id"))
        if patient:
            patient.check_access("read")
            guarantor = patient.guarantor_id
            values |= {
                "relationship": patient.guarantor_relationship,
                "account_number": guarantor.rcm_account_number or patient.name,
                "first_name": guarantor.rcm_first_name,
                "last_name": guarantor.rcm_last_name,
                "state_id": guarantor.state_id.id,
                "country_id": guarantor.country_id.id,
            }
            values |= {name: guarantor[name] for name in PATIENT_VALUES[2:]}
        return {name: values[name] for name in values if name in fields_list}

    @api.onchange("relationship")
    def _onchange_relationship(self):
        """Another person needs another number and details of their own."""
        patient = self.patient_id
        if not patient:
            return
        if self.relationship == "self":
            self.account_number = patient.name
            self.update({name: patient[name] for name in PATIENT_VALUES})
            self.state_id = patient.state_id
            self.country_id = patient.country_id
        elif patient.guarantor_relationship == "self":
            self.account_number = f"G{patient.name}"
            self.first_name = self.last_name = False

    def action_save(self):
        """Store the guarantor and link it to the patient."""
        self.ensure_one()
        self.env.user._rcm_require("front_desk", "biller")
        patient = self.patient_id
        patient.check_access("write")
        if self.relationship != "self" and self.account_number == patient.name:
            raise UserError(
                self.env._("Another person needs an account number of their own.")
            )
        guarantor = self.env["res.partner"]._rcm_register_guarantor(
            patient.company_id,
            self.account_number.strip(),
            {
                "state_id": self.state_id.id,
                "country_id": self.country_id.id,
                **{name: self[name] for name in PATIENT_VALUES},
            },
        )
        patient.write(
            {
                "guarantor_id": guarantor.id,
                "guarantor_relationship": self.relationship,
            }
        )
        return {"type": "ir.actions.act_window_close"}
