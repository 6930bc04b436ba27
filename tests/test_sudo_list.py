"""The list of uses of all rights finds them all and takes no empty reason."""

import ast

from odoo.tests import BaseCase, tagged

from . import sudo_list

ALL_RIGHTS = (
    "records.sudo()",
    "records.sudo(True)",
    "self.env(su=True)",
    "records.with_user(1)",
    "records.with_user(SUPERUSER_ID)",
    "records.with_user(api.SUPERUSER_ID)",
    "records.with_user(self.env.ref('base.user_root'))",
    "self.env(user=api.SUPERUSER_ID)",
    "self.env(user=1)",
    "self.env(user=self.env.ref('base.user_root').id)",
    "api.Environment(cr, SUPERUSER_ID, {})",
    "api.Environment(cr, 1, {})",
    "records._search(domain, bypass_access=True)",
)
OWN_RIGHTS = (
    "records.sudo(False)",
    "records.with_user(user)",
    "records.with_user(2)",
    "self.env(user=user.id)",
    "self.env(su=False)",
    "api.Environment(cr, uid, {})",
    "records.with_company(1)",
)
EMPTY = (
    "",
    "---",
    "as above",
    "As above, see there",
    "same as before",
    "sudo",
    "needed",
    "it is needed here",
    "TODO",
    "x y z",
    "rules 1 2 3",
)


@tagged("post_install", "-at_install")
class TestSudoList(BaseCase):
    def test_every_way_to_all_rights_is_found(self):
        for source in ALL_RIGHTS:
            with self.subTest(source=source):
                self.assertTrue(sudo_list._is_sudo(ast.parse(source).body[0].value))

    def test_what_keeps_the_user_is_not(self):
        for source in OWN_RIGHTS:
            with self.subTest(source=source):
                self.assertFalse(sudo_list._is_sudo(ast.parse(source).body[0].value))

    def test_empty_words_are_no_reason(self):
        for text in EMPTY:
            with self.subTest(text=text):
                self.assertTrue(sudo_list.is_weak(text))
        self.assertFalse(sudo_list.is_weak("the log is complete whoever acts"))
