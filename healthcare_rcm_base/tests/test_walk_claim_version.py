from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo import fields
from odoo.tests import tagged

from . import builders
from .ledger_common import LedgerCase, difference
from .walk_common import WalkMixin, profile, surely

STEPS = (
    "late",
    "correct",
    "void",
    "send",
    "accept",
    "reject",
    "decide",
    "withdraw",
    "drop_draft",
)
# Walks begin somewhere on a usual way, and go on at random.
BEGUN = (
    (),
    ("send", "accept"),
    ("send", "accept", "decide", "late", "correct", "send"),
    ("send", "accept", "decide", "void"),
)
STANDS_NOT = ("superseded", "void")


@tagged("post_install", "-at_install")
class TestWalkClaimVersion(WalkMixin, LedgerCase):
    """However a claim is corrected, it is asked for once."""

    def test_never_twice_billed(self):
        self.walk()
        self.assert_reached(
            "draft", "submitted", "accepted", "superseded", "7", "8", "two followers"
        )

    @profile(12)
    @surely("begun", BEGUN, mode="replacement", steps=[])
    @given(
        st.sampled_from(BEGUN),
        st.sampled_from(("replacement", "line", "reopening", "new")),
        st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 99)), max_size=10),
    )
    def walk(self, begun, mode, steps):
        before = self.trial_balance()
        claim = builders.invoiced_claim(self.env, charge="1000", expected="400")
        claim.payer_id.correction_mode = mode
        for step, figure in (*((step, 1) for step in begun), *steps):
            self.attempt(self.take, claim, step, figure)
            self.check(claim, difference(self.trial_balance(), before))

    def versions(self, claim):
        return self.env["rcm.claim"].search(
            [("name", "=", claim.name)], order="version"
        )

    def take(self, claim, step, figure):
        versions = self.versions(claim)
        latest = versions[-1]
        if step == "late":
            self.late(claim.encounter_id, figure)
        elif step == "correct":
            latest._rcm_correct("Walk")
        elif step == "void":
            latest._rcm_new_version("8", "Walk")
        elif step == "send":
            if latest.state == "draft":
                latest._rcm_refresh()._rcm_validate()
                latest._rcm_clear()
            latest._rcm_mark_submitted(fields.Datetime.now())
        elif step == "accept":
            latest._rcm_apply_status("accepted", payer_claim_number=f"P{figure}")
        elif step == "reject":
            latest._rcm_apply_status("rejected", reason="A7:33")
        elif step == "decide":
            latest._rcm_mark_adjudicated()
        elif step == "withdraw":
            latest._rcm_withdraw()
        elif step == "drop_draft" and latest.replaces_id:
            latest._rcm_void()

    def late(self, encounter, figure):
        if encounter.state in ("billed", "closed"):
            encounter._rcm_set_state("reopened")
        charge = encounter.charge_ids[:1].copy(
            {
                "encounter_id": encounter.id,
                "external_ref": encounter._rcm_free_ref("LATE"),
                "replaces_id": False,
            }
        )
        charge.write({"amount": float(figure), "modifiers": "76"})

    def check(self, claim, ledger):
        versions = self.versions(claim)
        versions.invalidate_recordset()
        self.reach(*versions.mapped("state"), *versions.mapped("frequency_code"))
        if len(versions) > 2:
            self.reach("two followers")
        self.assertEqual(
            versions.mapped("version"), list(range(1, len(versions) + 1)), "no gaps"
        )
        standing = versions.filtered(lambda item: item._rcm_stands())
        self.assertLessEqual(len(standing), 1, "one version asks")
        invoiced = [
            item
            for item in standing
            if any(one.invoice_state == "posted" for one in versions)
        ]
        asked = sum((Decimal(str(item.total_charge)) for item in invoiced), Decimal(0))
        revenue = -ledger.get("revenue", Decimal(0))
        self.assertEqual(revenue, asked, "in the books what the claim asks for")
        self.assertEqual(ledger.get("receivable_payer", Decimal(0)), asked)
        self.assertEqual(
            Decimal(str(sum(versions.mapped("open_balance")))).quantize(
                Decimal("0.01")
            ),
            asked,
        )
        for item in versions:
            if item.frequency_code != "1":
                self.assertTrue(item.original_reference, "REF*F8")
        live = versions.filtered(lambda item: item.state not in STANDS_NOT)
        followed = live.filtered(lambda item: item._rcm_successor())
        self.assertLessEqual(len(live - followed), 1, "one draft or one that stands")
