"""Opened and closed cases in figures."""

from odoo.tests import tagged

from . import builders
from . import common_ground as ground
from .exception_common import ExceptionCase


@tagged("post_install", "-at_install")
class TestThroughput(ExceptionCase):
    def test_opened_and_closed_are_counted_apart(self):
        first = self.document._rcm_raise_case("price_missing", "x", amount=10)
        self.other._rcm_raise_case("price_missing", "y")
        first._rcm_close("resolved", "corrected", "")
        self.env.flush_all()
        Flow = self.env["rcm.exception.flow"]
        type_id = first.type_id.id
        counts = dict(
            Flow._read_group([("type_id", "=", type_id)], ["movement"], ["__count"])
        )
        self.assertEqual(counts, {"opened": 2, "resolved": 1})
        self.assertTrue(Flow.search([("movement", "=", "resolved")])[:1].in_time)

    def test_bulk_assign(self):
        cases = self.document._rcm_raise_case("price_missing", "x")
        cases |= self.other._rcm_raise_case("price_missing", "y")
        self.env["rcm.exception.step"].with_user(self.biller).create(
            {"case_ids": cases.ids, "step": "assign", "user_id": self.biller.id}
        ).action_apply()
        self.assertEqual(cases.owner_id, self.biller)

    def test_other_companies_and_facilities_stay_hidden(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        far = ground.make_case(self.env, "FAR", res_id=5, company_id=other.id)
        near = builders.facility(self.env)
        away = builders.facility(self.env, code="GAWAY")
        there = self.document._rcm_raise_case("price_missing", "x")
        there._rcm_write({"facility_id": away.id})
        self.env["rcm.exception.escalation.notice"].create(
            [{"case_id": case.id, "level": 1} for case in (far, there)]
        )
        self.biller.rcm_facility_ids = near
        self.env.flush_all()
        hidden = (far | there).ids
        for model in (
            "rcm.exception.flow",
            "rcm.exception.occurrence",
            "rcm.exception.escalation.notice",
        ):
            with self.subTest(model=model):
                seen = self.env[model].with_user(self.biller)
                self.assertFalse(seen.search([("case_id", "in", hidden)]))
                self.assertFalse(seen.search_count([("case_id", "in", hidden)]))
