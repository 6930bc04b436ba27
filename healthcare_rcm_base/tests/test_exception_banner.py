from lxml import etree

from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from . import common_ground as ground


@tagged("post_install", "-at_install")
class TestBanner(TransactionCase):
    """What is blocked says so: what is wrong, what to do, and a way to try again."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.worker = ground.role_user(cls.env, "biller", "ground_every_role")
        cls.worker.group_ids = [
            Command.link(cls.env.ref(f"healthcare_rcm_base.group_{role}").id)
            for role in ground.ROLES
        ]

    def documents(self):
        """Documents with a step that can be run again."""
        mixin = self.registry["rcm.document.mixin"]
        for name in sorted(self.registry):
            cls = self.registry[name]
            if not issubclass(cls, mixin) or cls._abstract or cls._transient:
                continue
            if self.env[name]._rcm_can_reprocess():
                yield name

    def form(self, name, user=None):
        view = self.env[name].with_user(user or self.worker).get_view(view_type="form")
        return etree.fromstring(view["arch"])

    def test_every_document_that_can_be_blocked_has_banner_and_reprocess(self):
        names = list(self.documents())
        self.assertLessEqual({"rcm.claim", "rcm.remittance", "rcm.event"}, set(names))
        for name in names:
            arch = self.form(name)
            for wanted in (
                "rcm_block_reason",
                "action_rcm_reprocess",
                "action_rcm_cases",
            ):
                with self.subTest(model=name, wanted=wanted):
                    self.assertTrue(arch.xpath(f"//*[@name='{wanted}']"))

    def test_only_who_may_run_the_step_again_has_the_button(self):
        auditor = ground.role_user(self.env, "auditor")
        arch = self.form("rcm.audit.witness", auditor)
        self.assertTrue(arch.xpath("//field[@name='rcm_block_reason']"))
        self.assertFalse(arch.xpath("//button[@name='action_rcm_reprocess']"))

    def test_a_document_without_such_a_step_has_none(self):
        self.assertFalse(self.env["rcm.audit.hold"]._rcm_can_reprocess())
        arch = self.form("rcm.audit.hold")
        self.assertFalse(arch.xpath("//button[@name='action_rcm_reprocess']"))
