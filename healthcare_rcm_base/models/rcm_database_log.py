import logging

from odoo import api, models

from ..core.database_log import SETTINGS, leaks

_logger = logging.getLogger(__name__)


class RcmDatabaseLog(models.AbstractModel):
    """Whether PostgreSQL writes patient data into its own log.

    The server that ``setup/`` makes does not. Somebody's own server is asked when the
    registry loads, and by the settings screen.
    """

    _name = "rcm.database.log"
    _description = "Log of the Database Server"

    def _register_hook(self):
        super()._register_hook()
        for name, value, wanted in self._rcm_leaks():
            _logger.warning(
                "PostgreSQL's own log may hold patient data: %s is %r, set it to %r",
                name,
                value,
                wanted,
            )

    @api.model
    def _rcm_leaks(self):
        """[(setting, value, value to set)] of what lets values into the log."""
        return leaks(self._rcm_settings())

    @api.model
    def _rcm_settings(self):
        """{setting: value} of the server, as it is for this connection."""
        self.env.cr.execute(
            "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)",
            [list(SETTINGS)],
        )
        return dict(self.env.cr.fetchall())
