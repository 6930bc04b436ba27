import os
from unittest.mock import MagicMock, patch

import psycopg2

from odoo import sql_db
from odoo.tests import BaseCase, TransactionCase, tagged

from ..core.connection_loss import (
    MOST_SECONDS,
    WANTED,
    Keepalive,
    client_parameters,
    server_settings,
)
from ..tools import connection_loss

LOGGER = "odoo.addons.healthcare_rcm_base.models.rcm_database_connection"
SYSTEM = Keepalive(idle=7200, interval=75, count=9)


@tagged("post_install", "-at_install")
class TestKeepalive(BaseCase):
    def test_what_the_suite_asks_for_is_quick_enough(self):
        self.assertTrue(WANTED.is_quick())
        self.assertLessEqual(WANTED.seconds(), MOST_SECONDS)

    def test_seconds_until_an_end_notices(self):
        for end, seconds, quick in (
            (SYSTEM, 7875, False),
            (Keepalive(10, 5, 3), 25, True),
            (Keepalive(10, 5, 3, on=False), None, False),
            (Keepalive(10, 5, 3, user_timeout=20000), 25, True),
            (Keepalive(10, 5, 3, user_timeout=60000), 65, False),
            (Keepalive(60, 5, 3, user_timeout=20000), 65, False),
        ):
            with self.subTest(end=end):
                self.assertEqual((end.seconds(), end.is_quick()), (seconds, quick))

    def test_an_old_libpq_is_not_told_what_it_does_not_know(self):
        self.assertIn("tcp_user_timeout", client_parameters(150000))
        self.assertNotIn("tcp_user_timeout", client_parameters(110000))


@tagged("post_install", "-at_install")
class TestConnections(TransactionCase):
    """Every connection is made with them; a service file has the last word."""

    def test_odoo_connects_with_keepalives(self):
        _name, info = sql_db.connection_info_for(self.env.cr.dbname)
        for name, value in client_parameters(psycopg2.__libpq_version__).items():
            self.assertEqual(info[name], value)
        self.assertEqual(info["database"], self.env.cr.dbname)
        with patch.dict(os.environ, {"PGSERVICE": "rcm"}):
            _name, info = sql_db.connection_info_for(self.env.cr.dbname)
            self.assertNotIn("keepalives_idle", info)
        _name, info = sql_db.connection_info_for("postgresql://host/name")
        self.assertNotIn("keepalives_idle", info)

    def test_a_connection_of_the_pool_is_found_again(self):
        """The pool compares parameters as text: ours must not keep it from that."""
        db = sql_db.db_connect(self.env.cr.dbname)
        with db.cursor() as cr:
            first = cr.connection.get_backend_pid()
        with db.cursor() as cr:
            self.assertEqual(cr.connection.get_backend_pid(), first)

    def test_installing_twice_changes_nothing(self):
        before = sql_db.connection_info_for
        connection_loss.install()
        self.assertIs(sql_db.connection_info_for, before)


@tagged("post_install", "-at_install")
class TestServerEnd(TransactionCase):
    """PostgreSQL's own end is set where it is slow, ours to set, and nobody chose."""

    def setUp(self):
        super().setUp()
        self.enterContext(self.enter_registry_test_mode())
        self.connection = self.env["rcm.database.connection"]
        self.cr = self.env.cr
        self.cr.execute("SELECT inet_client_addr() IS NOT NULL")
        [self.over_network] = self.cr.fetchone()

    def _guard(self, server):
        with patch.object(connection_loss, "of_server", lambda cr: server):
            return self.connection._rcm_guard_server()

    def _kept(self):
        self.cr.execute(
            "SELECT unnest(setconfig) FROM pg_db_role_setting s JOIN pg_database d"
            " ON d.oid = s.setdatabase WHERE datname = current_database()"
            " AND s.setrole = 0"
        )
        return {row for [row] in self.cr.fetchall()}

    def test_a_socket_and_a_quick_server_are_left_alone(self):
        before = self._kept()
        for server in (None, WANTED):
            self.assertFalse(self._guard(server))
        self.assertEqual(self._kept(), before)

    def test_a_slow_server_gets_the_settings_once(self):
        self.cr.execute(f'ALTER DATABASE "{self.cr.dbname}" RESET ALL')
        self.assertTrue(self._guard(SYSTEM))
        want = {f"{name}={value}" for name, value in server_settings().items()}
        self.assertLessEqual(want, self._kept())
        # chosen now, by whomever: never overruled
        self.assertFalse(self._guard(SYSTEM))

    def test_a_server_that_refuses_does_not_keep_the_suite_from_starting(self):
        broken = MagicMock(side_effect=psycopg2.OperationalError("refused"))
        with patch.object(connection_loss, "of_server", broken):
            with self.assertLogs(LOGGER, "WARNING") as caught:
                self.assertFalse(self.connection._rcm_guard_server())
        self.assertIn("OperationalError", caught.output[0])

    def test_both_ends_are_measured_where_there_is_a_network(self):
        ends = self.connection._rcm_silences()
        if self.over_network:
            self.assertTrue(all(end.is_quick() for end in ends))
        else:
            self.assertEqual(ends, (None, None))
