from odoo import models

NOTHING = frozenset({False, None, ""})


class RcmRemittance(models.Model):
    """Who pays and who is paid, against our master data."""

    _inherit = "rcm.remittance"

    def _rcm_resolve_parties(self):
        """Find payer and payee; a case for each that is unknown. True when both are."""
        self.ensure_one()
        found = True
        if not self.payer_id:
            payer = self._rcm_find_payer()
            if payer:
                self._rcm_write({"payer_id": payer.id})
                self._rcm_resolve_cases(["remittance_payer_unknown"])
            else:
                found = False
                self._rcm_raise_case(
                    "remittance_payer_unknown",
                    self.env._(
                        "No payer of ours has the identifiers of this remittance."
                    ),
                    actual=", ".join(self._rcm_payer_values()[:4]),
                    amount=self.amount,
                )
        ours, facility = self._rcm_find_payee()
        if ours:
            if facility != self.facility_id:
                self._rcm_write({"facility_id": facility.id})
            self._rcm_resolve_cases(["remittance_payee_unknown"])
        else:
            found = False
            self._rcm_raise_case(
                "remittance_payee_unknown",
                self.env._("This payment is for someone else: the payee is not ours."),
                actual=", ".join(self._rcm_payee_values()[:4]),
                amount=self.amount,
            )
        return found

    def _rcm_payer_values(self):
        """Identifiers of the payer, the most telling first (2U, TRN03, N104)."""
        pairs = self.payer_identifiers or []
        values = [value for qualifier, value in pairs if qualifier == "2U"]
        values += [self.payer_trace_id]
        values += [value for qualifier, value in pairs if qualifier != "2U"]
        if self.payer_trace_id and len(self.payer_trace_id) == 10:
            # TRN03 is the tax number behind a 1; some keep it without.
            values.append(self.payer_trace_id[1:])
        return list(dict.fromkeys(value for value in values if value))

    def _rcm_find_payer(self):
        """The one payer with the first identifier that any payer has; else empty."""
        Payer = self.env["rcm.payer"]
        for value in self._rcm_payer_values():
            payers = Payer.search(
                [
                    ("company_id", "=", self.company_id.id),
                    ("payer_identifier", "=", value),
                ]
            )
            payers |= self._rcm_payers_by_crosswalk(value)
            if len(payers) == 1:
                return payers
        return Payer

    def _rcm_payers_by_crosswalk(self, value):
        """Payers that another system's identifier stands for."""
        identifiers = self.env["rcm.identifier"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("res_model", "=", "rcm.payer"),
                ("value", "=", value),
            ]
        )
        return self.env["rcm.payer"].browse(identifiers.mapped("res_id")).exists()

    def _rcm_own_identifiers(self):
        """NPIs and tax numbers of ours that a provider adjustment may name (PLB01)."""
        company = self.company_id.sudo()  # its identifiers are no secret of a branch
        npis, others = (
            {company.rcm_npi},
            {company.rcm_tax_id, *self._rcm_payee_values()},
        )
        for model in ("rcm.facility", "rcm.provider.group"):
            for npi, tax_id in self.env[model]._read_group(
                [("company_id", "=", company.id)], ["npi", "tax_id"]
            ):
                npis.add(npi)
                others.add(tax_id)
        if not npis - NOTHING:
            return frozenset()  # who knows no NPI of ours cannot tell another's
        return frozenset((npis | others) - NOTHING)

    def _rcm_provider_facilities(self):
        """``{index: facility}`` of provider adjustments that name one of ours."""
        Facility = self.env["rcm.facility"]
        found = {}
        for item in self.provider_adjustment_ids:
            facilities = Facility.search(
                [
                    ("company_id", "=", self.company_id.id),
                    ("npi", "=", item.provider_identifier),
                ]
            )
            if item.provider_identifier and len(facilities) == 1:
                found[item.index] = facilities
        return found

    def _rcm_payee_values(self):
        pairs = self.payee_identifiers or []
        return list(dict.fromkeys(value for _qualifier, value in pairs if value))

    def _rcm_find_payee(self):
        """(is it us, the facility it is for or empty)."""
        values = self._rcm_payee_values()
        company = self.company_id.sudo()  # its identifiers are no secret of a branch
        domain = [
            ("company_id", "=", company.id),
            "|",
            ("npi", "in", values),
            ("tax_id", "in", values),
        ]
        facilities = self.env["rcm.facility"].search(domain)
        by_npi = facilities.filtered(lambda facility: facility.npi in values)
        facilities = by_npi or facilities
        groups = self.env["rcm.provider.group"].search(domain)
        own = {company.rcm_tax_id, company.rcm_npi} - {False, None, ""}
        ours = bool(facilities or groups or own.intersection(values))
        return ours, facilities if len(facilities) == 1 else facilities.browse()
