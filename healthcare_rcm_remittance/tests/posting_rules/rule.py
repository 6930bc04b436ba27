"""A rule, its test and its switch; where the tests and the code of rules are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """``test`` is "file.Class.method"; ``off`` makes a context without the rule."""

    section: str
    text: str
    test: str
    off: object

    @property
    def needs_database(self) -> bool:
        """Whether its test works on records."""
        return self.test.startswith(("test_remittance_", "test_rcm_"))


ENVELOPE = "test_x12_envelope.TestX12Envelope.test_"
TRANSACTION = "test_x12_transaction.TestX12Transaction.test_"
CLAIM_READ = "test_x12_claim.TestX12Claim.test_"
BALANCE = "test_x12_balance.TestX12Balance.test_"
PARKED = "test_settlement_parked.TestParkedClaims.test_"
HELD = "test_settlement_held.TestHeldRemittances.test_"
REVERSAL = "test_settlement_reversals.TestReversals.test_"
WAITS = "test_settlement_reversals.TestWaiting.test_"
ADJUST = "test_settlement_adjustments.TestAdjustments.test_"
MATCH = "test_settlement_matching.TestMatching.test_"
STATUS = "test_settlement_statuses.TestStatuses.test_"
NUMBER = "test_settlement_statuses.TestNumbers.test_"
CONTRACT = "test_settlement_statuses.TestContract.test_"
ASSUMED = "test_settlement_statuses.TestAssumptions.test_"
PROVIDER = "test_settlement_provider.TestProviderAdjustments.test_"
LEDGER = "test_settlement_ledgers.TestLedgers.test_"
RECEIVE = "test_remittance_receive.TestRemittanceReceive.test_"
DUPLICATE = "test_remittance_duplicates.TestRemittanceDuplicates.test_"
SEQUENCE = "test_remittance_sequence.TestRemittanceSequence.test_"
POST = "test_remittance_post.TestRemittancePost.test_"
ORDER = "test_remittance_order.TestRemittanceOrder.test_"
TAKEBACKS = "test_remittance_ledger_takebacks.TestRemittanceLedgerTakebacks.test_"

READ = "models.rcm_remittance_read:RcmRemittance."
PARTIES = "models.rcm_remittance_parties:RcmRemittance."
SEQUENCING = "models.rcm_remittance_sequence:RcmRemittance."
ORDERING = "models.rcm_remittance_order:RcmRemittance."
CLAIM = "settlement.claim:"
CHECKS = "settlement.claim_checks:"
