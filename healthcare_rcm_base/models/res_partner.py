from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..core.person import CONTACT
from .rcm_identifier import GUARANTOR, OWN_SYSTEM

PATIENT = "healthcare_rcm_base.group_patient_data"
# Contact details of a guarantor that only people with the right may read or search.
MASKED_FIELDS = frozenset(
    {
        "email",
        "email_normalized",
        "email_formatted",
        "phone",
        "phone_sanitized",
        "phone_mobile_search",
        "street",
        "street2",
        "city",
        "zip",
        "state_id",
        "country_id",
        "contact_address",
        "contact_address_inline",
        "contact_address_complete",
        "partner_latitude",
        "partner_longitude",
        "vat",
        "comment",
        "website",
        "barcode",
        "bank_ids",
    }
)
GUARANTOR_KEYS = ("first_name", "last_name", *CONTACT)


class ResPartner(models.Model):
    """Guarantors are contacts whose name is their account number.

    The number is what invoices, entries, messages and lists of any app show. The
    person's own name stands in fields of the patient-data group; their address and
    e-mail, which statements need, are masked when others read or search contacts.
    """

    _inherit = "res.partner"

    rcm_is_guarantor = fields.Boolean(string="Guarantor", index=True, readonly=True)
    rcm_account_number = fields.Char(
        string="Guarantor Account",
        copy=False,
        readonly=True,
        index="btree_not_null",
    )
    rcm_first_name = fields.Char(string="First Name", groups=PATIENT, copy=False)
    rcm_last_name = fields.Char(string="Last Name", groups=PATIENT, copy=False)

    _rcm_account_number_uniq = models.UniqueIndex(
        "(company_id, rcm_account_number) WHERE rcm_is_guarantor",
        "A guarantor with this account number exists already.",
    )

    # ------------------------------------------------------------------
    # Names
    # ------------------------------------------------------------------
    @api.constrains("rcm_is_guarantor", "rcm_account_number", "name", "parent_id")
    def _check_rcm_guarantor(self):
        for partner in self.filtered("rcm_is_guarantor"):
            number = partner.rcm_account_number
            if not number or partner.name != number or partner.parent_id:
                raise ValidationError(
                    self.env._(
                        "A guarantor goes by the account number and nothing else."
                    )
                )

    @api.depends("rcm_is_guarantor", "rcm_account_number", "rcm_first_name")
    @api.depends("rcm_last_name")
    @api.depends_context("uid")
    def _compute_display_name(self):
        """Show the number to everyone, and the name to those who may see it.

        The many2one of a document is read with all rights, so the person asking
        decides here and not ``su``.
        """
        guarantors = self.filtered("rcm_is_guarantor")
        result = super(ResPartner, self - guarantors)._compute_display_name()
        visible = self.env.user._rcm_sees_patients()
        for partner in guarantors:
            number = partner.rcm_account_number or ""
            name = partner._rcm_person_name() if visible else ""
            partner.display_name = f"{name} ({number})" if name else number
        return result

    def _rcm_person_name(self):
        """The guarantor's own name; for callers that have checked who asks."""
        self.ensure_one()
        person = self.sudo()  # the caller has checked; computes run under any user
        parts = (person.rcm_last_name, person.rcm_first_name)
        return ", ".join(part for part in parts if part)

    @api.model
    def _search_display_name(self, operator, value):
        """Names find guarantors for those who may; for the rest the number does."""
        domain = super()._search_display_name(operator, value)
        if self._rcm_masks():
            # the standard domain looks into masked fields, the e-mail for one
            by_number = Domain("rcm_account_number", operator, value)
            guarantor = Domain("rcm_is_guarantor", "=", True)
            return (Domain(domain) & ~guarantor) | (guarantor & by_number)
        if operator != "ilike" or not value or not self.env.user._rcm_sees_patients():
            return domain
        by_name = Domain("rcm_last_name", operator, value)
        by_name |= Domain("rcm_first_name", operator, value)
        return Domain(domain) | (Domain("rcm_is_guarantor", "=", True) & by_name)

    # ------------------------------------------------------------------
    # Masking for people who may open contacts but not know patients
    # ------------------------------------------------------------------
    def _rcm_masks(self):
        """Whether guarantors' contact details are closed to the person asking."""
        return not self.env.su and not self.env.user._rcm_sees_patients()

    def _read_format(self, fnames, load="_classic_read"):
        rows = super()._read_format(fnames, load)
        masked = MASKED_FIELDS.intersection(fnames)
        if masked and rows and self._rcm_masks():
            guarantors = set(self.sudo().filtered("rcm_is_guarantor").ids)
            for row in rows:
                if row.get("id") in guarantors:
                    row.update({name: self._rcm_blank(name) for name in masked})
        return rows

    def _export_rows(self, fields, *, _is_toplevel_call=True):
        """Exports read past ``read``: leave those rows out altogether."""
        if self._rcm_masks() and any(
            path[0] in MASKED_FIELDS for path in fields if path
        ):
            shown = self.filtered(lambda partner: not partner.rcm_is_guarantor)
            return super(ResPartner, shown)._export_rows(
                fields, _is_toplevel_call=_is_toplevel_call
            )
        return super()._export_rows(fields, _is_toplevel_call=_is_toplevel_call)

    @api.model
    def _rcm_blank(self, name):
        return [] if self._fields[name].type.endswith("2many") else False

    @api.model
    def _search(self, domain, *args, **kwargs):
        """A masked field finds no guarantor: a hit would tell what it holds."""
        if self._rcm_masks():
            domain = Domain(domain)
            if self._rcm_asks_for(domain, kwargs.get("order")):
                domain &= Domain("rcm_is_guarantor", "=", False)
        return super()._search(domain, *args, **kwargs)

    @api.model
    def _rcm_asks_for(self, domain, order=None):
        names = {
            condition.field_expr.partition(".")[0]
            for condition in domain.iter_conditions()
        }
        # Sorting by a country or state joins it: guarantors stay out of the list.
        names |= {
            name
            for part in (order or "").split(",")
            if part.split()
            for name in [part.split()[0].partition(".")[0]]
            if name in self._fields and self._fields[name].relational
        }
        return bool(names & MASKED_FIELDS)

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        """Sorted by a masked field, guarantors stand together as if it were empty:
        their places would tell what it holds."""
        name = field_name.partition(".")[0]
        field = self._fields.get(name)
        if not field or field.relational or not self._rcm_hides(name):
            return super()._order_field_to_sql(
                alias, field_name, direction, nulls, query
            )
        shown = self._rcm_shown_sql(alias, self._field_to_sql(alias, name, query))
        query._order_groupby.append(shown)
        return SQL("%s %s %s", shown, direction, nulls)

    @api.model
    def _read_group_groupby(self, alias, groupby_spec, query):
        """Groups of other models' records by a masked field of their contact."""
        groups = super()._read_group_groupby(alias, groupby_spec, query)
        if self._rcm_hides(groupby_spec.partition(":")[0].partition(".")[0]):
            return self._rcm_shown_sql(alias, groups)
        return groups

    def _rcm_hides(self, name):
        return name in MASKED_FIELDS and self._rcm_masks()

    def _rcm_shown_sql(self, alias, value):
        """``value``, and nothing for a guarantor."""
        guarantor = SQL.identifier(alias, "rcm_is_guarantor")
        return SQL("CASE WHEN %s THEN NULL ELSE %s END", guarantor, value)

    @api.model
    def _read_group(self, domain, groupby=(), aggregates=(), *args, **kwargs):
        """Groups by a masked field leave guarantors out."""
        names = {
            spec.partition(":")[0].partition(".")[0] for spec in (*groupby, *aggregates)
        }
        if self._rcm_masks() and names & MASKED_FIELDS:
            domain = Domain(domain) & Domain("rcm_is_guarantor", "=", False)
        return super()._read_group(domain, groupby, aggregates, *args, **kwargs)

    def _read_group_select(self, aggregate_spec, query):
        """Aggregates, ``having`` and orders of groups count no guarantor's value."""
        term = super()._read_group_select(aggregate_spec, query)
        if not self._rcm_hides(aggregate_spec.partition(":")[0]):
            return term
        guarantor = SQL.identifier(self._table, "rcm_is_guarantor")
        return SQL("%s FILTER (WHERE %s IS NOT TRUE)", term, guarantor)

    def copy_data(self, default=None):
        """A copy of a guarantor carries no contact details out."""
        vals_list = super().copy_data(default)
        if self._rcm_masks():
            hidden = MASKED_FIELDS.difference(default or ())
            for partner, vals in zip(self, vals_list, strict=True):
                if vals and partner.rcm_is_guarantor:
                    for name in hidden.intersection(vals):
                        vals[name] = self._rcm_blank(name)
        return vals_list

    def _get_vcard_file(self):
        """A contact card is nothing but contact details."""
        if self._rcm_masks() and self.rcm_is_guarantor:
            raise AccessError(
                self.env._("Guarantors' details are for people who may see patients.")
            )
        return super()._get_vcard_file()

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        """Guarantors are made without a word in the message log."""
        if not any(vals.get("rcm_is_guarantor") for vals in vals_list):
            return super().create(vals_list)
        silent = self.with_context(tracking_disable=True, mail_create_nolog=True)
        named = [
            self._rcm_put_name_aside(vals, vals.get("rcm_account_number"))
            if vals.get("rcm_is_guarantor")
            else vals
            for vals in vals_list
        ]
        return super(ResPartner, silent).create(named).with_env(self.env)

    def write(self, vals):
        """Changes of guarantors leave no values in the message log."""
        guarantors = self.sudo().filtered("rcm_is_guarantor")
        if guarantors and not self.env.su and self._rcm_masks():
            raise AccessError(
                self.env._("Guarantors are changed by people who may see patients.")
            )
        if not guarantors:
            return super().write(vals)
        silent = self.with_context(tracking_disable=True)
        if "name" not in vals:
            return super(ResPartner, silent).write(vals)
        super(ResPartner, silent - guarantors).write(vals)
        for guarantor in guarantors.with_env(silent.env):
            number = vals.get("rcm_account_number") or guarantor.rcm_account_number
            super(ResPartner, guarantor).write(self._rcm_put_name_aside(vals, number))
        return True

    @api.model
    def _rcm_put_name_aside(self, vals, account_number):
        """Return ``vals`` with the number as name and a person's name in its fields."""
        given = (vals.get("name") or "").strip()
        named = {**vals, "name": account_number or given}
        if given and given != account_number and "rcm_last_name" not in vals:
            first, _space, last = given.rpartition(" ")
            named |= {"rcm_first_name": first or False, "rcm_last_name": last}
        return named

    # ------------------------------------------------------------------
    # Domain
    # ------------------------------------------------------------------
    @api.model
    def _rcm_register_guarantor(self, company, account_number, vals):
        """Return the guarantor of that number, made or brought up to date.

        :param vals: any of first_name, last_name, phone, email, street, street2,
            city, state_id, zip, country_id; what is empty leaves the old value
        """
        partner_vals = {
            f"rcm_{key}" if key.endswith("_name") else key: vals[key]
            for key in GUARANTOR_KEYS
            if vals.get(key)
        }
        # patients' keepers and interfaces hold no rights on contacts
        Partner = self.sudo()
        guarantor = Partner._rcm_find_guarantor(company, account_number)
        if guarantor:
            changed = {
                key: value
                for key, value in partner_vals.items()
                if guarantor._fields[key].convert_to_write(guarantor[key], guarantor)
                != value
            }
            if changed:
                guarantor.write(changed)
        else:
            guarantor = Partner.create(
                {
                    "name": account_number,
                    "rcm_is_guarantor": True,
                    "rcm_account_number": account_number,
                    "company_id": company.id,
                    "customer_rank": 1,
                    **partner_vals,
                }
            )
        return self.browse(guarantor.id)

    @api.model
    def _rcm_find_guarantor(self, company, account_number):
        """The guarantor of that number, or the one it was merged into; maybe none."""
        # patients' keepers and interfaces hold no rights on contacts
        found = self.sudo().search(
            [
                ("rcm_is_guarantor", "=", True),
                ("company_id", "=", company.id),
                ("rcm_account_number", "=", account_number),
            ]
        )
        if not found and account_number:
            owner = self.env["rcm.identifier"]._rcm_lookup(
                OWN_SYSTEM, GUARANTOR, account_number, company
            )
            if owner is not None and owner._name == self._name:
                found = owner
        return self.browse(found.id)
