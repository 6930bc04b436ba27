import logging

import psycopg2

from odoo import api, models
from odoo.tools import SQL

from ..core.connection_loss import server_settings
from ..tools import connection_loss

_logger = logging.getLogger(__name__)


class RcmDatabaseConnection(models.AbstractModel):
    """Connections to PostgreSQL that are dropped without a word are noticed soon.

    Odoo's end is told when it connects (``tools/connection_loss.py``). PostgreSQL's
    end matters as much: until it notices, the locks of a transaction stay whose worker
    is long gone, and everybody waits for them or passes by what they cover. Its
    settings are kept with the database, for all sessions to come.
    """

    _name = "rcm.database.connection"
    _description = "Connection to the Database Server"

    def _register_hook(self):
        super()._register_hook()
        self._rcm_guard_server()

    @api.model
    def _rcm_guard_server(self):
        """Keep the settings with the database, unless it has its own or better ones."""
        try:
            with self.env.registry.cursor() as cr:
                server = connection_loss.of_server(cr)
                if server is None or server.is_quick() or not self._rcm_may_set(cr):
                    return False
                for name, value in server_settings().items():
                    cr.execute(
                        SQL(
                            "ALTER DATABASE %s SET %s = %s",
                            SQL.identifier(cr.dbname),
                            SQL.identifier(name),
                            value,
                        )
                    )
        except psycopg2.Error as error:  # another node does the same just now
            _logger.warning("The database keeps its settings: %s", type(error).__name__)
            return False
        return True

    @staticmethod
    def _rcm_may_set(cr):
        """Whether this role owns the database, and nobody chose for it before."""
        cr.execute(
            "SELECT pg_has_role(datdba, 'USAGE') AND NOT EXISTS ("
            " SELECT 1 FROM pg_db_role_setting s WHERE s.setdatabase = d.oid"
            " AND s.setrole = 0 AND s.setconfig::text LIKE '%tcp_keepalives%')"
            " FROM pg_database d WHERE datname = current_database()"
        )
        return cr.fetchone()[0]

    @api.model
    def _rcm_silences(self):
        """(Odoo's, PostgreSQL's) :class:`Keepalive`; None: not over a network."""
        cr = self.env.cr
        return connection_loss.of_client(cr), connection_loss.of_server(cr)
