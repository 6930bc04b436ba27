"""``python3 -m x12``: shape of the JSON, text, exit status. Runs without Odoo."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from odoo.tests import BaseCase, tagged

from .x12_builders import CLAIM, bpr, file_of, payment_file, st

MODULE = Path(__file__).resolve().parents[1]


def run(data, *arguments):
    """Exit status and output for a file with this content."""
    with tempfile.NamedTemporaryFile(suffix=".835") as file:
        file.write(data)
        file.flush()
        done = subprocess.run(
            [sys.executable, "-I", "-c", LAUNCH, file.name, *arguments],
            cwd=MODULE,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    return done.returncode, done.stdout, done.stderr


# -I hides Odoo's PYTHONPATH: what runs here is the package alone.
LAUNCH = (
    "import sys, runpy; sys.path.insert(0, '.');"
    "runpy.run_module('x12', run_name='__main__', alter_sys=True)"
)


@tagged("post_install", "-at_install")
class TestX12Command(BaseCase):
    def test_json_of_a_balanced_file(self):
        body = (*CLAIM, "CLP*B2*4*10.00*0.00**12*PCN2", "CAS*CO*31*10.00")
        data = payment_file(*body, "PLB*1*20261231*WO:X*10.00", amount="70.00")
        status, output, _ = run(data, "--json")
        self.assertEqual(status, 0)
        self.assertEqual(
            json.loads(output),
            {
                "interchanges": [
                    {
                        "control_number": "000000001",
                        "transactions": [
                            {
                                "st02": "0001",
                                "bpr01": "I",
                                "bpr02": "70.00",
                                "bpr04": "ACH",
                                "trn02": "TRACE1",
                                "claims": 2,
                                "lines": 1,
                                "plb_total": "10.00",
                                "status_codes": {"1": 1, "4": 1},
                                "balanced": {
                                    "line": True,
                                    "claim": True,
                                    "transaction": True,
                                },
                                "findings": [],
                            }
                        ],
                    }
                ],
                "findings": [],
            },
        )

    def test_json_of_a_faulty_file(self):
        data = file_of(st(*CLAIM, payment=bpr("81.00")), count=2)
        status, output, _ = run(data, "--json")
        self.assertEqual(status, 1)
        read = json.loads(output)
        [found] = read["findings"]
        self.assertEqual(found["code"], "iea_count_wrong")
        [transaction] = read["interchanges"][0]["transactions"]
        self.assertEqual(transaction["plb_total"], "0")
        self.assertEqual(
            transaction["balanced"], {"line": True, "claim": True, "transaction": False}
        )
        self.assertEqual(
            transaction["findings"],
            [
                {
                    "code": "transaction_out_of_balance",
                    "severity": "error",
                    "offset": data.index(b"BPR"),
                    "expected": "80.00",
                    "actual": "81.00",
                }
            ],
        )

    def test_text(self):
        status, output, _ = run(payment_file(*CLAIM, amount="80.01"))
        self.assertEqual(status, 1)
        self.assertIn("ST 0001: BPR I 80.01 ACH, trace TRACE1", output)
        self.assertIn("transaction OUT OF BALANCE", output)
        self.assertIn("transaction_out_of_balance", output)
        self.assertIn("expected 80.00 actual 80.01", output)
        self.assertNotIn("SYNTHETIC*", output)
        self.assertNotIn("CASE", output)

    def test_warnings_alone_are_success(self):
        data = payment_file(*CLAIM, lx=None)
        self.assertEqual(run(data)[0], 0)

    def test_cut_off_file(self):
        data = payment_file(*CLAIM)
        self.assertEqual(run(data[: len(data) // 2], "--json")[0], 1)
        self.assertEqual(run(data[: data.index(b"ST*")], "--json")[0], 1)

    def test_not_an_835(self):
        status, output, _ = run(b"hello", "--json")
        self.assertEqual(status, 2)
        read = json.loads(output)
        self.assertEqual(read["interchanges"], [])
        self.assertEqual(read["findings"][0]["code"], "not_x12")
        other = payment_file(*CLAIM).replace(b"ST*835", b"ST*277")
        other = other.replace(b"GS*HP", b"GS*HN")
        status, output, _ = run(other, "--json")
        self.assertEqual(status, 2)
        self.assertIn("not_835", output)
        self.assertEqual(run(other + b"trailing")[0], 2)
        self.assertEqual(run(b"")[0], 2)

    def test_missing_file(self):
        done = subprocess.run(
            [sys.executable, "-m", "x12", "no-such-file"],
            cwd=MODULE,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        self.assertEqual(done.returncode, 2)
        self.assertIn("No such file", done.stderr)
