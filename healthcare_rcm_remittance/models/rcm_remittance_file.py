import base64
import hashlib

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.tools import mute_logger

from odoo.addons.healthcare_rcm_base.core import states
from odoo.addons.healthcare_rcm_base.tools import UnindexedBinary

from ..x12.canonical import canonical_sha256
from ..x12.model import Transaction
from ..x12.reader import NotX12, read_835

MACHINE = "remittance_file"
states.register(
    MACHINE,
    {"received": ("read", "refused"), "read": (), "refused": ("received",)},
)
MAX_SIZE_BYTES = 256 * 1024 * 1024
# What one file may keep of its findings; the count says how many there were.
KEPT_FINDINGS = 200


class RcmRemittanceFile(models.Model):
    """A file of remittances as it came in: its bytes, its hash, its receipts."""

    _name = "rcm.remittance.file"
    _inherit = ["rcm.document.mixin", "rcm.batch.mixin"]
    _description = "Remittance File"
    _order = "id desc"
    _rcm_state_machine = MACHINE
    _rcm_protected = (
        "name",
        "content",
        "sha256",
        "canonical_sha256",
        "size_bytes",
        "source",
        "company_id",
        "findings",
        "read_at",
    )
    _rcm_reprocess_roles = ("cash_poster", "finance_manager", "integration_support")

    name = fields.Char(string="File", required=True, readonly=True)
    content = UnindexedBinary(
        attachment=True,
        readonly=True,
        copy=False,
        groups="healthcare_rcm_base.group_patient_data",
    )
    sha256 = fields.Char(string="SHA-256", readonly=True, copy=False, index=True)
    canonical_sha256 = fields.Char(
        readonly=True,
        copy=False,
        help="Hash without line breaks: the same file has it whatever its route.",
    )
    size_bytes = fields.Integer(string="Size", readonly=True)
    source = fields.Char(readonly=True, help="Door it came through.")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.company,
    )
    state = fields.Selection(
        [("received", "Received"), ("read", "Read"), ("refused", "Refused")],
        string="Status",
        default="received",
        required=True,
        readonly=True,
        index=True,
    )
    findings = fields.Json(string="Findings Data", readonly=True, copy=False)
    findings_html = fields.Html(
        string="Findings", compute="_compute_findings_html", sanitize=False
    )
    read_at = fields.Datetime(readonly=True, copy=False)
    receipt_ids = fields.One2many(
        "rcm.remittance.receipt", "file_id", string="Receipts"
    )
    receipt_count = fields.Integer(compute="_compute_counts")
    remittance_ids = fields.One2many("rcm.remittance", "file_id", string="Remittances")
    remittance_count = fields.Integer(compute="_compute_counts")

    _content_uniq = models.UniqueIndex(
        "(company_id, canonical_sha256)",
        "This file was received already.",
    )

    @api.depends("receipt_ids", "remittance_ids")
    def _compute_counts(self):
        for file in self:
            file.receipt_count = len(file.receipt_ids)
            file.remittance_count = len(file.remittance_ids)

    @api.depends("findings")
    def _compute_findings_html(self):
        for file in self:
            file.findings_html = self.env["rcm.remittance"]._rcm_findings_html(
                file.findings
            )

    # ------------------------------------------------------------------
    # Receiving
    # ------------------------------------------------------------------
    @api.model
    def _rcm_receive(
        self, content, filename, source, correlation_id=None, company=None
    ):
        """Store a file, or note that it came again; return the file.

        Private: for doors that have checked who sends it. The same content (line
        breaks aside) gives the first file; its receipt is then a duplicate.
        """
        if not content:
            raise UserError(self.env._("The file is empty."))
        if len(content) > MAX_SIZE_BYTES:
            raise UserError(
                self.env._(
                    "The file is larger than %(limit)s MB.",
                    limit=MAX_SIZE_BYTES // 1024 // 1024,
                )
            )
        company = company or self.env.company
        canonical = canonical_sha256(content)
        # Whoever may bring a file need not be allowed to write remittances.
        File = self.sudo()
        file = File.search(
            [("company_id", "=", company.id), ("canonical_sha256", "=", canonical)]
        )
        duplicate = bool(file)
        if not file:
            vals = {
                "name": filename or "835",
                "content": base64.b64encode(content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "canonical_sha256": canonical,
                "size_bytes": len(content),
                "source": source,
                "company_id": company.id,
            }
            if correlation_id:
                vals["correlation_id"] = correlation_id
            file = File._rcm_store(vals)
            self.env["ir.cron"]._rcm_wake(
                "healthcare_rcm_remittance.cron_remittance_read"
            )
        self.env["rcm.remittance.receipt"].sudo()._rcm_create(
            [
                {
                    "file_id": file.id,
                    "filename": filename,
                    "source": source,
                    "correlation_id": correlation_id or file.correlation_id,
                    "duplicate": duplicate,
                }
            ]
        )
        file._rcm_emit(
            "remittance.file_received_again"
            if duplicate
            else "remittance.file_received",
            {"sha256": [None, file.sha256]},
            source=source,
            correlation_id=correlation_id,
        )
        return file.with_env(self.env)

    def _rcm_store(self, vals):
        """Create the file; two at once: the later one starts over and finds it."""
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                return self._rcm_create([vals])
        except UniqueViolation as error:
            raise ConcurrencyError("remittance file") from error

    @api.model
    def _rcm_document_state(self, correlation_id):
        """What became of the file that came with this event, for its sender.

        Returns None when no file came with it.
        """
        receipt = (
            self.env["rcm.remittance.receipt"]
            .sudo()  # the caller asks for its own event
            .search([("correlation_id", "=", correlation_id)], order="id desc", limit=1)
        )
        if not receipt:
            return None
        file = receipt.file_id
        remittances = file.remittance_ids if not receipt.duplicate else ()
        cases = [] if receipt.duplicate else list(file.rcm_case_ids)
        for remittance in remittances:
            cases += remittance.rcm_case_ids + remittance.claim_ids.rcm_case_ids
        return {
            "file_state": "duplicate" if receipt.duplicate else file.state,
            "remittances": [
                {
                    "trace": remittance.trace,
                    "payer": remittance.payer_id.code or None,
                    "amount": f"{remittance.amount:.2f}",
                    "state": remittance.state,
                    "claims": remittance.claim_count,
                    "parked": remittance.parked_count,
                }
                for remittance in remittances
            ],
            "cases": [{"type": case.type_code, "state": case.state} for case in cases],
        }

    # ------------------------------------------------------------------
    # Reading
    # ------------------------------------------------------------------
    @api.model
    def _cron_read(self):
        """Read files that have come in (scheduled action, may run side by side)."""
        self._rcm_run_batches(
            [("state", "=", "received")],
            "_rcm_read",
            batch_size=1,
            case_type="remittance_refused",
        )

    def _rcm_read(self):
        """Turn each file into remittances, one per ST; refuse what is no 835."""
        for file in self:
            if file.state != "received":
                continue
            with_bytes = file.sudo().with_context(bin_size=False)
            content = base64.b64decode(with_bytes.content or b"")
            file._rcm_read_content(content)

    def _rcm_read_content(self, content):
        self.ensure_one()
        Remittance = self.env["rcm.remittance"]
        batch, findings, made = [], [], Remittance
        try:
            for item in read_835(content):
                if isinstance(item, Transaction):
                    batch.append(item)
                    continue
                # An envelope fault rejects everything between ISA and IEA.
                findings += item.findings
                made |= Remittance._rcm_create_from(
                    self, batch, [f for f in item.findings if f.severity == "error"]
                )
                batch = []
        except NotX12 as error:
            self._rcm_refuse_file([error.finding])
            return
        if not made:
            self._rcm_refuse_file(findings)
            return
        self._rcm_set_state(
            "read",
            findings=_as_json(findings),
            read_at=fields.Datetime.now(),
        )
        self._rcm_resolve_cases(["remittance_refused"], self.env._("Read."))
        made._rcm_after_read()

    def _rcm_refuse_file(self, findings):
        self._rcm_set_state(
            "refused", findings=_as_json(findings), read_at=fields.Datetime.now()
        )
        first = findings[0] if findings else None
        self._rcm_raise_case(
            "remittance_refused",
            self.env._("The file holds no remittance that can be read."),
            actual=first.code if first else None,
        )

    def _rcm_reprocess(self, case):
        """Read the file again."""
        if self.state == "refused":
            self._rcm_set_state("received")
        self._rcm_read()
        return self.state == "read"

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_remittances(self):
        """Show the remittances of this file."""
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Remittances"),
            "res_model": "rcm.remittance",
            "view_mode": "list,kanban,form",
            "domain": [("file_id", "in", self.ids)],
        }


def _as_json(findings):
    """Findings of the reader as data to keep; they never hold patient data."""
    return [
        {
            "code": finding.code,
            "severity": finding.severity,
            "offset": finding.offset,
            "location": finding.location,
            "expected": finding.expected,
            "actual": finding.actual,
        }
        for finding in findings[:KEPT_FINDINGS]
    ]
