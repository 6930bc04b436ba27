from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged

from . import common_ground as ground


@tagged("post_install", "-at_install")
class TestTimeline(TransactionCase):
    def setUp(self):
        super().setUp()
        self.biller = ground.role_user(self.env, "biller")
        self.document = ground.make_case(self.env, "DOC", res_id=99)
        self.Log = self.env["rcm.audit.log"].with_user(self.biller)

    def test_a_thread_in_words_oldest_first(self):
        thread = self.document.correlation_id
        self.env["rcm.audit.log"]._rcm_append(
            [
                {
                    "event": "encounter.completed",
                    "record_name": "E1",
                    "correlation_id": thread,
                    "source": "ehr",
                }
            ]
        )
        self.document._rcm_set_state("in_progress", amount=92.5)
        rows = self.Log.get_timeline(thread)
        self.assertEqual(
            [row["title"] for row in rows][-2:],
            ["Encounter completed", "Exception Case"],
        )
        move = rows[-1]
        self.assertEqual(
            (move["state"]["before"], move["state"]["after"]), ("Open", "In Progress")
        )
        self.assertEqual(move["changes"][0]["label"], "Amount at Stake")
        self.assertEqual(move["changes"][0]["after"], "92.50")
        self.assertEqual((move["document"], move["res_id"]), ("DOC", self.document.id))
        self.assertEqual(move["model"], "rcm.exception.case")
        self.assertEqual(rows[-2]["source"], "ehr")

    def test_a_hash_is_shortened_and_an_event_without_a_model_is_words(self):
        self.env["rcm.audit.log"]._rcm_append(
            [
                {
                    "event": "file.received",
                    "correlation_id": "hash-thread",
                    "changes": {"sha256": [None, "ab" * 32], "rows": [1, None]},
                }
            ]
        )
        [row] = self.Log.get_timeline("hash-thread")
        self.assertEqual(row["title"], "File received")
        changes = {change["label"]: change for change in row["changes"]}
        self.assertEqual(changes["Content SHA-256"]["after"], "abababababab…")
        self.assertEqual(
            (changes["Number of Rows"]["before"], changes["Number of Rows"]["after"]),
            ("1", ""),
        )

    def test_an_empty_field_is_empty_and_a_box_not_ticked_says_no(self):
        fields = self.env["rcm.claim"]._fields
        describe = self.Log._rcm_describe_value
        self.assertEqual(describe(fields["payer_claim_number"], False), "")
        self.assertEqual(describe(fields["payer_id"], False), "")
        self.assertEqual(describe(fields["clean_claim"], False), "no")

    def test_days_and_moments_are_written_as_the_reader_writes_them(self):
        fields = self.env["rcm.claim"]._fields
        self.biller.tz = "America/New_York"
        log = self.Log.with_context(lang="en_US")
        moment = log._rcm_describe_value(fields["write_date"], "2026-01-05T03:04:05Z")
        self.assertRegex(moment, r"^(Jan 4, 2026|01/04/2026).*10:04")
        day = log._rcm_describe_value(fields["service_date"], "2026-01-05")
        self.assertRegex(day, r"^(Jan 5, 2026|01/05/2026)$")

    def test_documents_the_reader_may_not_open_are_not_linked(self):
        self.document._rcm_set_state("in_progress")
        reader = ground.role_user(self.env, "payables")
        self.document._rcm_write({"res_model": "rcm.claim"})
        self.env["ir.rule"].create(
            {
                "name": "Not for payables",
                "model_id": self.env["ir.model"]._get_id("rcm.exception.case"),
                "domain_force": "[('res_model', '!=', 'rcm.claim')]",
            }
        )
        rows = self.Log.with_user(reader).get_timeline(self.document.correlation_id)
        self.assertTrue(rows)
        self.assertFalse(rows[-1]["model"])
        self.assertEqual(rows[-1]["document"], "DOC")

    def test_only_revenue_cycle_staff(self):
        stranger = new_test_user(self.env, "ground_stranger", groups="base.group_user")
        others = [
            ground.role_user(self.env, role)
            for role in ("front_desk", "executive", "integration")
        ]
        for user in (stranger, *others):
            log = self.Log.with_user(user)
            for method, argument in (
                ("get_timeline", self.document.correlation_id),
                ("find_threads", "DOC"),
            ):
                with (
                    self.subTest(method=method, user=user.login),
                    self.assertRaises(AccessError),
                ):
                    getattr(log, method)(argument)

    def test_rows_of_other_companies_are_left_out(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.env["rcm.audit.log"]._rcm_append(
            [
                {
                    "event": "test.theirs",
                    "correlation_id": "their-thread",
                    "record_name": "THEIRS",
                    "company_id": other.id,
                }
            ]
        )
        self.assertEqual(self.Log.get_timeline("their-thread"), [])
        self.assertEqual(self.Log.find_threads("THEIRS"), [])

    def test_threads_are_found_by_id_and_by_document(self):
        self.document._rcm_set_state("in_progress")
        thread = self.document.correlation_id
        for term in (thread, "DOC", " DOC "):
            with self.subTest(term=term):
                found = self.Log.find_threads(term)
                counts = {row["correlation_id"]: row["count"] for row in found}
                steps = self.Log.get_timeline(thread)
                self.assertEqual(counts[thread], min(len(steps), 500))
        for term in ("", None, "nothing like it", "%"):
            with self.subTest(term=term):
                self.assertEqual(self.Log.find_threads(term), [])
        self.assertEqual(self.Log.get_timeline(False), [])

    def test_every_document_has_its_timeline(self):
        """Also those whose form does not place it itself, and only for readers."""
        worker = ground.role_user(self.env, "biller", "ground_timeline")
        for role in ground.ROLES:
            worker.group_ids |= self.env.ref(f"healthcare_rcm_base.group_{role}")
        mixin = self.registry["rcm.document.mixin"]
        names = [
            name
            for name, cls in self.registry.items()
            if issubclass(cls, mixin) and not cls._abstract and not cls._transient
        ]
        self.assertGreater(len(names), 20)
        wanted = "//field[@name='correlation_id'][@widget='rcm_timeline']"
        for name in names:
            with self.subTest(model=name):
                view = self.env[name].with_user(worker).get_view(view_type="form")
                arch = etree.fromstring(view["arch"])
                self.assertEqual(len(arch.xpath(wanted)), 1)
        desk = ground.role_user(self.env, "front_desk")
        view = self.env["rcm.encounter"].with_user(desk).get_view(view_type="form")
        self.assertFalse(etree.fromstring(view["arch"]).xpath(wanted))

    def test_people_are_named_and_others_numbered(self):
        self.document._rcm_hand_over(self.biller)
        row = self.Log.get_timeline(self.document.correlation_id)[-1]
        change = next(c for c in row["changes"] if c["label"] == "Owner")
        self.assertEqual(change["after"], self.biller.name)


@tagged("post_install", "-at_install")
class TestTimelineInTheBrowser(HttpCase):
    def test_the_widget_shows_the_thread(self):
        document = ground.make_case(self.env, "TIMELINE-DOC", res_id=99)
        document._rcm_set_state("in_progress")
        admin = self.env.ref("base.user_admin")
        admin.group_ids |= self.env.ref("healthcare_rcm_base.group_auditor")
        self.browser_js(
            f"/odoo/rcm-exceptions/{document.id}",
            """
            const tab = [...document.querySelectorAll(".nav-link")].find(
                (link) => link.textContent.trim() === "Timeline");
            tab.click();
            const poll = setInterval(() => {
                const timeline = document.querySelector(".o_rcm_timeline");
                if (timeline && timeline.textContent.includes("In Progress")) {
                    clearInterval(poll);
                    console.log("test successful");
                }
            }, 100);
            """,
            ready="[...document.querySelectorAll('.nav-link')]"
            ".some((link) => link.textContent.trim() === 'Timeline')",
            login="admin",
        )
