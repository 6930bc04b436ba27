import logging
import os
from pathlib import Path

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import config, email_split

_logger = logging.getLogger(__name__)

# Where heads may be written is the server's own decision, in its configuration file.
FOLDER_OPTION = "rcm_audit_witness_dir"
SENDERS = ("administrator", "auditor")


class RcmAuditWitness(models.Model):
    """Somebody outside who keeps the head of the audit log's chain.

    A chain that was cut at its end, or built anew, is whole in itself: only a head
    kept elsewhere shows it. The newest head goes out on a schedule, when it changed.
    """

    _name = "rcm.audit.witness"
    _inherit = "rcm.document.mixin"
    _description = "Audit Witness"
    _order = "id"
    _rcm_protected = ("last_at", "last_position", "last_hash")
    _rcm_audit_fields = ("name", "active", "channel", "email")
    _rcm_audit_unmasked = ("email",)
    _rcm_reprocess_roles = ("integration_support", "finance_manager")

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    channel = fields.Selection(
        [
            ("mail", "Mail"),
            ("file", "File in the server's witness folder"),
            ("event", "Event for connectors (webhook)"),
        ],
        required=True,
        default="mail",
        help="Mail: to people outside this system's administration. File: into the "
        "folder that the server's configuration names as rcm_audit_witness_dir, best "
        "on write-once storage. Event: audit.head_exported, for a connector to "
        "deliver.",
    )
    email = fields.Char(
        string="Recipients", help="Addresses separated by commas, e.g. of your auditor."
    )
    last_at = fields.Datetime(string="Last Handed Out", readonly=True)
    last_position = fields.Integer(string="Block", readonly=True, aggregator=None)
    last_hash = fields.Char(string="Head", readonly=True)

    @api.constrains("channel", "email")
    def _check_recipients(self):
        for witness in self:
            if witness.channel == "mail" and not email_split(witness.email or ""):
                raise ValidationError(
                    self.env._("A witness by mail needs an address: %s", witness.name)
                )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_send_now(self):
        """Hand the newest head out at once."""
        self.env.user._rcm_require(*SENDERS)
        self.check_access("read")
        head = self.env["rcm.audit.seal"]._rcm_head()
        if not head:
            raise UserError(self.env._("Nothing is sealed yet."))
        for witness in self:
            # Role and access were checked; what was handed out is protected.
            witness.sudo()._rcm_hand_out(head)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Head of block %s handed out.", head["position"]),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _cron_hand_out(self):
        """Give each witness the newest head, if it has not got it yet."""
        Seal = self.env["rcm.audit.seal"]
        while Seal._rcm_seal_block():
            self.env["ir.cron"]._commit_progress()
        head = Seal._rcm_head()
        if head:
            self._rcm_run_due(head)

    @api.model
    def _rcm_run_due(self, head):
        """Hand out; a witness that cannot be reached gets a case of its own."""
        for witness in self.search([("active", "=", True)]):
            if witness.last_hash == head["hash"]:
                continue
            try:
                with self.env.cr.savepoint():
                    witness._rcm_hand_out(head)
            except (UserError, OSError) as error:
                _logger.warning(
                    "audit witness %s: %s", witness.id, type(error).__name__
                )
                witness._rcm_raise_case("audit_witness", self._rcm_reason(error))
            else:
                witness._rcm_resolve_cases(["audit_witness"])

    def _rcm_reprocess(self, case):
        """Try again to hand out the newest head."""
        self.ensure_one()
        try:
            self._rcm_hand_out(self.env["rcm.audit.seal"]._rcm_head())
        except OSError as error:
            raise UserError(self._rcm_reason(error)) from error
        return True

    # ------------------------------------------------------------------
    # Channels
    # ------------------------------------------------------------------
    def _rcm_hand_out(self, head):
        self.ensure_one()
        getattr(self, f"_rcm_by_{self.channel}")(head)
        self._rcm_write(
            {
                "last_at": fields.Datetime.now(),
                "last_position": head["position"],
                "last_hash": head["hash"],
            }
        )
        self._rcm_emit(
            "audit.head_exported",
            changes={
                "position": [None, head["position"]],
                "head": [None, head["hash"]],
                "channel": [None, self.channel],
            },
        )

    def _rcm_by_event(self, head):
        """The event itself is the message; connectors deliver it to who subscribed."""

    def _rcm_by_mail(self, head):
        """Queue one mail with the head in words and as the file to compare with."""
        position = head["position"]
        attachment = self.env["ir.attachment"].create(
            {
                "name": f"audit-head-{position}.json",
                "raw": self.env["rcm.audit.seal"]._rcm_head_file(),
                "mimetype": "application/json",
            }
        )
        body = self.env._(
            "Block %(position)s of the audit log of database %(database)s has the "
            "hash %(hash)s. Keep this message: with the attached file, a log that was "
            "cut or rebuilt is found.",
            position=position,
            database=head["database"],
            hash=head["hash"],
        )
        self.env["mail.mail"].create(
            {
                "subject": self.env._("Audit log head, block %s", position),
                "body_html": f"<p>{body}</p>",
                "email_to": ", ".join(email_split(self.email)),
                "attachment_ids": [fields.Command.set(attachment.ids)],
            }
        )

    def _rcm_by_file(self, head):
        """Write a new file; one that is there already is never written over."""
        folder = config.get(FOLDER_OPTION)
        if not folder:
            raise UserError(
                self.env._(
                    "The server's configuration names no folder (%s).", FOLDER_OPTION
                )
            )
        path = Path(folder) / f"audit-head-{self.env.cr.dbname}-{head['position']}.json"
        content = self.env["rcm.audit.seal"]._rcm_head_file()
        try:
            with open(path, "xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError as error:
            if path.read_bytes() != content:
                raise UserError(
                    self.env._(
                        "Another head of block %s is kept already: verify the log with "
                        "it.",
                        head["position"],
                    )
                ) from error

    @api.model
    def _rcm_reason(self, error):
        if isinstance(error, OSError):
            return self.env._("The folder cannot be written: %s", error.strerror)
        return str(error)
