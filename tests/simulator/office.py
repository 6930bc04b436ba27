"""What the clinic's people do during the period, kept as *deeds* beside the events.

A deed says what was agreed or done in numbers, so that both reckonings can count it
without asking the suite.
"""

import json
from datetime import date

from . import world

ADMINISTRATOR, BILLER, FINANCE = "administrator", "biller", "finance_manager"
SYSTEM = "admin"  # scheduled actions are run by hand in Odoo's own settings


class Office:
    """The people of the clinic at work.

    :param people: see :class:`~.people.People`; tests give one without a server
    :param client: keeps what was done
    """

    def __init__(self, people, client, today: date):
        self.people = people
        self.client = client
        self.today = today
        self.deeds: list[dict] = []

    # ------------------------------------------------------------------
    # Agreements
    # ------------------------------------------------------------------
    def agree(self) -> None:
        """A taxed service, a client with its prices, a package, a monthly contract."""
        self._make_taxed_service()
        codes = {*world.CLIENT_PRICES, *world.PACKAGE_CODES, world.CONTRACT_SERVICE}
        self.services = {code: self._find("rcm.service.code", code) for code in codes}
        self.customer = self._make_client()
        self._make_package()
        self._make_contract()

    def _make_taxed_service(self) -> None:
        """A service that patients pay a sales tax on, owed where sales taxes are."""
        [owed] = self.people.call(
            SYSTEM,
            "account.tax.repartition.line",
            "search_read",
            [
                ("repartition_type", "=", "tax"),
                ("document_type", "=", "invoice"),
                ("account_id", "!=", False),
                ("tax_id.type_tax_use", "=", "sale"),
            ],
            ["account_id"],
            limit=1,
        )
        account, _name = owed["account_id"]
        shares = [
            (0, 0, {"repartition_type": "base"}),
            (0, 0, {"repartition_type": "tax", "account_id": account}),
        ]
        tax = self._create(
            SYSTEM,
            "account.tax",
            name=world.TAX_NAME,
            amount=float(world.TAX_PERCENT),
            amount_type="percent",
            type_tax_use="sale",
            price_include_override="tax_excluded",
            invoice_repartition_line_ids=shares,
            refund_repartition_line_ids=shares,
        )
        self._create(
            ADMINISTRATOR,
            "rcm.service.code",
            code=world.TAXED,
            name="Elective item",
            standard_charge=float(world.SERVICES[world.TAXED].charge),
            tax_ids=[(6, 0, [tax])],
        )
        self._note("tax_agreed", code=world.TAXED, percent=world.TAX_PERCENT)

    def _make_client(self) -> int:
        customer = self._create(
            ADMINISTRATOR,
            "rcm.client",
            name=world.CLIENT_NAME,
            code=world.CLIENT,
            kind="physician",
            charge_percent=float(world.CLIENT_PERCENT),
            price_ids=[
                (0, 0, {"service_code_id": self.services[code], "amount": float(price)})
                for code, price in world.CLIENT_PRICES.items()
            ],
        )
        self._create(
            ADMINISTRATOR, "rcm.invoice.rule", client_id=customer, rule="client"
        )
        self._note(
            "client_agreed",
            client=world.CLIENT,
            prices=world.CLIENT_PRICES,
            percent=world.CLIENT_PERCENT,
        )
        return customer

    def _make_package(self) -> None:
        self.package = self._create(
            ADMINISTRATOR,
            "rcm.service.package",
            name="Check-up",
            code=world.PACKAGE,
            price=float(world.PACKAGE_PRICE),
            component_ids=[
                (0, 0, {"service_code_id": self.services[code]})
                for code in world.PACKAGE_CODES
            ],
        )

    def _make_contract(self) -> None:
        """Begins with the month that many months before this one, one of them ours."""
        first = self.today.replace(day=1)
        for _ in range(world.CONTRACT_MONTHS - 1):
            first = (first.replace(day=1) - date.resolution).replace(day=1)
        self.contract = self._create(
            FINANCE,
            "rcm.service.contract",
            name=f"{world.CLIENT}-ROOM",
            client_id=self.customer,
            facility_id=self._find("rcm.facility", "MAIN"),
            date_from=first.isoformat(),
            line_ids=[
                (
                    0,
                    0,
                    {
                        "service_code_id": self.services[world.CONTRACT_SERVICE],
                        "price": float(world.CONTRACT_PRICE),
                    },
                )
            ],
        )
        self.people.call(
            FINANCE, "rcm.service.contract", "action_activate", [self.contract]
        )

    # ------------------------------------------------------------------
    # Days of work
    # ------------------------------------------------------------------
    def sell_packages(self, encounters) -> None:
        """Sell the check-up to whom it was promised."""
        for encounter in encounters:
            if not encounter.package:
                continue
            sale = self._create(
                BILLER,
                "rcm.package.sell",
                encounter_id=self._encounter(encounter),
                package_id=self.package,
            )
            self.people.call(BILLER, "rcm.package.sell", "action_sell", [sale])
            self._note(
                "package_sold", encounter=encounter.number, price=encounter.package
            )

    def submit_batch(self, claims) -> str:
        """Gather, export and send these claims; returns the number of the batch."""
        numbers = [claim.control_number for _encounter, claim in claims]
        ids = self.people.call(BILLER, "rcm.claim", "search", [("name", "in", numbers)])
        self.people.call(BILLER, "rcm.claim", "action_add_to_batch", ids)
        [batch] = self.people.call(
            BILLER, "rcm.submission.batch", "search", [("state", "=", "draft")]
        )
        for step in ("action_export", "action_mark_submitted"):
            self.people.call(BILLER, "rcm.submission.batch", step, [batch])
        [values] = self.people.call(
            BILLER, "rcm.submission.batch", "read", [batch], ["name"]
        )
        self._note(
            "batch_submitted",
            batch=values["name"],
            claims=[
                {
                    "control_number": claim.control_number,
                    "encounter": encounter.number,
                    "payer": claim.payers[0],
                }
                for encounter, claim in claims
            ],
        )
        return values["name"]

    def void(self, control_number: str) -> None:
        """Prepare the void of a billed claim."""
        [claim] = self.people.call(
            BILLER, "rcm.claim", "search", [("name", "=", control_number)]
        )
        wizard = self._create(
            BILLER,
            "rcm.claim.correction",
            claim_id=claim,
            frequency="8",
            reason="Billed by mistake",
        )
        self.people.call(BILLER, "rcm.claim.correction", "action_confirm", [wizard])
        self._note("claim_voided", control_number=control_number)

    def invoice_clients(self) -> None:
        """Invoice the month before and the periods of contracts, a week early."""
        self.people.call(
            ADMINISTRATOR,
            "rcm.client",
            "write",
            [self.customer],
            {"next_invoice_date": self.today.isoformat()},
        )
        for action in ("cron_client_invoices", "cron_bill_contracts"):
            self._run(action)
        drafts = self.people.call(
            BILLER,
            "rcm.client.invoice",
            "search",
            [("client_id", "=", self.customer), ("state", "=", "draft")],
        )
        self.people.call(BILLER, "rcm.client.invoice", "action_post", drafts)
        self._note(
            "clients_invoiced",
            client=world.CLIENT,
            until=(self.today.replace(day=1) - date.resolution).isoformat(),
        )
        self._note(
            "contract_billed",
            client=world.CLIENT,
            price=world.CONTRACT_PRICE,
            months=world.CONTRACT_MONTHS,
        )

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    def _run(self, action: str) -> None:
        """Run a scheduled action now."""
        [found] = self.people.call(
            SYSTEM,
            "ir.model.data",
            "search_read",
            [("module", "=", "healthcare_rcm_base"), ("name", "=", action)],
            ["res_id"],
        )
        self.people.call(SYSTEM, "ir.cron", "method_direct_trigger", [found["res_id"]])

    def _encounter(self, encounter) -> int:
        [found] = self.people.call(
            BILLER, "rcm.encounter", "search", [("number", "=", encounter.number)]
        )
        return found

    def _find(self, model: str, code: str) -> int:
        [found] = self.people.call(
            ADMINISTRATOR, model, "search", [("code", "=", code)]
        )
        return found

    def _create(self, login: str, model: str, **values) -> int:
        [made] = self.people.call(login, model, "create", [values])
        return made

    def _note(self, kind: str, **data) -> None:
        deed = {
            "id": f"deed-{len(self.deeds) + 1}",
            "type": f"person.{kind}",
            "data": data,
        }
        self.deeds.append(deed)
        self.client.keep("events.jsonl", json.dumps(deed, default=str).encode() + b"\n")
