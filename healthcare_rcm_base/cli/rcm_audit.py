import json
import sys
from pathlib import Path

from odoo import SUPERUSER_ID, api
from odoo.cli import Command
from odoo.modules.registry import Registry
from odoo.tools import config


class RcmAudit(Command):
    """Verify the audit log against its seals, from the shell.

    Prints one JSON object and exits with 0 (whole), 1 (broken) or 2 (not checked).
    With --head, the head exported earlier must still be in the chain; --export
    writes the present head to a file to be kept outside.
    """

    name = "rcm_audit"

    def run(self, cmdargs):
        options = self._options(cmdargs)
        config.parse_config(
            [
                "-d",
                options.database,
                *(["-c", options.config] if options.config else []),
            ],
            setup_logging=True,
        )
        try:
            witness = json.loads(options.head.read_text()) if options.head else None
        except (OSError, ValueError) as error:
            sys.exit(f"cannot read the head file: {error}")
        with Registry(options.database).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            if "rcm.audit.verification" not in env:
                print("Healthcare RCM is not installed here.", file=sys.stderr)
                sys.exit(2)
            outcome = env["rcm.audit.verification"]._rcm_verify(
                witness=witness, details=not options.no_details
            )
            if options.export and outcome["head"]:
                options.export.write_bytes(env["rcm.audit.seal"]._rcm_head_file())
        findings = [
            {"code": finding.code, "severity": finding.severity, "at": finding.location}
            for finding in outcome["findings"]
        ]
        print(json.dumps({**outcome, "findings": findings}, sort_keys=True))
        sys.exit(0 if outcome["ok"] else 1)

    def _options(self, cmdargs):
        self.parser.add_argument("-c", "--config", help="Odoo's configuration file")
        self.parser.add_argument("-d", "--database", required=True)
        self.parser.add_argument("--head", type=Path, help="exported head to compare")
        self.parser.add_argument("--export", type=Path, help="file for the new head")
        self.parser.add_argument(
            "--no-details", action="store_true", help="skip the before and after values"
        )
        return self.parser.parse_args(cmdargs)
