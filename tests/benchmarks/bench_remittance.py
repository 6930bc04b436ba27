"""Posting remittances: against a payment wizard per invoice, and a bare entry.

    ./setup/bench remittance
    RCM_BENCH_CLAIMS=250 RCM_BENCH_RUNS=3 ./setup/bench remittance
    RCM_BENCH_CLOCK=cpu ./setup/bench remittance

With ``RCM_BENCH_CLOCK=cpu`` the ratios are of processor time, of this process and of
its database session together: for a machine that others use at the same time. The
session's part is read from /proc, so the database must run on the same machine.

One remittance of N claims is posted whole: matched, planned, approved by policy,
booked, reconciled, audited, claims and denials updated. In the same run, on the same
machine and database:

* the *wizard*: `account.payment.register` once an invoice, in everybody's context,
  the difference written off;
* the *ceiling*: one bare journal entry with the very same items (no match, no plan, no
  audit, no claim) and one `_reconcile_plan`.

The reader follows, as in `./setup/bench reader`. Prints one JSON object a line: ratios
and counts, no bare times.
"""

import os
import statistics
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

from clinic import CHARGE, CONTRACTUAL, PAID, PATIENT, Clinic
from reporting import report, say

import odoo
from odoo import SUPERUSER_ID, Command, api
from odoo.modules.registry import Registry

CPU_CLOCK = os.environ.get("RCM_BENCH_CLOCK", "wall") == "cpu"
CLAIMS = int(os.environ.get("RCM_BENCH_CLAIMS", "1000"))
RUNS = int(os.environ.get("RCM_BENCH_RUNS", "2"))
WIZARD_INVOICES = int(os.environ.get("RCM_BENCH_WIZARD", "30"))


class Bench(Clinic):
    """What is measured on a clinic."""

    def clock(self):
        """Seconds: of the wall, or of the processors this run uses."""
        if not CPU_CLOCK:
            return time.perf_counter()
        session = self.env.cr._cnx.info.backend_pid
        numbers = Path(f"/proc/{session}/stat").read_text().rsplit(")", 1)[1].split()
        ticks = int(numbers[11]) + int(numbers[12])  # user and system
        return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")

    def timed(self, step):
        """Seconds and SQL statements of ``step``, its commit included."""
        self.env.invalidate_all()
        statements, started = self.env.cr.sql_log_count, self.clock()
        step()
        self.env.flush_all()
        self.env.cr.commit()
        seconds = self.clock() - started
        return seconds, self.env.cr.sql_log_count - statements

    def plain(self, records):
        """Records as anybody and any scheduled action has them: no context of ours."""
        context = {"allowed_company_ids": self.company.ids}
        return records.with_env(self.env(context=context))

    def post(self, count):
        """The suite: all of posting one remittance of ``count`` claims."""
        remittance = self.plain(self.remittance(self.claims(count)))
        result = self.timed(remittance._rcm_process)
        if remittance.state != "posted":
            raise SystemExit(f"not posted: {remittance.rcm_case_ids.mapped('message')}")
        return result

    def ceiling(self, count):
        """One bare entry with the same items, and one reconciliation plan."""
        invoices = self.invoices(count)
        accounts = self.company._rcm_accounts()
        journal = self.env["account.journal"].search(
            [
                ("type", "=", "general"),
                ("company_id", "=", self.company.id),
                ("id", "not in", self.company._rcm_journals().ids),
            ],
            limit=1,
        )
        partner = self.customer.id

        def item(account, balance):
            return Command.create(
                {"account_id": account.id, "partner_id": partner, "balance": balance}
            )

        def step():
            receivable = invoices.line_ids.filtered(
                lambda line: line.display_type == "payment_term"
            )
            lines = []
            for line in receivable:
                lines.append(item(line.account_id, -float(CHARGE)))
                lines.append(item(accounts["reserve"], float(CONTRACTUAL)))
                lines.append(item(accounts["patient_unbilled"], float(PATIENT)))
            lines.append(item(accounts["clearing"], float(PAID * len(receivable))))
            context = {"tracking_disable": True, "skip_invoice_sync": True}
            move = (
                self.env["account.move"]
                .with_context(**context)
                .create(
                    {"move_type": "entry", "journal_id": journal.id, "line_ids": lines}
                )
            )
            move._post()
            credits = move.line_ids.filtered(
                lambda line: line.account_id == receivable.account_id
            )
            self.env["account.move.line"].with_context(**context)._reconcile_plan(
                [one | other for one, other in zip(receivable, credits, strict=True)]
            )

        return self.timed(step)

    def wizard(self, count):
        """The obvious way: register a payment on each invoice."""
        invoices = self.invoices(count)
        reserve = self.company._rcm_account("reserve")
        register = self.plain(self.env["account.payment.register"])

        def step():
            for invoice in invoices:
                register.with_context(
                    active_model="account.move", active_ids=invoice.ids
                ).create(
                    {
                        "amount": float(PAID),
                        "payment_difference_handling": "reconcile",
                        "writeoff_account_id": reserve.id,
                        "writeoff_label": "Contractual",
                    }
                )._create_payments()

        return self.timed(step)


def main():
    """Run everything and print the ratios."""
    database = os.environ["RCM_BENCH_DATABASE"]
    arguments = ["-c", os.environ["ODOO_RC"], "-d", database, "--log-level", "error"]
    odoo.tools.config.parse_config(arguments)
    with Registry(database).cursor() as cr:
        bench = Bench(api.Environment(cr, SUPERUSER_ID, {}))
        say("warming up")
        bench.post(10)
        bench.ceiling(10)
        bench.wizard(2)
        ours, bare, double, wizard, statements = [], [], [], [], []
        for run in range(1, RUNS + 1):
            say(
                f"run {run} of {RUNS}: {CLAIMS} claims, ceiling, {2 * CLAIMS} claims, "
                f"the wizard on {WIZARD_INVOICES} invoices one by one"
            )
            seconds, used = bench.post(CLAIMS)
            ours.append(seconds)
            statements.append(Decimal(used) / CLAIMS)
            bare.append(bench.ceiling(CLAIMS)[0])
            double.append(bench.post(2 * CLAIMS)[0])
            wizard.append(bench.wizard(WIZARD_INVOICES)[0])
            say(
                f"a second: {CLAIMS / ours[-1]:.1f} ours, {CLAIMS / bare[-1]:.1f} bare "
                f"entry, {WIZARD_INVOICES / wizard[-1]:.1f} wizard"
            )
        report(
            "vs_wizard",
            statistics.median(
                (w / WIZARD_INVOICES) / (o / CLAIMS)
                for w, o in zip(wizard, ours, strict=True)
            ),
            "times the claims per second",
            18,
            "more",
            "account.payment.register per invoice",
            RUNS,
        )
        report(
            "vs_ceiling",
            statistics.median(b / o for b, o in zip(bare, ours, strict=True)),
            "of the claims per second",
            0.65,
            "more",
            "one bare entry of the same items and one _reconcile_plan",
            RUNS,
        )
        report(
            "sql_per_claim",
            float(statistics.median(statements)),
            "SQL statements",
            6,
            "less",
            f"a remittance of {CLAIMS} claims",
            RUNS,
        )
        report(
            "growth_2n",
            statistics.median(d / o for d, o in zip(double, ours, strict=True)),
            "time(2N)/time(N)",
            2.2,
            "less",
            f"N = {CLAIMS}",
            RUNS,
        )


def reader():
    """The 835 reader's own figures, when the clock is the wall's."""
    script = Path(__file__).with_name("bench_reader.py")
    return subprocess.call([sys.executable, str(script)])


if __name__ == "__main__":
    main()
    sys.exit(0 if CPU_CLOCK else reader())
