"""What an auditor asks the log: by whom, when, of which document, in which thread."""

from datetime import timedelta

from lxml import etree

from odoo import fields
from odoo.tests import TransactionCase, tagged
from odoo.tools.safe_eval import safe_eval

from . import common_ground as ground

THREAD = "search-thread"


@tagged("post_install", "-at_install")
class TestAuditSearch(TransactionCase):
    """Through the fields and filters of the search view, as the auditor."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = ground.role_user(cls.env, "auditor")
        cls.biller = ground.role_user(cls.env, "biller")
        cls.ours = cls.append(cls.env(user=cls.biller), res_id=71)
        cls.theirs = cls.append(cls.env, res_id=72, correlation_id="search-other")

    @classmethod
    def append(cls, env, **values):
        env["rcm.audit.log"].sudo()._rcm_append(
            [
                {
                    "event": "search.happened",
                    "model": "rcm.claim",
                    "record_name": f"SEARCH-{values['res_id']}",
                    "correlation_id": THREAD,
                    **values,
                }
            ]
        )
        return cls.env["rcm.audit.log"].search([], order="id desc", limit=1)

    def setUp(self):
        super().setUp()
        self.Log = self.env["rcm.audit.log"].with_user(self.auditor)
        self.arch = etree.fromstring(self.Log.get_view(view_type="search")["arch"])

    def typed(self, name, value):
        """The domain of ``value`` typed into the search box for field ``name``."""
        [node] = self.arch.xpath(f"/search/field[@name='{name}']")
        if node.get("filter_domain"):
            return safe_eval(node.get("filter_domain"), {"self": value})
        field = self.Log._fields[name]
        return [(name, "ilike" if field.type == "char" else "=", value)]

    def found(self, *domains):
        mine = [("event", "=", "search.happened")]
        domain = fields.Domain.AND([mine, *domains])
        rows = self.Log.web_search_read(list(domain), {"id": {}})["records"]
        return self.Log.browse(row["id"] for row in rows).sudo()

    def test_by_actor(self):
        self.assertEqual(self.found(self.typed("actor_label", "biller")), self.ours)
        self.assertEqual(self.ours.actor_uid, self.biller.id)

    def test_by_document_and_its_id(self):
        self.assertEqual(
            self.found(self.typed("record_name", "SEARCH-72")), self.theirs
        )
        self.assertEqual(self.found(self.typed("res_id", 72)), self.theirs)
        both = self.found(self.typed("model", "rcm.claim"))
        self.assertEqual(both, self.ours | self.theirs)
        self.assertFalse(self.found(self.typed("model", "rcm.payer")))

    def test_by_thread_only_whole_ids(self):
        self.assertEqual(self.found(self.typed("correlation_id", THREAD)), self.ours)
        self.assertFalse(self.found(self.typed("correlation_id", "search")))

    def test_by_period(self):
        for name in ("today", "week"):
            [node] = self.arch.xpath(f"//filter[@name='{name}']")
            with self.subTest(filter=name):
                domain = safe_eval(node.get("domain"))
                self.assertEqual(self.found(domain), self.ours | self.theirs)
        [period] = self.arch.xpath("//filter[@name='period']")
        self.assertEqual(period.get("date"), "logged_at")
        now = fields.Datetime.now()
        for days, expected in ((-1, self.ours | self.theirs), (1, self.Log.sudo())):
            since = now + timedelta(days=days)
            with self.subTest(days=days):
                self.assertEqual(self.found([("logged_at", ">=", since)]), expected)

    def test_all_at_once_and_grouped_by_actor(self):
        domain = [
            ("event", "=", "search.happened"),
            ("actor_login", "=", self.biller.login),
            ("res_id", "=", 71),
            ("correlation_id", "=", THREAD),
            ("logged_at", ">=", fields.Datetime.now() - timedelta(hours=1)),
        ]
        groups = self.Log.formatted_read_group(domain, ["actor_login"], ["__count"])
        self.assertEqual(
            [(group["actor_login"], group["__count"]) for group in groups],
            [(self.biller.login, 1)],
        )
