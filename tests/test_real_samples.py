"""Public 835 files through the same door as everybody's, against a table.

The files are not part of this repository: the folder is the one the environment
variable ``RCM_SAMPLES_835`` names, else ``shared/samples/x12_835`` beside it.
"""

import os
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from odoo.tests import tagged

from odoo.addons.healthcare_rcm_remittance.tests.remittance_common import RemittanceCase
from odoo.addons.healthcare_rcm_remittance.x12.reader import read_all

from .sample_claims import SampleClaims

FOLDER = Path(
    os.environ.get("RCM_SAMPLES_835")
    or Path(__file__).resolve().parents[2] / "shared" / "samples" / "x12_835"
)


class Outcome(NamedTuple):
    """What must become of a file's one ST."""

    amount: str
    state: str
    findings: frozenset = frozenset()
    parked: int = 0
    cases: frozenset = frozenset()
    test_file: bool = True
    # no BPR16: held until a person lets it count from its receipt, then as above
    undated: bool = False


# In the order of the file names, which is the order of import: a payment key that
# comes again later in the table is the same payment.
TABLE = {
    # OA-94 without its counterpart: paid above the open balance (reference ledger t).
    # Its BPR has fifteen elements, the date stands as BPR15: no BPR16
    "LinuxForHealth-x12__cob-contractural-adjustment.835": Outcome(
        "34.00",
        "posted",
        frozenset({"payment_date_invalid", "procedure_unreadable"}),
        undated=True,
    ),
    # PLB CV has no account of ours: a person has to map it, the ST waits
    "LinuxForHealth-x12__demo.835": Outcome(
        "150000.00", "held", cases=frozenset({"remittance_plb_unmapped"})
    ),
    # BPR16 says 20002316, and CO-A2 left the code list long ago: no rule, both park
    "LinuxForHealth-x12__managed-care.835": Outcome(
        "945.00",
        "posted_with_parked",
        frozenset({"payment_date_invalid"}),
        parked=2,
        cases=frozenset({"adjustment_unknown"}),
        undated=True,
    ),
    # a second payer: OA-23 verified against what the first one paid, never posted.
    # The date is BPR15 again; ISA13, GS06 and ST02 are those of the demo file
    "LinuxForHealth-x12__secondary-payment.835": Outcome(
        "1222.00",
        "posted",
        frozenset({"payment_date_invalid", "procedure_unreadable"}),
        cases=frozenset({"interchange_repeated"}),
        undated=True,
    ),
    # three claims under one CLP01: which is which cannot be known, all park
    "affect-therapeutics-edi-835-parser__emedny_sample.txt": Outcome(
        "45.75",
        "posted_with_parked",
        parked=3,
        cases=frozenset({"claim_unmatched"}),
    ),
    # the payment key of the demo file again (150000 is 150000.00), yet its TS3 says
    # something else: same remittance or trace used again, a person decides
    "kputnam-stupidedi__dollars-and-data-sent-together.edi": Outcome(
        "150000.00", "held", cases=frozenset({"remittance_trace_reused"})
    ),
    "kputnam-stupidedi__era-sample.edi": Outcome("132.00", "posted", test_file=False),
    # nine claims under one CLP01; ISA13, GS06 and ST02 of the file above with another
    # payment, which is told and goes on
    "kputnam-stupidedi__multiple-claims-single-check.edi": Outcome(
        "810.80",
        "posted_with_parked",
        parked=9,
        cases=frozenset({"claim_unmatched", "interchange_repeated"}),
        test_file=False,
    ),
}


@tagged("post_install", "-at_install")
class TestRealSamples(RemittanceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # the samples' charges are not ours to edit or approve
        cls.env["rcm.validation.rule"].search([]).active = False
        policies = cls.env["rcm.approval.policy"].search([])
        policies.filtered("step_ids").active = False
        policies.filtered("active").amount_to = 0

    def setUp(self):
        super().setUp()
        if not FOLDER.is_dir():
            self.skipTest(f"no sample files at {FOLDER}; set RCM_SAMPLES_835")

    def _import(self, name, content):
        file = self.env["rcm.remittance.file"]._rcm_receive(
            content, name, "test", company=self.company
        )
        file._rcm_read()
        file.remittance_ids._rcm_process()
        return file

    def _prepare(self, samples, content):
        for interchange in read_all(content).interchanges:
            for transaction in interchange.transactions:
                samples.prepare(transaction)

    def test_every_file_ends_as_the_table_says(self):
        self.company.rcm_accept_test_files = True
        samples = SampleClaims(self)
        names = sorted(path.name for path in FOLDER.iterdir())
        self.assertEqual(names, list(TABLE))
        for name, want in TABLE.items():
            with self.subTest(file=name):
                content = (FOLDER / name).read_bytes()
                self._prepare(samples, content)
                self._check(self._import(name, content), want)

    def _check(self, file, want):
        remittance = file.remittance_ids
        self.assertEqual(len(remittance), 1)
        if want.undated:
            self._check_held_for_its_date(remittance)
        self.assertEqual(remittance.state, want.state)
        self.assertEqual(f"{remittance.amount:.2f}", want.amount)
        self.assertEqual(remittance.test_file, want.test_file)
        found = {item["code"] for item in remittance.findings or []}
        self.assertEqual(found - {"test_interchange"}, set(want.findings))
        self.assertEqual(remittance.parked_count, want.parked)
        documents = [remittance, *remittance.claim_ids]
        cases = {code for document in documents for code in self.case_types(document)}
        self.assertEqual(cases, set(want.cases))
        if want.state.startswith("posted"):
            self._check_entry(remittance)
        else:
            self.assertFalse(remittance.move_id)

    def _check_held_for_its_date(self, remittance):
        """Nothing is posted without BPR16; then a person dates it by its receipt."""
        self.assertFalse(remittance.payment_date)
        self.assertEqual(remittance.state, "held")
        self.assertFalse(remittance.move_id)
        self.assertIn("remittance_held", self.case_types(remittance))
        self.assertIn("payment_undated", str(remittance.plan["stops"]))
        remittance.action_date_by_receipt()

    def _check_entry(self, remittance):
        """Net clearing is BPR02; what is parked waits on unapplied cash."""
        balances = {
            purpose: sum(
                line.balance
                for line in remittance.move_id.line_ids
                if line.account_id == self.company._rcm_account(purpose)
            )
            for purpose in ("clearing", "unapplied_payer_cash")
        }
        parked = remittance.claim_ids.filtered(lambda claim: claim.state == "parked")
        self.assertAlmostEqual(balances["clearing"], remittance.amount)
        self.assertAlmostEqual(
            balances["unapplied_payer_cash"], -sum(parked.mapped("paid"))
        )

    def test_test_files_are_refused_unless_the_company_takes_them(self):
        samples = SampleClaims(self)
        for name, want in TABLE.items():
            with self.subTest(file=name):
                content = (FOLDER / name).read_bytes()
                self._prepare(samples, content)
                remittance = self._import(name, content).remittance_ids
                if want.test_file:
                    self.assertEqual(remittance.state, "rejected")
                    self.assertEqual(
                        self.case_types(remittance), ["remittance_test_file"]
                    )
                    self.assertFalse(remittance.move_id)
                else:
                    self.assertEqual(remittance.state, want.state)

    def test_a_broken_copy_is_refused_with_the_place(self):
        """One cent off at each level that the file has."""
        self.company.rcm_accept_test_files = True
        for name in TABLE:
            content = (FOLDER / name).read_bytes()
            for level, copy in broken_copies(content).items():
                with self.subTest(file=name, level=level):
                    remittance = self._import(f"{level}-{name}", copy).remittance_ids
                    self.assertEqual(remittance.state, "rejected")
                    self.assertFalse(remittance.move_id)
                    findings = {
                        item["code"]: item["location"]
                        for item in remittance.findings
                        if item["severity"] == "error"
                    }
                    code = f"{level}_out_of_balance"
                    self.assertIn(code, findings)
                    place = {"line": "SVC", "claim": "CLP", "transaction": "ST"}[level]
                    self.assertIn(place, findings[code])
                    self.assertIn("remittance_refused", self.case_types(remittance))


def broken_copies(content):
    """{level: bytes}: SVC03, CLP04 or BPR02 of the file raised by one cent."""
    element, terminator = content[3:4], content[105:106]
    segments = content.split(terminator)
    copies = {}
    for level, tag, place in (
        ("line", b"SVC", 3),
        ("claim", b"CLP", 4),
        ("transaction", b"BPR", 2),
    ):
        for index, segment in enumerate(segments):
            parts = segment.split(element)
            if parts[0].strip() == tag:
                raised = Decimal(parts[place].decode()) + Decimal("0.01")
                parts[place] = f"{raised:f}".encode()
                changed = [*segments]
                changed[index] = element.join(parts)
                copies[level] = terminator.join(changed)
                break
    return copies
