import logging
from datetime import timedelta
from time import monotonic

from odoo import Command, api, fields, models, tools
from odoo.service import db as db_service
from odoo.tools import SQL
from odoo.tools.config import crypt_context

from ..protocol import configuration
from ..tools import at_rest

MODULE = "healthcare_rcm_connectors"
WORST_SECONDS = 300
_worst = {}  # {database: (when, level)}
LEVELS = [
    (configuration.OK, "In order"),
    (configuration.NOTE, "To know"),
    (configuration.WARNING, "To change"),
    (configuration.PROBLEM, "Not safe"),
]


class RcmConfigurationCheck(models.TransientModel):
    """Looks at how this installation is set up and says what is not safe."""

    _name = "rcm.configuration.check"
    _description = "Configuration Check"

    line_ids = fields.One2many(
        "rcm.configuration.check.line", "check_id", string="Findings", readonly=True
    )
    level = fields.Selection(LEVELS, readonly=True)
    problem_count = fields.Integer(string="Not Safe", readonly=True)
    warning_count = fields.Integer(string="Should Be Changed", readonly=True)

    def _compute_display_name(self):
        self.display_name = self.env._("Configuration Check")

    @api.model
    def action_check(self):
        """Look at everything now and show what was found."""
        self.env.user._rcm_require("administrator", "integration_support", "auditor")
        findings = self._rcm_findings(self.env.company)
        levels = [item.level for item in findings]
        texts = self._rcm_texts()
        # the role was checked; the page is shown, not kept
        check = self.sudo().create(
            {
                "level": configuration.worst(findings),
                "problem_count": levels.count(configuration.PROBLEM),
                "warning_count": levels.count(configuration.WARNING),
                "line_ids": [
                    Command.create(
                        {
                            "sequence": -configuration.ORDER.index(item.level),
                            "code": item.code,
                            "level": item.level,
                            "name": texts[item.code][0],
                            "seen": item.seen,
                            "advice": item.level != configuration.OK
                            and texts[item.code][1],
                        }
                    )
                    for item in findings
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Configuration Check"),
            "res_model": self._name,
            "res_id": check.id,
            "views": [[False, "form"]],
        }

    @api.model
    def _rcm_worst(self):
        """``ok``, ``warning`` or ``problem`` of the whole instance, for its health.

        Asked by strangers every few seconds: each process looks once in a while.
        """
        known = _worst.get(self.env.cr.dbname)
        if known and monotonic() - known[0] < WORST_SECONDS:
            return known[1]
        every = [("active", "=", True)]
        companies = self.env["res.company"].sudo().search(every)  # whose health it is
        level = configuration.worst(
            [item for company in companies for item in self._rcm_findings(company)]
        )
        level = configuration.OK if level == configuration.NOTE else level
        _worst[self.env.cr.dbname] = monotonic(), level
        return level

    # ------------------------------------------------------------------
    # Facts
    # ------------------------------------------------------------------
    @api.model
    def _rcm_findings(self, company):
        return configuration.check(self._rcm_facts(company))

    @api.model
    def _rcm_facts(self, company):
        config = tools.config
        # settings of the installation, none of them a secret
        parameters = self.env["ir.config_parameter"].sudo()
        host = config["db_host"] or ""
        return configuration.Facts(
            base_url=parameters.get_param("web.base.url") or "",
            proxy_mode=bool(config["proxy_mode"]),
            list_db=bool(config["list_db"]),
            workers=config["workers"] or 0,
            dbfilter=config["dbfilter"] or "",
            database_count=self._rcm_database_count(),
            admin_password_default=self._rcm_password_is_default(),
            log_levels={
                name: logging.getLogger(name).getEffectiveLevel()
                for name in configuration.TELLING_LOGGERS
            },
            log_db=bool(config["log_db"]),
            database_logs_values=bool(self.env["rcm.database.log"]._rcm_leaks()),
            database_host=host,
            database_tls=self._rcm_database_tls(),
            test_enabled=bool(config["test_enable"]),
            cron_threads=config["max_cron_threads"],
            database_silence=self._rcm_database_silence(),
            loaded_first=MODULE in config["server_wide_modules"],
            # the zone of its address is no secret
            company_zone=company.sudo().partner_id.tz or "",
            **self._rcm_secret_facts(),
            keys=self._rcm_keys(company),
            webhooks=tuple(
                (one.name, one.url)
                for one in self.env["rcm.webhook"]
                .sudo()  # names and addresses only
                .search([("company_id", "=", company.id)])
            ),
            monitors_without_network=tuple(
                self.env["rcm.monitor"]
                .sudo()  # names only
                .search(
                    [
                        ("company_id", "=", company.id),
                        ("allowed_networks", "in", [False, ""]),
                    ]
                )
                .mapped("name")
            ),
        )

    @api.model
    def _rcm_database_count(self):
        if tools.config["db_name"]:
            return len(tools.config["db_name"])
        return len(db_service.list_dbs(True))

    @api.model
    def _rcm_password_is_default(self):
        stored = tools.config["admin_passwd"]
        return bool(stored) and crypt_context.verify("admin", stored)

    @api.model
    def _rcm_database_tls(self):
        rows = self.env.execute_query(
            SQL("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        )
        return bool(rows and rows[0][0])

    @api.model
    def _rcm_database_silence(self):
        """((whose end, seconds until it notices a dead connection), …)"""
        ends = self.env["rcm.database.connection"]._rcm_silences()
        return tuple(
            (name, end.seconds())
            for name, end in zip(("Odoo", "PostgreSQL"), ends, strict=True)
            if end
        )

    @api.model
    def _rcm_secret_facts(self):
        try:
            return {
                "has_secret_key": at_rest.is_configured(),
                # how they lie, never what they are
                "secret_states": frozenset(
                    self.env["rcm.secret"].sudo()._rcm_states_at_rest()
                ),
            }
        except at_rest.SecretLocked:  # what stands there is no key
            return {"secret_states": frozenset({at_rest.LOCKED})}

    @api.model
    def _rcm_keys(self, company):
        now = fields.Datetime.now()
        # names and dates, never keys
        keys = self.env["rcm.connector.key"].sudo()
        found = keys.search(
            [("company_id", "=", company.id), ("revoked_at", "=", False)]
        )
        return tuple(
            (
                f"{key.connector_id.code}: {key.name}",
                (key.expires_at - now) // timedelta(days=1) if key.expires_at else None,
                key.state == "valid",
            )
            for key in found
        )

    # ------------------------------------------------------------------
    # Words
    # ------------------------------------------------------------------
    @api.model
    def _rcm_texts(self):
        """{code: (what is looked at, what to do)}"""
        return {
            "base_url": (
                self.env._("Encryption on the way (TLS)"),
                self.env._(
                    "API keys travel in a header: put a proxy with TLS in front of "
                    "Odoo and set web.base.url to its https address."
                ),
            ),
            "proxy_mode": (
                self.env._("Behind a proxy (proxy_mode)"),
                self.env._(
                    "Set proxy_mode = True in odoo.conf when a proxy stands in front: "
                    "else every sender has the proxy's address, and address lists and "
                    "lock-outs meet everyone at once."
                ),
            ),
            "list_db": (
                self.env._("List of databases (list_db)"),
                self.env._(
                    "Set list_db = False: strangers need not see names of databases."
                ),
            ),
            "admin_passwd": (
                self.env._("Master password"),
                self.env._("Replace the default admin_passwd in odoo.conf."),
            ),
            "dbfilter": (
                self.env._("Choice of database (dbfilter)"),
                self.env._(
                    "Several databases on this server: set dbfilter, or let senders "
                    "name theirs in X-Odoo-Database."
                ),
            ),
            "workers": (
                self.env._("Worker processes"),
                self.env._(
                    "workers = 0 is one process with threads: enough for a try, not "
                    "for many senders. Two per core is a good beginning."
                ),
            ),
            "cron_threads": (
                self.env._("Scheduled actions (max_cron_threads)"),
                self.env._(
                    "Events are worked on by scheduled actions: two or more lanes."
                ),
            ),
            "test_enable": (
                self.env._("Test mode"),
                self.env._("Take test_enable out of odoo.conf."),
            ),
            "log_level": (
                self.env._("Log level that prints content"),
                self.env._(
                    "These loggers are on debug and print statements or requests with "
                    "their values, which are patient data: set them to info."
                ),
            ),
            "log_db": (
                self.env._("Log kept in the database (log_db)"),
                self.env._(
                    "Messages of errors then lie in a table: leave log_db empty."
                ),
            ),
            "database_log": (
                self.env._("PostgreSQL's own log"),
                self.env._(
                    "It prints statements with their values: set log_statement to none "
                    "or ddl and log_min_duration_statement to -1 for this database."
                ),
            ),
            "database_tls": (
                self.env._("Connection to PostgreSQL"),
                self.env._(
                    "The database is on another machine: use db_sslmode = verify-full."
                ),
            ),
            "at_rest": (
                self.env._("Encryption at rest"),
                self.env._(
                    "Cannot be seen from here. Encrypt the disks of the database, the "
                    "filestore (data_dir) and the backups, and keep the keys elsewhere."
                ),
            ),
            "secrets": (
                self.env._("Signing secrets and credentials in the database"),
                self.env._(
                    "Give the server keys in RCM_SECRET_KEYS (see the manual): secrets "
                    "are encrypted by the first at the next nightly clean-up, and a "
                    "backup alone opens nothing. If some are locked, put the key back "
                    "that encrypted them, or make new secrets."
                ),
            ),
            "database_silence": (
                self.env._("Connections to PostgreSQL that are dropped in silence"),
                self.env._(
                    "A worker would wait, and its locks would stay, much too long: let "
                    "the owner of the database set tcp_keepalives_idle = 10, "
                    "tcp_keepalives_interval = 5, tcp_keepalives_count = 2 and "
                    "tcp_user_timeout = 20000 for it (ALTER DATABASE … SET), and leave "
                    "Odoo's end to the suite, or say the same in your service file."
                ),
            ),
            "server_wide": (
                self.env._("Loaded when a node starts (server_wide_modules)"),
                self.env._(
                    "A node that starts while the database is away answers senders "
                    "with 404, which they take for final: set server_wide_modules = "
                    "base,rpc,web,healthcare_rcm_connectors in odoo.conf."
                ),
            ),
            "time_zone": (
                self.env._("Time zone of the company"),
                self.env._(
                    "None is set, so scheduled actions count days in UTC and date "
                    "what happens in the evening a day late. Choose it under Revenue "
                    "Cycle, Configuration, Settings, Time Zone."
                ),
            ),
            "keys_soon": (
                self.env._("API keys that expire soon (days left)"),
                self.env._(
                    "Make the next key now and give it to the sender: both hold."
                ),
            ),
            "keys_endless": (
                self.env._("API keys without an end"),
                self.env._("Replace them by keys that expire."),
            ),
            "endpoints": (
                self.env._("Receivers without TLS"),
                self.env._("Change these webhooks to https."),
            ),
            "monitors": (
                self.env._("Monitoring from any address"),
                self.env._("Name the scraper's network in the monitoring access."),
            ),
        }


class RcmConfigurationCheckLine(models.TransientModel):
    """One point of the check."""

    _name = "rcm.configuration.check.line"
    _description = "Configuration Finding"
    _order = "sequence, id"

    check_id = fields.Many2one(
        "rcm.configuration.check", required=True, ondelete="cascade"
    )
    sequence = fields.Integer(readonly=True)
    code = fields.Char(readonly=True)
    level = fields.Selection(LEVELS, readonly=True)
    name = fields.Char(string="Looked At", readonly=True)
    seen = fields.Char(string="Found", readonly=True)
    advice = fields.Text(string="What to Do", readonly=True)
