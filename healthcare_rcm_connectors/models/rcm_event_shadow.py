from time import perf_counter

from psycopg2 import InterfaceError, OperationalError

from odoo import fields, models
from odoo.tools import mute_logger

from odoo.addons.healthcare_rcm_base.core.errors import PredecessorMissing

from .rcm_event_verdict import LOCK_CLASHES, EventIgnored, Outcome
from .rcm_shadow_result import amount_of

CODE = "shadow"
MOST_PREDECESSORS = 3
# What a source counts is taken for real: it is what a rehearsal is compared with.
REAL = ("source.totals",)


class _Rehearsed(Exception):
    """Carries the facts of a rehearsal out of the savepoint that it rolls back."""

    def __init__(self, facts):
        super().__init__()
        self.facts = facts


class RcmEvent(models.Model):
    """Events of a facility in its shadow run: worked on, looked at, rolled back.

    The handler and billing up to the gate run as they would for a live facility, inside
    a savepoint that is always rolled back. What stays is a row of numbers. Nothing of
    it can reach the ledger: no document exists once the attempt is over.
    """

    _inherit = "rcm.event"

    shadow_result_ids = fields.One2many(
        "rcm.shadow.result", "event_id", string="Shadow Run", readonly=True
    )

    def _rcm_advice(self):
        if self.state == "ignored" and self.error_code == CODE:
            return self.env._(
                "Nothing: its facility is in a shadow run, so it was rehearsed and not "
                "booked. What happened since the cut-over is booked when it goes live."
            )
        return super()._rcm_advice()

    def _rcm_shadow_facility(self):
        """The facility in its shadow run that this event is about, or none."""
        self.ensure_one()
        # Whether a facility is live is the suite's to know, whoever acts.
        facility = self.facility_id.sudo()
        if not facility:
            known = self.connector_id.sudo().facility_ids
            modes = set(known.mapped("intake_mode"))
            facility = known[:1] if modes == {"shadow"} else known[:0]
        if facility.intake_mode != "shadow" or self.type_id.name in REAL:
            return facility[:0]
        return facility

    def _rcm_attempt(self, now, steps):
        facility = self._rcm_shadow_facility()
        if not facility:
            return super()._rcm_attempt(now, steps)
        start = perf_counter()
        facts, found = self._rcm_rehearse(facility, now)
        if found.state in ("retry", "waiting_predecessor"):
            # Not known yet: looked at again as a real event would be.
            found.duration_ms = round((perf_counter() - start) * 1000)
            return found
        self.env["rcm.shadow.result"]._rcm_keep(self, facility, facts, found)
        outcome = Outcome(
            "ignored",
            error_code=CODE,
            message=self.env._("Rehearsed in the shadow run; nothing was booked."),
        )
        outcome.duration_ms = round((perf_counter() - start) * 1000)
        return outcome

    def _rcm_set_unfinished(self, state, outcome, now):
        """What waits for a rehearsed event is looked at again too."""
        result = super()._rcm_set_unfinished(state, outcome, now)
        if outcome.error_code == CODE:
            self._rcm_release_followers()
        return result

    def _rcm_rehearse(self, facility, now):
        """Return (facts, outcome) of working on this event, with no trace left."""
        events = self._rcm_story(facility, [self.business_key])
        for _try in range(MOST_PREDECESSORS):
            try:
                with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                    self._rcm_rehearse_story(events + self, facility)
            except _Rehearsed as rehearsed:
                return rehearsed.facts, Outcome("done")
            except PredecessorMissing as error:
                before = self._rcm_story(facility, [error.awaits]) - events
                if not before:
                    return [], self._rcm_judge(error, now)
                events = before + events
            except EventIgnored as error:
                return [], Outcome("ignored", None, None, error.code, error.message)
            except (OperationalError, InterfaceError) as error:
                if not isinstance(error, LOCK_CLASHES):
                    raise
                return [], self._rcm_judge(error, now)
            except Exception as error:  # judged as a real attempt would be
                return [], self._rcm_judge(error, now)
        missing = PredecessorMissing(self.business_key or "another event")
        return [], self._rcm_judge(missing, now)

    def _rcm_story(self, facility, keys):
        """What was rehearsed of these business keys so far, in the order it was."""
        keys = [key for key in keys if key]
        if not keys:
            return self.browse()
        told = self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("facility_id", "=", facility.id),
                ("business_key", "in", keys),
                ("state", "=", "ignored"),
                ("error_code", "=", CODE),
                ("id", "!=", self.id),
            ]
        )
        return told.sorted(lambda one: (one.done_at, one.occurred_at, one.id))

    def _rcm_rehearse_story(self, events, facility):
        """Handle ``events`` in order and look at what came of it; always raises."""
        documents = {}
        for event in events:
            references = event._rcm_handle_again(last=event == self)
            if event != self and event.business_key != self.business_key:
                continue  # another thing's story: it counts in its own result
            for reference in references:
                documents.setdefault(reference["model"], set()).add(reference["id"])
        self.env.flush_all()
        raise _Rehearsed(self._rcm_facts(documents, facility))

    def _rcm_handle_again(self, last):
        """Documents of this event; what an earlier one cannot do is told by its own."""
        if last:
            return self._rcm_handle_now()
        try:
            with self.env.cr.savepoint():
                return self._rcm_handle_now()
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # judged and kept when it was rehearsed itself
            return ()

    def _rcm_facts(self, documents, facility):
        """Numbers of what stands now and of what billing would make of it, by day."""
        digits = self.company_id.currency_id.decimal_places
        Encounter = self.env["rcm.encounter"]
        orders = self.env["rcm.service.order"].browse(
            documents.get("rcm.service.order", ())
        )
        charges = self.env["rcm.charge"].browse(documents.get("rcm.charge", ()))
        encounters = Encounter.browse(documents.get("rcm.encounter", ()))
        if orders:
            charges |= orders.charge_ids
        else:
            encounters |= charges.encounter_id
            charges |= encounters.charge_ids
        charges = charges.filtered("is_current")
        encounters.filtered(lambda one: one.state == "ready")._rcm_bill()
        claims = encounters.claim_ids.filtered(
            lambda claim: claim.state not in ("void", "superseded")
        )
        cases = self.env["rcm.exception.case"].search(
            [
                ("state", "in", ("open", "in_progress", "waiting")),
                "|",
                "&",
                ("res_model", "=", "rcm.encounter"),
                ("res_id", "in", encounters.ids),
                "&",
                ("res_model", "=", "rcm.claim"),
                ("res_id", "in", claims.ids),
            ]
        )
        files = self.env["rcm.remittance.file"].browse(
            documents.get("rcm.remittance.file", ())
        )
        files._rcm_read()
        remittances = files.remittance_ids.filtered(
            lambda one: one.state != "duplicate"
        )
        found = {
            "encounter": (
                encounters.filtered(lambda one: one.state != "cancelled"),
                "service_date",
                "total_charge",
            ),
            "charge": (charges, "service_date", "amount"),
            "order": (
                orders.filtered(lambda one: one.state != "cancelled"),
                "placed_at",
                None,
            ),
            "claim": (claims, "service_date", "total_charge"),
            "remittance": (remittances, "payment_date", "amount"),
        }
        days = _by_day(found, digits)
        for claim in claims.filtered(lambda one: one.state == "draft"):
            day = fields.Date.to_date(claim.service_date)
            days[day]["stopped_count"] += 1
        rows = [days[day] for day in sorted(days, key=str)] or [{}]
        codes = ", ".join(sorted(set(cases.mapped("type_code"))))
        rows[0]["case_codes"] = codes or False
        return rows


def _by_day(found, digits):
    """{day: its numbers}: each kind counts on its own day, as it will when live."""
    days, to_day = {}, fields.Date.to_date
    for name, (records, day_field, amount_field) in found.items():
        of_day = records.grouped(lambda one, name=day_field: to_day(one[name]))
        for day, group in of_day.items():
            facts = days.setdefault(day, {"day": day, "stopped_count": 0})
            facts[f"{name}_count"] = len(group)
            if amount_field:
                facts[f"{name}_amount"] = amount_of(group, amount_field, digits)
    return days
