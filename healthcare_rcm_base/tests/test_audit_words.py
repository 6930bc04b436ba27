from odoo.tests import TransactionCase, tagged

from . import common_ground as ground


@tagged("post_install", "-at_install")
class TestAuditWords(TransactionCase):
    def setUp(self):
        super().setUp()
        self.Log = self.env["rcm.audit.log"]
        self.auditor = ground.role_user(self.env, "auditor")

    def _row(self, event, changes=None, **values):
        thread = f"words-{event}"
        self.Log._rcm_append(
            [{"event": event, "changes": changes, "correlation_id": thread, **values}]
        )
        log = self.Log.with_user(self.auditor)
        [row] = log.get_timeline(thread)
        return row, log.search([("correlation_id", "=", thread)])

    def _details(self, changes):
        row, _log = self._row("test.words", changes)
        return {one["label"]: one["after"] for one in row["changes"]}

    def test_what_is_empty_is_left_out(self):
        details = self._details(
            {
                "on_nobody": [None, None],
                "nothing": [None, ""],
                "never": [None, False],
                "waived": [True, False],
            }
        )
        self.assertEqual(details, {"Waived": "no"})

    def test_a_hash_is_shown_by_its_beginning_and_can_be_copied_whole(self):
        whole = "ab" * 32
        row, _log = self._row("test.hash", {"digest": ["cd" * 32, whole]})
        [change] = row["changes"]
        self.assertEqual(change["after"], "abababababab…")
        self.assertEqual(change["after_whole"], whole)
        self.assertEqual(change["before_whole"], "cd" * 32)

    def test_amounts_days_and_codes_are_written_as_people_do(self):
        details = self._details(
            {
                "paid": [None, "-1250.5"],
                "amounts": [None, {"payer_overpayment": "-124.00"}],
                "match": [None, [94, "same_member", "same_name"]],
                "day": [None, "2026-01-05"],
                "expires": [None, "2026-01-05 03:04:05.678901"],
                "number": [None, "12.34.5"],
            }
        )
        self.assertEqual(details["Paid"], "-1,250.50")
        self.assertEqual(details["Amounts"], "payer overpayment -124.00")
        self.assertEqual(details["Found by"], "94, same member, same name")
        self.assertRegex(details["Day"], r"^(Jan 5, 2026|01/05/2026)$")
        self.assertRegex(details["Expires"], r"^(Jan \d, 2026|01/0\d/2026).*:04")
        self.assertEqual(details["Number"], "12.34.5")

    def test_a_moment_with_parts_of_a_second_does_not_break_the_list(self):
        field = self.env["rcm.claim"]._fields["write_date"]
        said = self.Log._rcm_describe_value(field, "2026-01-05T03:04:05.476556")
        self.assertRegex(said, r":04:05")
        self.assertEqual(self.Log._rcm_describe_value(field, "at once"), "at once")

    def test_a_case_type_is_named_and_an_unknown_code_stays(self):
        case_type = self.env["rcm.exception.type"].search([], limit=1)
        self.assertEqual(
            self._details({"type": [None, case_type.code]}), {"Type": case_type.name}
        )
        self.assertEqual(self.Log._rcm_detail_link("type", "gone"), "gone")

    def test_the_system_is_said_in_words_and_stored_as_it_is(self):
        _row, log = self._row("test.actor")
        self.assertEqual(log.actor_label, "System")
        self.assertEqual(log.actor_login, "__system__")
        theirs = self.Log.with_user(self.auditor).sudo(False)
        for operator, value in (("ilike", "syst"), ("=", "System")):
            with self.subTest(operator=operator):
                found = theirs.search(
                    [("actor_label", operator, value), ("event", "=", "test.actor")]
                )
                self.assertEqual(found, log)
        self.assertFalse(
            theirs.search(
                [("actor_label", "ilike", "biller"), ("event", "=", "test.actor")]
            )
        )

    def test_a_group_by_actor_is_headed_system_and_opens(self):
        _row, log = self._row("test.grouped")
        domain = [("event", "=", "test.grouped")]
        [group] = log.formatted_read_group(domain, ["actor_login"], ["__count"])
        self.assertEqual(group["actor_login"], "System")
        inside = log.search([*domain, *group["__extra_domain"]])
        self.assertEqual(inside, log)

    def test_titles_say_it_once_and_in_words(self):
        for event, model, title in (
            ("test.words", None, "Test words"),
            ("rcm.claim.payer_number", "rcm.claim", "payer's claim number noted"),
            ("rcm.claim.state_changed", "rcm.claim", "Claim"),
            ("exception.noted", "rcm.exception.case", "Exception Case: noted"),
        ):
            with self.subTest(event=event):
                row, log = self._row(event, model=model)
                self.assertIn(title, row["title"])
                self.assertEqual(log.title, row["title"])
                self.assertEqual(log.event, event)
