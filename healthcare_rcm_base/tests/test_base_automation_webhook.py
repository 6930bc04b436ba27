from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestWebhookTrigger(TransactionCase):
    """The unsigned door stays shut for what the revenue cycle keeps."""

    def make(self, model, **values):
        return self.env["base.automation"].create(
            {
                "name": "Hook",
                "model_id": self.env["ir.model"]._get_id(model),
                "trigger": "on_webhook",
                **values,
            }
        )

    def test_refused_on_our_models_and_accounting(self):
        for model in (
            "rcm.claim",
            "rcm.event",
            "account.move",
            "account.payment",
            "res.partner",
            "res.users",
        ):
            with self.subTest(model=model), self.assertRaises(ValidationError):
                self.make(model)

    def test_a_rule_is_not_turned_into_one(self):
        rule = self.make("rcm.claim", trigger="on_create_or_write")
        with self.assertRaises(ValidationError):
            rule.trigger = "on_webhook"
        other = self.make("product.template")
        with self.assertRaises(ValidationError):
            other.write(
                {
                    "model_id": self.env["ir.model"]._get_id("account.move"),
                    "trigger": "on_webhook",
                }
            )

    def test_other_models_are_odoos_own_business(self):
        self.assertEqual(self.make("product.template").trigger, "on_webhook")

    def test_none_is_installed(self):
        rules = self.env["base.automation"].search([("trigger", "=", "on_webhook")])
        self.assertFalse(rules)
