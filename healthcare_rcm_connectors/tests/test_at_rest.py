import os
from unittest.mock import patch

from cryptography.fernet import Fernet

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..tools import at_rest
from .common import ConnectorMixin

SECRETS = "odoo.addons.healthcare_rcm_connectors.models.rcm_secret"
FIRST, SECOND = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@tagged("post_install", "-at_install")
class TestAtRest(ConnectorMixin, TransactionCase):
    """Secrets in the database open nothing without the key of the server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.Secret = cls.env["rcm.secret"]

    def setUp(self):
        super().setUp()
        self.keys("")

    def keys(self, text):
        """From here on the server has these keys."""
        self.enterContext(patch.dict(os.environ, {at_rest.VARIABLE: text}))

    def stored(self):
        self.env.cr.execute(
            "SELECT secret FROM rcm_secret WHERE res_model = 'rcm.connector'"
            " AND res_id = %s ORDER BY id DESC LIMIT 1",
            [self.connector.id],
        )
        return self.env.cr.fetchone()[0]

    def texts(self):
        found = self.Secret._rcm_texts_of("rcm.connector", self.connector.ids)
        return found.get(self.connector.id, [])

    def make(self):
        return self.Secret._rcm_rotate(self.connector, overlap_hours=0)

    def states(self):
        return self.Secret._rcm_states_at_rest()

    def test_with_a_key_the_column_holds_nothing_that_signs(self):
        self.keys(FIRST)
        text = self.make()
        self.assertTrue(self.stored().startswith(at_rest.PREFIX))
        self.assertNotIn(text, self.stored())
        self.assertEqual(self.texts(), [text])

    def test_without_one_it_lies_as_it_is(self):
        text = self.make()
        self.assertEqual((self.stored(), self.texts()), (text, [text]))
        self.Secret._rcm_seal_again()
        self.assertEqual(self.stored(), text)

    def test_the_nightly_clean_up_seals_what_lay_plain(self):
        text = self.make()
        self.keys(FIRST)
        self.assertEqual(self.states(), {"plain"})
        self.Secret._rcm_seal_again()
        self.assertEqual((self.states(), self.texts()), ({"sealed"}, [text]))

    def test_a_key_is_replaced_by_putting_the_next_before_it(self):
        self.keys(FIRST)
        text = self.make()
        self.keys(f"{SECOND}, {FIRST}")
        self.assertEqual((self.states(), self.texts()), ({"older"}, [text]))
        self.Secret._rcm_seal_again()
        self.keys(SECOND)
        self.assertEqual((self.states(), self.texts()), ({"sealed"}, [text]))

    def test_a_secret_whose_key_is_gone_opens_nothing_and_is_told_of(self):
        self.keys(FIRST)
        text = self.make()
        self.keys(SECOND)
        with self.assertLogs(SECRETS, "ERROR") as told:
            self.assertEqual(self.texts(), [])
        self.assertNotIn(text, "".join(told.output))
        self.assertEqual(self.states(), {"locked"})
        self.Secret._rcm_seal_again()  # leaves it as it is, for the key to come back
        self.keys(FIRST)
        self.assertEqual(self.texts(), [text])

    def test_what_is_no_key_is_said_before_a_secret_is_made(self):
        self.keys("not a key")
        with self.assertRaisesRegex(UserError, at_rest.VARIABLE):
            self.make()

    @mute_logger(SECRETS)
    def test_the_check_says_how_secrets_lie(self):
        Check = self.env["rcm.configuration.check"]

        def level():
            findings = Check._rcm_findings(self.env.company)
            return {item.code: item.level for item in findings}["secrets"]

        self.make()
        self.assertEqual(level(), "note")
        self.keys(FIRST)
        self.assertEqual(level(), "warning")
        self.Secret._rcm_seal_again()
        self.assertEqual(level(), "ok")
        self.keys(SECOND)
        self.assertEqual(level(), "problem")
        self.keys("not a key")
        self.assertEqual(level(), "problem")
