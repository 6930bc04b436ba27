from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.tests.migration import migration_step

from .onboarding_common import OnboardingCase

PATH = "healthcare_rcm_connectors/migrations/19.0.1.4.0/post-shadow_days.py"


@tagged("post_install", "-at_install")
class TestMigrationShadowDays(OnboardingCase):
    def test_what_was_rehearsed_before_is_compared_as_it_was(self):
        self.onboard()
        self.receive(self.completed("E-1"))
        self.process()
        results = self.results()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE rcm_shadow_result SET encounter_amount = NULL WHERE id = %s",
            results.ids,
        )
        migration_step(PATH).migrate(self.env.cr, "19.0.1.3.0")
        self.env.invalidate_all()
        self.assertEqual(results.encounter_amount, 150.0)
