"""Two approvers at once, from two real connections."""

import threading
from unittest.mock import patch
from uuid import uuid4

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, Command, api, fields
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestTwoAtOnce(BaseCase):
    """A committed request of its own, that two people decide at the same moment."""

    NEEDED = 2

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            group = env.ref("healthcare_rcm_base.group_approver")
            stamp = uuid4().hex
            self.users = (
                env["res.users"]
                .create(
                    [
                        {
                            "name": f"Twin {number}",
                            "login": f"twin_{number}_{stamp}",
                            "group_ids": [Command.set(group.ids)],
                        }
                        for number in range(3)
                    ]
                )
                .ids
            )
            policy = env["rcm.approval.policy"].create(
                {
                    "name": f"Twins {stamp}",
                    "document_type": "override",
                    "step_ids": [
                        Command.create({"group_id": group.id, "needed": self.NEEDED})
                    ],
                }
            )
            version = policy._rcm_current_version()
            request = env["rcm.approval.request"]._rcm_create(
                [
                    {
                        "name": "Twins",
                        "document_type": "override",
                        "res_model": policy._name,
                        "res_id": policy.id,
                        "effect": f"twins {stamp}",
                        "company_id": env.company.id,
                        "policy_id": policy.id,
                        "policy_version_id": version.id,
                        "facts": {},
                        "facts_hash": "0",
                    }
                ]
            )
            env["rcm.approval.request.step"]._rcm_make(request)
            request._rcm_open_next_steps(fields.Datetime.now())
            self.request_id, self.policy_id = request.id, policy.id
        self.addCleanup(self.clean)

    def clean(self):
        """The rows were committed: put away what can be; decisions stay by design."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["rcm.approval.policy"].browse(self.policy_id).active = False
            env["res.users"].browse(self.users).active = False
            request = env["rcm.approval.request"].browse(self.request_id)
            if request.state in ("pending", "info_requested"):
                request._rcm_close("withdrawn", "end of the test")

    def decide(self, cr, user):
        """Through the one door, as ``user``; what it answers."""
        env = api.Environment(cr, user, {})
        request = env["rcm.approval.request"].browse(self.request_id)
        return request._rcm_decide("approved", None) or "recorded"

    def decide_at_once(self, *users):
        """Answers of all, each in a thread and transaction begun before any of them
        commits; a refused one runs again, as the server does."""
        barrier, answers = threading.Barrier(len(users)), []
        self.again = 0

        def work(user):
            for attempt in range(5):
                try:
                    with self.registry.cursor() as cr:
                        cr.execute("SELECT count(*) FROM rcm_approval_decision")
                        if attempt == 0:
                            barrier.wait(timeout=10)
                        answer = self.decide(cr, user)
                    answers.append(answer)
                    return
                except SerializationFailure:
                    self.again += 1

        threads = [threading.Thread(target=work, args=(user,)) for user in users]
        # the document of this request states no facts: it did not change
        Request = self.registry["rcm.approval.request"]
        with (
            mute_logger("odoo.sql_db"),
            patch.object(Request, "_rcm_changed", lambda _self: False),
        ):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(timeout=30)
        return answers

    def state(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            request = env["rcm.approval.request"].browse(self.request_id)
            return request.state, len(request.decision_ids), request.decision_count

    def test_both_count_and_the_request_closes_once(self):
        outcome = self.decide_at_once(*self.users[:2])
        self.assertEqual(outcome, ["recorded", "recorded"])
        self.assertEqual(self.state(), ("approved", 2, 2))
        self.assertTrue(self.again, "the second saw that the first had decided")

    def test_exactly_the_needed_decisions_count(self):
        answers = self.decide_at_once(*self.users)
        self.assertEqual(answers.count("recorded"), 2)
        self.assertIn("no longer waiting", "".join(answers))
        self.assertEqual(self.state(), ("approved", 2, 2))

    def test_one_person_twice_at_once_counts_once(self):
        first = self.users[0]
        outcome = self.decide_at_once(first, first)
        self.assertEqual([text for text in outcome if text == "recorded"], ["recorded"])
        self.assertIn("already decided", "".join(outcome))
        self.assertEqual(self.state(), ("pending", 1, 1))
