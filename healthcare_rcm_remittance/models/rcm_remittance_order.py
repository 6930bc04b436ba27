from dataclasses import replace

from odoo import models
from odoo.tools import SQL

from ..settlement.claim_checks import DENIED, PROCESSED, REVERSAL
from ..settlement.plan import PAYMENT_ONLY, PRENOTE
from ..settlement.reversal import without_original
from .rcm_remittance_sequence import WAITING_STATES

# Read and not posted yet, whatever it waits for.
ON_ITS_WAY = ("received", "parsed", "balanced", "matched", "approval", "held")
LEAVES_FROM = frozenset({"balanced", "matched", "approval", "held"})
LEAVES_TO = frozenset({"posted", "posted_with_parked", "rejected", "duplicate"})
DECISIONS = (*PROCESSED, DENIED)


class RcmRemittance(models.Model):
    """The order of remittances: a decision before what takes it back, and before the
    one of the next payer.

    Files come and are worked off in any order. What builds on a decision waits for the
    earlier remittance that carries it, while that one is on its way.
    """

    _inherit = "rcm.remittance"

    # ------------------------------------------------------------------
    # Waiting
    # ------------------------------------------------------------------
    def _rcm_add_awaited(self, transaction, overrides, facts):
        """``facts`` with the remittance that a claim here has to wait for.

        Asked only where something has to come first and is not posted: what a reversal
        takes back, or the decision of a payer before.
        """
        wanted = self._rcm_wanted_first(transaction, overrides, facts)
        if not wanted:
            return facts
        earlier = self._rcm_earlier_decisions(sorted(wanted))
        awaited = {
            number: replace(facts[number], awaits=remittance.display_name)
            for number, remittance in earlier.items()
        }
        return {**facts, **awaited}

    def _rcm_wanted_first(self, transaction, overrides, facts):
        """{(control number, payer who decides first)} of what is not posted."""
        payer_id, reversals, wanted = self.payer_id.id, [], set()
        for claim in transaction.claims:
            override = overrides.get(claim.index)
            number = override and override.control_number or claim.control_number
            known = facts.get(number)
            if known and claim.status == REVERSAL:
                reversals.append((claim, known))
            elif known:
                before = known.undecided_before(payer_id)
                wanted.update((number, other) for other in before)
        missing = without_original(reversals, payer_id)
        return wanted | {(number, payer_id) for number in missing}

    def _rcm_earlier_decisions(self, wanted):
        """``{control number: earlier remittance on its way that decides on it}``

        Earlier is by day of payment, else of receipt (in UTC, so that everybody counts
        alike), and then by arrival: no two remittances are ever both the earlier one,
        so they cannot wait for each other. Of several the earliest. Where a payer has
        not been looked up yet, its trace number (TRN03) tells whether it is ours.

        :param wanted: [(control number, payer id)]
        """
        self.ensure_one()
        numbers, payers = zip(*wanted, strict=True)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (claim.control_number)
                       claim.control_number, other.id
                  FROM rcm_remittance own
                  JOIN unnest(%s::text[], %s::int[]) AS wanted (number, payer_id)
                    ON TRUE
                  JOIN rcm_remittance_claim claim
                    ON claim.control_number = wanted.number
                  JOIN rcm_remittance other ON other.id = claim.remittance_id
                   AND other.company_id = own.company_id
                 WHERE own.id = %s
                   AND claim.status = ANY(%s) AND claim.state = 'open'
                   AND other.state = ANY(%s) AND other.duplicate_of_id IS NULL
                   AND COALESCE(other.handling, '') <> ALL(%s)
                   AND (other.payer_id = wanted.payer_id
                        OR (other.payer_id IS NULL
                            AND (COALESCE(other.payer_trace_id, '')
                                 = COALESCE(own.payer_trace_id, ''))
                                = (wanted.payer_id = own.payer_id)))
                   AND (%s, other.id) < (%s, own.id)
                 ORDER BY claim.control_number, %s, other.id
                """,
                list(numbers),
                list(payers),
                self.id,
                list(DECISIONS),
                list(ON_ITS_WAY),
                [PAYMENT_ONLY, PRENOTE],
                _day_of("other"),
                _day_of("own"),
                _day_of("other"),
            )
        )
        return {number: self.browse(id_) for number, id_ in rows}

    # ------------------------------------------------------------------
    # Going on
    # ------------------------------------------------------------------
    def _rcm_set_state(self, new_state, **vals):
        """What is posted, refused or a duplicate is waited for no longer."""
        leaving = self.browse()
        if new_state in LEAVES_TO:
            leaving = self.filtered(lambda item: item.state in LEAVES_FROM)
        result = super()._rcm_set_state(new_state, **vals)
        leaving._rcm_wake_followers()
        return result

    def _rcm_wake_followers(self):
        """Take up other remittances that wait, whole or in a parked claim, with a
        control number of these."""
        if not self:
            return
        self.flush_model(["state"])
        self.env["rcm.remittance.claim"].flush_model(["state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT other.id
                  FROM rcm_remittance_claim mine
                  JOIN rcm_remittance_claim claim
                    ON claim.control_number = mine.control_number
                   AND claim.company_id = mine.company_id
                   AND claim.remittance_id <> mine.remittance_id
                  JOIN rcm_remittance other ON other.id = claim.remittance_id
                 WHERE mine.remittance_id = ANY(%s)
                   AND (other.state = ANY(%s)
                        OR (other.state = 'posted_with_parked'
                            AND claim.state = 'parked'))
                """,
                self.ids,
                list(WAITING_STATES),
            )
        )
        self.browse(id_ for [id_] in rows)._rcm_wake_again()


def _day_of(alias):
    """The day a remittance counts from, in SQL."""
    return SQL(
        """
        COALESCE(%(remittance)s.payment_date, (
            SELECT file.create_date::date FROM rcm_remittance_file file
             WHERE file.id = %(remittance)s.file_id
        ), %(remittance)s.create_date::date)
        """,
        remittance=SQL.identifier(alias),
    )
