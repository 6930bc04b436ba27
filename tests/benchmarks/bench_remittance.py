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

import json
import os
import statistics
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import odoo
from odoo import SUPERUSER_ID, Command, api, fields
from odoo.modules.registry import Registry

CPU_CLOCK = os.environ.get("RCM_BENCH_CLOCK", "wall") == "cpu"
CLAIMS = int(os.environ.get("RCM_BENCH_CLAIMS", "1000"))
RUNS = int(os.environ.get("RCM_BENCH_RUNS", "2"))
WIZARD_INVOICES = int(os.environ.get("RCM_BENCH_WIZARD", "30"))
# Small enough that ten thousand of them still go straight through the policies.
CHARGE, PAID, CONTRACTUAL, PATIENT = 10, 3, 6, 1
TAX_ID = "123456789"


def report(metric, value, unit, goal, better, against, runs):
    """One line of output."""
    print(
        json.dumps(
            {
                "metric": metric,
                "value": round(value, 3),
                "unit": unit,
                "goal": goal,
                "better": better,
                "against": against,
                "runs": runs,
            }
        ),
        flush=True,
    )


def say(text):
    """Progress for the person who waits."""
    print(f"  bench: {text}", file=sys.stderr, flush=True)


class Bench:
    """A clinic with as many submitted claims as are asked for."""

    def __init__(self, env):
        from odoo.addons.healthcare_rcm_base.tests import builders
        from odoo.addons.healthcare_rcm_remittance.tests import era

        self.builders, self.era = builders, era
        company = builders.company(env, "Bench clinic")
        company.rcm_tax_id = TAX_ID
        context = {"allowed_company_ids": company.ids, "tracking_disable": True}
        self.env = env(context=context)
        self.company = company.with_env(self.env)
        self.payer = builders.payer(self.env, payer_identifier="1512345678")
        builders.contract(self.env, self.payer, percent=40, patient_percent=20)
        self.facility = builders.facility(self.env)
        self.group = builders.provider_group(self.env)
        self.code = builders.service_code(self.env)
        self.made = 0
        # Receivable of plain invoices: ours is settled by remittances alone.
        self.customer = self.env["res.partner"].create({"name": "Plain customer"})
        self.customer.property_account_receivable_id = self.env[
            "account.account"
        ].create(
            {
                "name": "Plain receivable",
                "code": "BENCH1",
                "account_type": "asset_receivable",
                "reconcile": True,
                "company_ids": [Command.set(self.company.ids)],
            }
        )

    # -- what is posted --------------------------------------------------------

    def claims(self, count):
        """``count`` claims, invoiced and submitted; not part of any measure."""
        patients = self._patients(range(self.made, self.made + count))
        encounters = self.env["rcm.encounter"].create(
            [self._encounter(patient) for patient in patients]
        )
        self.made += count
        self.env["rcm.charge"].create(
            [
                {
                    "encounter_id": encounter.id,
                    "external_ref": "C1",
                    "service_code_id": self.code.id,
                    "code": self.code.code,
                    "units": 1.0,
                    "amount": float(CHARGE),
                    "service_date": encounter.service_date,
                    "place_of_service": "11",
                    "diagnosis_pointers": "1",
                }
                for encounter in encounters
            ]
        )
        claims = self.builders.claims_of(encounters)
        claims._rcm_create_invoices()
        claims._rcm_mark_submitted(fields.Datetime.now())
        self.env.cr.commit()
        return claims

    def _patients(self, numbers):
        """A patient with a guarantor and a coverage for each number."""
        partners = self.env["res.partner"].create(
            [
                {
                    "name": f"Guarantor {number}",
                    "rcm_is_guarantor": True,
                    "rcm_account_number": f"G{number}",
                    "company_id": self.company.id,
                }
                for number in numbers
            ]
        )
        patients = self.env["rcm.patient.account"].create(
            [
                {
                    "name": f"BENCH{number}",
                    "mrn": f"BENCH{number}",
                    "first_name": "Test",
                    "last_name": "Sample",
                    "birth_date": "1980-01-01",
                    "facility_id": self.facility.id,
                    "company_id": self.company.id,
                    "guarantor_id": partner.id,
                }
                for number, partner in zip(numbers, partners, strict=True)
            ]
        )
        self.env["rcm.coverage"].create(
            [
                {
                    "patient_id": patient.id,
                    "payer_id": self.payer.id,
                    "sequence": 1,
                    "member_id": f"MEM{patient.name}",
                    "date_from": "2020-01-01",
                }
                for patient in patients
            ]
        )
        return patients

    def _encounter(self, patient):
        return {
            "number": f"E{patient.name}",
            "company_id": self.company.id,
            "facility_id": self.facility.id,
            "provider_group_id": self.group.id,
            "patient_id": patient.id,
            "guarantor_id": patient.guarantor_id.id,
            "coverage_ids": [Command.set(patient.coverage_ids.ids)],
            "service_date": date(2026, 3, 2),
            "place_of_service": "11",
            "diagnosis_codes": self.builders.DIAGNOSES,
            "rendering_npi": self.builders.NPI,
        }

    def remittance(self, claims):
        """The 835 that answers the claims, received and read."""
        answers = [
            self.era.clp(
                claim.name,
                CHARGE,
                PAID,
                patient=PATIENT,
                services=[
                    self.era.svc(
                        CHARGE,
                        PAID,
                        ("CO-45", CONTRACTUAL),
                        ("PR-2", PATIENT),
                        number=claim.line_ids.line_control_number,
                    )
                ],
            )
            for claim in claims
        ]
        content = self.era.interchange(
            self.era.st(PAID * len(claims), *answers, trace=f"BENCH{self.made}"),
            control=self.made + 1,
        )
        file = self.env["rcm.remittance.file"]._rcm_receive(
            content, "bench.835", "bench", company=self.company
        )
        file._rcm_read()
        self.env.cr.commit()
        return file.remittance_ids

    def invoices(self, count):
        """Plain customer invoices as any Odoo has them."""
        accounts = self.company._rcm_accounts()
        journal = self.env["account.journal"].search(
            [
                ("type", "=", "sale"),
                ("company_id", "=", self.company.id),
                ("id", "not in", self.company._rcm_journals().ids),
            ],
            limit=1,
        )
        income = self.env["account.account"].search(
            [
                ("account_type", "=", "income"),
                ("company_ids", "in", self.company.ids),
                ("id", "not in", [account.id for account in accounts.values()]),
            ],
            limit=1,
        )
        moves = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "journal_id": journal.id,
                    "partner_id": self.customer.id,
                    "invoice_date": "2026-03-02",
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "name": "Service",
                                "quantity": 1,
                                "price_unit": CHARGE,
                                "account_id": income.id,
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ],
                }
                for _number in range(count)
            ]
        )
        moves._post()
        self.env.cr.commit()
        return moves

    # -- what is measured ------------------------------------------------------

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
