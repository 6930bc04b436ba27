from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import mute_logger

from .rcm_exception_case import OPEN_STATES

# Nobody follows a case by having caused it, and its log is the audit log.
QUIET = {"mail_create_nolog": True, "mail_create_nosubscribe": True}


class RcmExceptionRaise(models.Model):
    """Raising and resolving cases, as the document mixin asks for it."""

    _inherit = "rcm.exception.case"

    @api.model
    def _rcm_open_domain(self):
        """Domain of the cases that still wait for something."""
        return fields.Domain("state", "in", OPEN_STATES)

    @api.model
    def _rcm_raise(
        self,
        type_code,
        records,
        message,
        expected=None,
        actual=None,
        difference=None,
        amount=None,
    ):
        """Open one case per record, or add an occurrence to the open one.

        :return: the cases, in the order of ``records``
        """
        if not records:
            return self.browse()
        case_type = self.env["rcm.exception.type"]._rcm_get(type_code)
        # Raising is the system's duty; who acts need not be allowed to see cases.
        Case = self.sudo()
        facts = {
            "message": message,
            "expected": _text(expected),
            "actual": _text(actual),
            "difference": _text(difference),
        }
        known = Case.search(
            self._rcm_open_domain()
            & fields.Domain("type_id", "=", case_type.id)
            & fields.Domain("res_model", "=", records._name)
            & fields.Domain("res_id", "in", records.ids)
        )
        by_id = {case.res_id: case for case in known}
        known._rcm_add_occurrence(facts, amount)
        fresh = records.filtered(lambda record: record.id not in by_id)
        created = Case._rcm_open_cases(case_type, fresh, facts, amount)
        by_id.update({case.res_id: case for case in created})
        ordered = [by_id[id_].id for id_ in records.ids]
        return self.browse(ordered)

    def _rcm_open_cases(self, case_type, records, facts, amount):
        if not records:
            return self.browse()
        now = fields.Datetime.now()
        names = records._rcm_audit_names()
        Sequence = self.env["ir.sequence"]
        vals_list = []
        for record, name in zip(records.sudo(), names, strict=True):
            company = self._rcm_company_of(record)
            number = Sequence.with_company(company).next_by_code(self._name)
            vals_list.append(
                {
                    **facts,
                    "name": number,
                    "type_id": case_type.id,
                    "res_model": record._name,
                    "res_id": record.id,
                    "record_name": name,
                    "company_id": company.id,
                    "amount": self._rcm_amount_of(record, amount),
                    "first_seen_at": now,
                    "last_seen_at": now,
                    "due_at": case_type._rcm_due_at(now, company),
                    "correlation_id": record._rcm_correlation_id() or False,
                    **self._rcm_prepare_case_vals(record),
                }
            )
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                cases = self.with_context(**QUIET)._rcm_create(vals_list)
                cases = cases.with_env(self.env)
        except UniqueViolation as error:
            # Another transaction opened it after our snapshot: run again and see it.
            raise ConcurrencyError(self.env._("Case opened meanwhile.")) from error
        self.env["rcm.exception.occurrence"].create(
            [_occurrence_vals(case, facts, now) for case in cases]
        )
        return cases

    def _rcm_prepare_case_vals(self, record):
        """Further values of a new case taken from ``record`` (hook)."""
        return {
            name: record[name].id
            for name in ("facility_id", "payer_id")
            if name in record._fields
            and record._fields[name].comodel_name == self._fields[name].comodel_name
        }

    @api.model
    def _rcm_company_of(self, record):
        if "company_id" in record._fields and record.company_id:
            return record.company_id
        return self.env.company

    @api.model
    def _rcm_amount_of(self, record, amount):
        """Amount at stake: as given, a number for all or {record id: number}.

        The document itself answers when the step that failed said nothing.
        """
        if isinstance(amount, dict):
            amount = amount.get(record.id)
        if amount is None and hasattr(record, "_rcm_case_amount"):
            amount = record._rcm_case_amount()
        return float(amount or 0)

    def _rcm_add_occurrence(self, facts, amount):
        now = fields.Datetime.now()
        for case in self:
            vals = {
                **facts,
                "occurrence_count": case.occurrence_count + 1,
                "last_seen_at": now,
            }
            record = case._rcm_record()
            if record:
                vals["amount"] = self._rcm_amount_of(record, amount) or case.amount
            case._rcm_write(vals)
        self.env["rcm.exception.occurrence"].create(
            [_occurrence_vals(case, facts, now) for case in self]
        )

    @api.model
    def _rcm_resolve_of(self, records, type_codes=None, resolution=""):
        """Resolve the open cases of ``records``; the step they blocked went through."""
        if not records:
            return self.browse()
        domain = (
            self._rcm_open_domain()
            & fields.Domain("res_model", "=", records._name)
            & fields.Domain("res_id", "in", records.ids)
        )
        if type_codes:
            domain &= fields.Domain("type_code", "in", list(type_codes))
        # Closing what the system opened is its own duty as well.
        cases = self.sudo().search(domain)
        cases._rcm_close("resolved", "cleared_itself", resolution)
        return cases.with_env(self.env)

    def _rcm_close(self, state, code, note, root_cause=None):
        """Close these cases and the activities that hang on them."""
        if not self:
            return
        vals = {
            "resolution_code": code,
            "resolution": note or False,
            "resolved_at": fields.Datetime.now(),
            "resolved_by_id": self.env.uid,
        }
        if root_cause:
            vals["root_cause"] = root_cause
        self._rcm_set_state(state, **vals)
        self.activity_ids.unlink()


def _text(value):
    return None if value is None else str(value)


def _occurrence_vals(case, facts, now):
    return {
        "case_id": case.id,
        "occurred_at": now,
        "message": facts.get("message"),
        "expected": facts.get("expected"),
        "actual": facts.get("actual"),
    }
