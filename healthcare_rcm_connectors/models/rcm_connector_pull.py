import logging
from datetime import timedelta
from hashlib import sha256

from psycopg2 import InterfaceError, OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger

from ..protocol import outbound
from ..protocol.addresses import AddressRefused, check_url
from ..protocol.place import place_of
from ..protocol.problem import ProblemError
from .adapters.rcm_adapter_roles import SourceUnavailable, UnreadableContent

_logger = logging.getLogger(__name__)

CRON = "healthcare_rcm_connectors.cron_pull"
CASE = "pull_failed"
ROLES = ("administrator", "integration_support")
MOST_ROUNDS = 20
ERRORS = [
    ("timeout", "No answer in time"),
    ("connection", "No connection"),
    ("certificate", "Certificate not valid"),
    ("status", "Answered with an error"),
    ("redirect", "Answered with a redirect"),
    ("too_large", "Answer too large"),
    ("content", "Answer not understood"),
    ("refused_events", "Its events were refused"),
    ("scheme", "Address not https"),
    ("credentials", "Address with a password"),
    ("host", "No such address"),
    ("port", "Port not allowed"),
    ("private_address", "Private network"),
    ("adapter", "Its adapter failed: the log names the place"),
]


class RcmConnectorPull(models.Model):
    """Where a source is asked, because it does not send by itself."""

    _name = "rcm.connector.pull"
    _inherit = ["rcm.document.mixin"]
    _description = "Pull from a Source"
    _order = "name, id"
    _rcm_reprocess_roles = ROLES
    _rcm_protected = (
        "cursor",
        "next_at",
        "last_at",
        "last_success_at",
        "failures",
        "last_error",
    )
    _rcm_audit_fields = (
        "name",
        "active",
        "connector_id",
        "adapter",
        "address",
        "private_allowed",
        "interval_minutes",
    )
    # An address of the network, not of a person.
    _rcm_audit_unmasked = ("address",)

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    connector_id = fields.Many2one(
        "rcm.connector", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="connector_id.company_id", store=True)
    adapter = fields.Selection(
        "_selection_adapter",
        string="Format",
        required=True,
        default="http_json",
    )
    address = fields.Char(
        required=True, help="Called with GET over https. Redirects are not followed."
    )
    private_allowed = fields.Boolean(
        string="Private Network",
        help="Allow http and addresses of your own network.",
    )
    interval_minutes = fields.Integer(
        string="Every (minutes)",
        required=True,
        default=15,
        help="0: only when somebody asks for a document or presses “Ask Now”.",
    )
    has_token = fields.Boolean(string="Has Credential", compute="_compute_has_token")
    cursor = fields.Char(
        readonly=True, copy=False, help="Where the source's last answer ended."
    )
    next_at = fields.Datetime(string="Next", readonly=True, copy=False)
    last_at = fields.Datetime(string="Last Asked", readonly=True, copy=False)
    last_success_at = fields.Datetime(string="Last Answer", readonly=True, copy=False)
    failures = fields.Integer(string="Failures in a Row", readonly=True, copy=False)
    last_error = fields.Selection(
        ERRORS, string="Last Failure", readonly=True, copy=False
    )

    _interval = models.Constraint(
        "CHECK(interval_minutes BETWEEN 0 AND 10080)", "Minutes are 0 to a week."
    )

    @api.model
    def _selection_adapter(self):
        choices = dict(self.env["rcm.adapter"]._rcm_choices("poll"))
        choices.update(self.env["rcm.adapter"]._rcm_choices("fetch"))
        return sorted(choices.items())

    def _compute_has_token(self):
        # only whether there is one
        found = self.env["rcm.secret"].sudo()._rcm_texts_of(self._name, self.ids)
        for pull in self:
            pull.has_token = pull.id in found

    @api.constrains("address", "private_allowed")
    def _check_address(self):
        for pull in self:
            try:
                check_url(pull.address, pull.private_allowed)
            except AddressRefused as refused:
                text = self.env["rcm.webhook"]._rcm_address_text(refused.code)
                raise ValidationError(text) from None

    def unlink(self):
        # credentials have no foreign key that would take them along
        self.env["rcm.secret"].sudo()._rcm_revoke_of(self)
        return super().unlink()

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_poll(self):
        """Ask the source now."""
        self.env.user._rcm_require(*ROLES)
        self.check_access("read")
        for pull in self.sudo():  # the role was checked; events are the system's
            pull._rcm_poll()

    def action_ask(self):
        """Open the dialog that asks for one document."""
        self.ensure_one()
        self.env.user._rcm_require(*ROLES)
        self.check_access("read")
        return self._rcm_dialog("rcm.connector.pull.fetch", self.env._("Ask for"))

    def action_token(self):
        """Open the dialog that takes the source's credential."""
        self.ensure_one()
        self.env.user._rcm_require("administrator")
        self.check_access("write")
        return self._rcm_dialog("rcm.connector.pull.token", self.env._("Credential"))

    def _rcm_dialog(self, model, name):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "form",
            "target": "new",
            "context": {"default_pull_id": self.id},
        }

    def _rcm_reprocess(self, case):
        self._rcm_poll()
        return not self.failures

    # ------------------------------------------------------------------
    # Steps
    # ------------------------------------------------------------------
    @api.model
    def _cron_pull(self):
        """Ask every source that is due, each in a transaction of its own."""
        cron = self.env["ir.cron"]
        in_cron = bool(self.env.context.get("ir_cron_progress_id"))
        domain = [
            ("interval_minutes", ">", 0),
            ("connector_id.state", "in", ("active", "down")),
            "|",
            ("next_at", "=", False),
            ("next_at", "<=", fields.Datetime.now()),
        ]
        for pull in self.search(domain):
            if pull.try_lock_for_update():
                pull._rcm_poll_alone()
            if in_cron and not cron._commit_progress(1):
                break

    def _rcm_poll_alone(self):
        """Ask what is new; what goes wrong in an adapter stops no other source."""
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                self._rcm_poll()
        except (OperationalError, InterfaceError):
            raise  # the database's own matter: the scheduler comes again
        except Exception as error:  # its text may hold anything
            _logger.error("Pull %s failed: %s", self.ids, place_of(error))
            self._rcm_note_failure("adapter")

    def _rcm_poll(self):
        """Ask what is new until there is nothing more, and take it in."""
        self.ensure_one()
        poller = self.env["rcm.adapter"]._rcm_get("poll", self.adapter)
        for _round in range(MOST_ROUNDS):
            try:
                envelopes, cursor, more = poller._rcm_poll(self, self.cursor or "")
            except SourceUnavailable as error:
                self._rcm_note_failure(error.code)
                return
            if not self._rcm_take(envelopes):
                # What was refused must not be lost by going on behind it.
                self._rcm_note_failure("refused_events")
                return
            self._rcm_write({"cursor": cursor})
            if not more:
                break
        self._rcm_note_success()

    def _rcm_fetch(self, reference):
        """Ask for one document and take it in like a file; return its events."""
        self.ensure_one()
        adapters = self.env["rcm.adapter"]
        connector = self.connector_id
        fetcher = adapters._rcm_get("fetch", self.adapter)
        try:
            filename, content = fetcher._rcm_fetch(self, reference)
            decoder = adapters._rcm_get("decode", connector.file_format)
            records = decoder._rcm_decode(content, filename)
        except SourceUnavailable as error:
            words = dict(self._fields["last_error"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "The source did not give it: %s", words.get(error.code, error.code)
                )
            ) from None
        except UnreadableContent as error:
            raise UserError(
                self.env._("The source gave something else: %s", error)
            ) from None
        mapper = adapters._rcm_get("map", connector.file_format)
        hints = {"filename": filename, "digest": sha256(content).hexdigest()}
        values = [mapper._rcm_map(connector, record, hints) for record in records]
        answers = self.env["rcm.event"]._rcm_submit(connector, values)
        refused = [item for item in answers if isinstance(item, ProblemError)]
        if refused:
            raise UserError(refused[0].problem.body("")["detail"])
        return self.env["rcm.event"].search(
            [
                ("connector_id", "=", connector.id),
                ("external_id", "in", [item["id"] for item in answers]),
            ]
        )

    def _rcm_take(self, envelopes):
        """Store these events; return whether all are here now."""
        if not envelopes:
            return True
        try:
            answers = self.env["rcm.event"]._rcm_submit(self.connector_id, envelopes)
        except ProblemError:
            return False  # the inbox is full: asked again later
        return not any(isinstance(item, ProblemError) for item in answers)

    def _rcm_token(self):
        """The source's credential, to send to it and nothing else."""
        self.ensure_one()
        # it goes into one header and nowhere else
        texts = self.env["rcm.secret"].sudo()._rcm_texts_of(self._name, self.ids)
        return (texts.get(self.id) or [None])[0]

    def _rcm_note_success(self):
        now = fields.Datetime.now()
        had_failed = bool(self.failures)
        self._rcm_write(
            {
                "last_at": now,
                "last_success_at": now,
                "failures": 0,
                "last_error": False,
                "next_at": now + timedelta(minutes=self.interval_minutes or 1),
            }
        )
        if had_failed:
            self._rcm_resolve_cases([CASE], self.env._("The source answers again."))

    def _rcm_note_failure(self, code):
        """One more failure: asked again after a growing rest, with a case."""
        now = fields.Datetime.now()
        failures = self.failures + 1
        rest = max(60 * self.interval_minutes, outbound.breaker_seconds(failures), 60)
        self._rcm_write(
            {
                "last_at": now,
                "failures": failures,
                "last_error": code if code in dict(ERRORS) else "connection",
                "next_at": now + timedelta(seconds=min(rest, 3600)),
            }
        )
        if failures == outbound.BREAKER_FAILURES:
            self._rcm_raise_case(
                CASE,
                self.env._(
                    "The source did not answer as it should %s times in a row. It is "
                    "asked again at growing intervals.",
                    failures,
                ),
            )
