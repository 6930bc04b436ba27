from types import SimpleNamespace

from odoo import api, models
from odoo.exceptions import UserError

from ..core.encounter_facts import read_charge
from ..core.errors import PredecessorMissing, RcmPermanent
from ..core.money import from_decimal, to_decimal
from ..tools import differing
from .rcm_encounter_intake_charges import _charge_vals


class RcmEncounter(models.Model):
    """Charges, discharges and sign-offs that come one by one from source systems.

    Every step may be repeated: the same news again changes nothing, other values
    under a known id are refused, and what must come before is waited for.
    """

    _inherit = "rcm.encounter"

    # ------------------------------------------------------------------
    # Events: charges
    # ------------------------------------------------------------------
    @api.model
    def _rcm_take_charge(self, data, correlation_id, source):
        """``charge.captured``: one charge of a known encounter; late ones reopen it."""
        encounter = self._rcm_event_encounter(data["facility"], data["encounter"])
        return encounter._rcm_add_charge(data["charge"], correlation_id, source)

    @api.model
    def _rcm_take_correction(self, data, correlation_id, source):
        """``charge.corrected``: a new charge instead of an old one, or none."""
        encounter = self._rcm_event_encounter(data["facility"], data["encounter"])
        old = encounter._rcm_find_charge(data["charge_id"])
        if not old:
            raise PredecessorMissing(encounter._rcm_event_key())
        reason = data.get("reason") or "other"
        if data["action"] == "withdraw":
            with encounter._rcm_refusal_is_final():
                old._rcm_withdraw(reason, source)
            return old
        item = data.get("charge")
        if not item:
            raise RcmPermanent("content_invalid", "charge: is missing")
        vals = encounter._rcm_event_charge_vals(item, correlation_id)
        known = encounter._rcm_find_charge(vals["external_ref"])
        if known and known == old:
            raise RcmPermanent(
                "charge_same_id", "the correction needs a charge id of its own"
            )
        if known and known.replaces_id == old:
            same_charge(known, vals)
            return known
        if known:
            raise RcmPermanent(
                "charge_differs", "that charge id belongs to another charge"
            )
        with encounter._rcm_refusal_is_final():
            return old._rcm_replace(vals, reason, source)

    # ------------------------------------------------------------------
    # Events: encounters
    # ------------------------------------------------------------------
    @api.model
    def _rcm_take_discharge(self, data, source):
        """``encounter.discharged``: the stay is over."""
        encounter = self._rcm_event_encounter(data["facility"], data["encounter"])
        moment = data["discharged_at"].replace(microsecond=0)
        if encounter._rcm_is_frozen():
            if encounter.service_end != moment:
                encounter._rcm_raise_case(
                    "charge_changed",
                    self.env._("The source changed the discharge after billing."),
                )
            return encounter
        if encounter.service_end != moment:
            before = encounter._rcm_audit_snapshot(["service_end"])
            encounter.write({"service_end": moment})
            encounter._rcm_emit_difference(
                "rcm.encounter.discharged", before, ["service_end"]
            )
        if encounter.state == "registered":
            encounter._rcm_complete()
        return encounter

    @api.model
    def _rcm_take_cancellation(self, data, source):
        """``encounter.cancelled``: it did not take place; billed ones need a person."""
        encounter = self._rcm_event_encounter(data["facility"], data["encounter"])
        if encounter.state == "cancelled":
            return encounter
        billed = any(charge.state == "billed" for charge in encounter.charge_ids)
        if billed or not encounter._rcm_is_cancellable():
            encounter._rcm_raise_case(
                "encounter_cancelled",
                self.env._("The source cancelled an encounter that is billed."),
                amount=encounter.total_charge,
            )
        else:
            encounter._rcm_cancel()
        return encounter

    @api.model
    def _rcm_take_sign_off(self, data, source):
        """``coding.signed_off``: the coder's word, with codes where they changed."""
        encounter = self._rcm_event_encounter(data["facility"], data["encounter"])
        if encounter.state == "cancelled":
            raise RcmPermanent("encounter_cancelled", "the encounter was cancelled")
        diagnoses = ",".join(data.get("diagnoses") or ()) or False
        encounter._rcm_take_codes(data.get("charges") or (), source)
        if diagnoses and diagnoses != encounter.diagnosis_codes:
            if encounter._rcm_is_frozen():
                encounter._rcm_raise_case(
                    "charge_changed",
                    self.env._("The source changed the diagnoses after billing."),
                )
            else:
                encounter.write({"diagnosis_codes": diagnoses})
                encounter._rcm_emit(
                    "rcm.encounter.coded",
                    {"diagnosis_codes": ["changed", "changed"]},
                    source=source,
                )
        encounter._rcm_sign_off()
        if encounter.state == "ready":
            encounter._rcm_bill_again()
        return encounter

    def _rcm_take_codes(self, items, source):
        """Codes of single charges as the coder left them; each a correction."""
        for item in items:
            charge = self._rcm_find_charge(item["id"])
            if not charge:
                raise PredecessorMissing(self._rcm_event_key())
            charge = charge._rcm_successor()
            vals = self._rcm_coding_vals(item)
            changed = {
                name: value
                for name, value in vals.items()
                if (charge[name] or False) != value
            }
            if not changed:
                continue
            if "code" in changed:
                known = self.env["rcm.service.code"]._rcm_by_code(
                    [changed["code"]], self.company_id
                )
                service = known.get(changed["code"])
                changed["service_code_id"] = service.id if service else False
            with self._rcm_refusal_is_final():
                charge._rcm_replace(
                    {
                        **changed,
                        "external_ref": self._rcm_free_ref(charge.external_ref),
                        "origin": "event",
                    },
                    "coding",
                    source,
                )

    @api.model
    def _rcm_coding_vals(self, item):
        vals = {}
        if item.get("code"):
            vals["code"] = item["code"].upper()
        if item.get("modifiers") is not None:
            vals["modifiers"] = ",".join(item["modifiers"]).upper() or False
        if item.get("diagnosis_pointers") is not None:
            vals["diagnosis_pointers"] = (
                ",".join(map(str, item["diagnosis_pointers"])) or False
            )
        return vals

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    @api.model
    def _rcm_event_encounter(self, facility_code, number):
        """The encounter an event names, or wait for the one that brings it."""
        company = self.env.company
        facility = self._rcm_intake_reference("rcm.facility", facility_code, company)
        found = self.search(
            [("facility_id", "=", facility.id), ("number", "=", number)]
        )
        if not found:
            raise PredecessorMissing(f"encounter:{facility_code}:{number}")
        return found

    def _rcm_event_key(self):
        self.ensure_one()
        return f"encounter:{self.facility_id.code}:{self.number}"

    def _rcm_find_charge(self, external_ref):
        self.ensure_one()
        return self.charge_ids.filtered(
            lambda charge: charge.external_ref == external_ref
        )

    def _rcm_add_charge(self, item, correlation_id, source, origin="event", order=None):
        """Add one charge (a canonical dict) or find it again; return it."""
        self.ensure_one()
        if self._rcm_standing() == "cancelled":
            raise RcmPermanent("encounter_cancelled", "the encounter was cancelled")
        vals = self._rcm_event_charge_vals(item, correlation_id, origin)
        if known := self._rcm_find_charge(vals["external_ref"]):
            if item.get("amount") is None:
                del vals["amount"]
            same_charge(known, vals)
            return known
        late = self._rcm_standing() in ("billed", "closed")
        self._rcm_open_for_charges()
        vals["order_id"] = (order or self._rcm_event_order(item)).id
        [charge] = self.env["rcm.charge"]._rcm_create(
            [{**vals, "encounter_id": self.id}]
        )
        charge._rcm_emit("rcm.charge.captured", source=source)
        charge.order_id._rcm_check_charged()
        if late or self.state in ("reopened", "ready"):
            self._rcm_charges_changed("late")
        return charge

    def _rcm_event_order(self, item):
        """The order a charge names (``order``), if it is known here."""
        Order = self.env["rcm.service.order"]
        if not item.get("order"):
            return Order
        return Order._rcm_find(self.facility_id, item["order"])

    def _rcm_event_charge_vals(self, item, correlation_id, origin="event"):
        """Values of a charge from its canonical dict, priced gross when it is not."""
        self.ensure_one()
        item = {
            key: value
            for key, value in item.items()
            if value is not None and key != "order"
        }
        item.setdefault("units", "1")
        facts = read_charge(
            item,
            self.service_date,
            self.place_of_service or "",
            len(self._rcm_diagnoses()),
        )
        codes = self.env["rcm.service.code"]._rcm_by_code([facts.code], self.company_id)
        authorizations = self._rcm_intake_authorizations(
            SimpleNamespace(authorization="", charges=[facts]), self.patient_id
        )
        place = len(self.charge_ids) + 1
        vals = _charge_vals(facts, place, codes, authorizations)
        if facts.amount is None:
            gross = self._rcm_gross_charge(facts.code, facts.units, facts.service_date)
            vals["amount"] = from_decimal(gross)
        return {
            **vals,
            "origin": origin,
            "correlation_id": correlation_id or self.correlation_id,
        }

    def _rcm_gross_charge(self, code, units, day):
        """What ``units`` of a service are charged at here, by the charge master.

        Without a price there the charge is refused: it is never taken in at zero.
        """
        code = (code or "").upper()
        service = (
            self.env["rcm.service.code"]._rcm_by_code([code], self.company_id).get(code)
        )
        price = service._rcm_standard_charge(self.facility_id, day) if service else 0.0
        if not price:
            raise RcmPermanent(
                "price_missing",
                "charge.amount: is missing and the charge master has no price",
            )
        return to_decimal(float(to_decimal(price) * units))

    def _rcm_free_ref(self, external_ref):
        """A charge id of our own for the successor of ``external_ref``."""
        self.ensure_one()
        taken = set(self.charge_ids.mapped("external_ref"))
        return next(
            ref
            for ref in (f"{external_ref[:58]}/{n}" for n in range(2, 1000))
            if ref not in taken
        )

    def _rcm_refusal_is_final(self):
        return _RefusalIsFinal()


class RcmCharge(models.Model):
    """Following corrections to the charge that counts."""

    _inherit = "rcm.charge"

    def _rcm_successor(self):
        """The charge that took the place of this one, after all corrections."""
        self.ensure_one()
        charge = self
        while charge.replaced_by_id:
            charge = charge.replaced_by_id
        return charge


class _RefusalIsFinal:
    """What a step refuses a person is final for an event: no retry can change it."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, UserError):
            raise RcmPermanent("not_allowed", str(error)) from error
        return False


def same_charge(charge, vals):
    """Refuse other values for a charge that is here already (events repeat)."""
    # Found by us, now or later: not what the source said.
    ignored = {
        "sequence",
        "correlation_id",
        "origin",
        "authorization_id",
        "service_code_id",
    }
    changed = differing(
        charge, {name: value for name, value in vals.items() if name not in ignored}
    )
    if changed:
        labels = charge.fields_get(list(changed), ["string"])
        raise RcmPermanent(
            "charge_differs",
            charge.env._(
                "The charge is here with other values (%(fields)s). A correction is a "
                "new charge, sent as charge.corrected.",
                fields=", ".join(sorted(item["string"] for item in labels.values())),
            ),
        )
