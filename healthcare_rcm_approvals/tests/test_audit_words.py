from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestAuditWords(TransactionCase):
    def _said(self, event, changes):
        log = self.env["rcm.audit.log"]
        log._rcm_append(
            [
                {
                    "event": event,
                    "model": "rcm.approval.request",
                    "correlation_id": "approval-words",
                    "changes": changes,
                }
            ]
        )
        [row] = log.get_timeline("approval-words")
        return row["title"], {one["label"]: one["after"] for one in row["changes"]}

    def test_a_decision_says_for_whom_and_not_its_number(self):
        user = self.env.ref("base.user_admin")
        title, details = self._said(
            "approval.approved",
            {
                "decision_id": [None, 7],
                "on_behalf_of_id": [None, user.id],
                "evidence_hash": [None, "ab" * 32],
                "step": [None, "Controller"],
            },
        )
        self.assertEqual(title, "Approval Request: approved")
        self.assertEqual(
            details,
            {
                "On Behalf of": user.display_name,
                "SHA-256 of the Evidence": "abababababab…",
                "Step": "Controller",
            },
        )

    def test_a_decision_for_oneself_names_nobody_else(self):
        _title, details = self._said(
            "approval.approved",
            {"decision_id": [None, 7], "on_behalf_of_id": [None] * 2},
        )
        self.assertEqual(details, {})

    def test_what_needed_no_approval_says_by_which_policy(self):
        title, details = self._said(
            "approval.straight_through", {"approval": [None, "straight through: Small"]}
        )
        self.assertEqual(title, "Approval Request: no approval needed")
        self.assertEqual(details, {"By Policy": "Small"})
