"""Shared by the tests of exception cases."""

from unittest.mock import patch

from odoo.tests import TransactionCase

from . import common_ground as ground


class ExceptionCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Case = cls.env["rcm.exception.case"]
        cls.document = ground.make_case(cls.env, "DOC", res_id=99)
        cls.other = ground.make_case(cls.env, "DOC2", res_id=98)
        cls.biller = ground.role_user(cls.env, "biller")
        cls.queue = cls.env.ref("healthcare_rcm_base.rcm_exception_queue_billing")

    def on_reprocess(self, step):
        """Let ``step(document, case)`` be what the documents run again."""
        return patch.object(self.registry["rcm.exception.case"], "_rcm_reprocess", step)
