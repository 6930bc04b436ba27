"""What must be the same after a fault as without one: the books, and what was logged.

Read with plain SQL, independent of the suite. Nothing that may differ between two good
runs is in it: no ids, numbers drawn from sequences, dates, or attempts.
"""

import contextlib
import hashlib
import json
import re
from collections import Counter

import psycopg2

# A claim is named by its encounter: its own number is drawn at random.
CONTROL_NUMBER = re.compile(r"R[0-9A-Z]{11}")
ENTRY_NUMBER = re.compile(r"\b[A-Z]{2,8}/\d{4}/(?:\d{2}/)?\d+\b")
DRAWN_NUMBER = re.compile(r"\b(EX|SB|SO|RF)\d{6}\b")
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}\S*")
# Keys of changes that name records or moments, or hash something that does.
DROPPED_KEYS = re.compile(
    r"(_ids?|_at|_date|hash|digest|sha256|entry|move|attempts?|_uid)$|^(error_|awaited)"
)
# An attempt is none of the business: how often something was tried, and why again.
ATTEMPT_STATES = {"processing", "retry", "waiting_predecessor", "received"}

LINES = """
SELECT coalesce(encounter.number || ' v' || coalesce(claim.version, 0), '-') AS claim,
       account.code_store ->> '1' AS code, account.id AS account_id,
       coalesce(payer.code, partner.rcm_account_number, partner.name, '-') AS partner,
       line.balance
  FROM account_move_line line
  JOIN account_move move ON move.id = line.move_id AND move.state = 'posted'
  JOIN account_account account ON account.id = line.account_id
  LEFT JOIN rcm_claim claim ON claim.id = line.rcm_claim_id
  LEFT JOIN rcm_encounter encounter
    ON encounter.id = coalesce(line.rcm_encounter_id, claim.encounter_id)
  LEFT JOIN res_partner partner ON partner.id = line.partner_id
  LEFT JOIN rcm_payer payer ON payer.partner_id = partner.id
 WHERE move.rcm_kind IS NOT NULL
"""
OPEN = """
SELECT coalesce(encounter.number, '-'), sum(line.amount_residual)
  FROM account_move_line line
  JOIN account_move move ON move.id = line.move_id AND move.state = 'posted'
  JOIN account_account account ON account.id = line.account_id
   AND account.account_type = 'asset_receivable'
  LEFT JOIN rcm_claim claim ON claim.id = line.rcm_claim_id
  LEFT JOIN rcm_encounter encounter
    ON encounter.id = coalesce(line.rcm_encounter_id, claim.encounter_id)
 WHERE move.rcm_kind IS NOT NULL
 GROUP BY 1 HAVING sum(line.amount_residual) <> 0
"""
AUDIT = """
SELECT log.event, log.model, log.res_id, log.record_name, payload.body
  FROM rcm_audit_log log
  LEFT JOIN rcm_audit_payload payload ON payload.log_id = log.id
 WHERE log.id > %s
"""
POISON_CASES = "SELECT id FROM rcm_exception_case WHERE record_name LIKE '%poison%'"
OUTBOX = "SELECT event, record_name, body FROM rcm_delivery"
UNBALANCED = """
SELECT move.name, sum(line.balance)
  FROM account_move move JOIN account_move_line line ON line.move_id = move.id
 WHERE move.state = 'posted' GROUP BY move.id HAVING abs(sum(line.balance)) > 0.004
"""
DOUBLE_NUMBERS = """
SELECT journal_id, name, count(*) FROM account_move
 WHERE state = 'posted' GROUP BY 1, 2 HAVING count(*) > 1
"""
ENTRIES_TWICE = """
SELECT ref, amount_total, count(*) FROM account_move
 WHERE state = 'posted' AND rcm_kind = 'remittance' GROUP BY 1, 2 HAVING count(*) > 1
"""
GAPS = """
SELECT journal_id, sequence_prefix, max(sequence_number) - count(*)
  FROM account_move WHERE state = 'posted' AND rcm_kind IS NOT NULL
 GROUP BY 1, 2 HAVING max(sequence_number) <> count(*)
"""


class Picture:
    """The state of one database, in words that two runs can share."""

    def __init__(self, cr, since):
        """
        :param int since: the last audit row of the prepared database
        """
        self.claims = self._claims(cr)
        self.lines = self._lines(cr)
        self.open = self._open(cr)
        self.audit = self._audit(cr, since)
        self.outbox = self._outbox(cr)
        self.events = self._events(cr)
        self.faults = list(self._faults(cr))

    @classmethod
    def of(cls, cluster, database, since):
        """The picture of a database of the faults' cluster."""
        with contextlib.closing(psycopg2.connect(cluster.dsn(database))) as cnx:
            with cnx.cursor() as cr:
                return cls(cr, since)

    @property
    def digest(self):
        """SHA-256 of the sorted lines by claim, account, partner and amount."""
        return _digest(self.lines)

    # -- reading -----------------------------------------------------------------

    def _claims(self, cr):
        cr.execute(
            "SELECT claim.name, encounter.number FROM rcm_claim claim"
            " JOIN rcm_encounter encounter ON encounter.id = claim.encounter_id"
        )
        return {name: f"claim of {number}" for name, number in cr.fetchall()}

    def _lines(self, cr):
        cr.execute(LINES)
        rows = [
            "|".join((claim, code or str(account), partner, f"{amount:.2f}"))
            for claim, code, account, partner, amount in cr.fetchall()
        ]
        return Counter(rows)

    def _open(self, cr):
        cr.execute(OPEN)
        return Counter({f"open {name}|{left:.2f}": 1 for name, left in cr.fetchall()})

    def _audit(self, cr, since):
        cr.execute(AUDIT, [since])
        found = cr.fetchall()
        cr.execute(POISON_CASES)
        poisoned = {("rcm.exception.case", id_) for [id_] in cr.fetchall()}
        rows = Counter()
        for event, model, res_id, name, body in found:
            changes = self._changes(json.loads(body) if body else {})
            if "poison" in (name or "") or (model, res_id) in poisoned:
                continue
            if model == "rcm.event" and event.endswith("state_changed"):
                state = (changes.get("state") or [None, None])[1]
                if state in ATTEMPT_STATES:
                    continue
                changes = {"state": [None, state]}
            if model == "account.move":
                name = "entry"
            key = json.dumps(changes, sort_keys=True, default=str)
            rows[f"{event}|{self._words(name)}|{key}"] += 1
        return rows

    def _outbox(self, cr):
        """Messages by event, document and the change they tell of."""
        cr.execute(OUTBOX)
        rows = Counter()
        for event, name, body in cr.fetchall():
            change = json.loads(body).get("data", {}).get("state")
            rows[f"{event}|{self._words(name)}|{json.dumps(change)}"] += 1
        return rows

    def _events(self, cr):
        cr.execute("SELECT external_id, state, attempt_count FROM rcm_event")
        return {name: (state, count) for name, state, count in cr.fetchall()}

    def _faults(self, cr):
        for what, query in (
            ("out of balance", UNBALANCED),
            ("number twice", DOUBLE_NUMBERS),
            ("posted twice", ENTRIES_TWICE),
            ("gap in numbers", GAPS),
        ):
            cr.execute(query)
            for row in cr.fetchall():
                yield f"{what}: {' '.join(map(str, row))}"

    # -- words -------------------------------------------------------------------

    def _changes(self, value):
        """A change without what is drawn, dated or counted."""
        if isinstance(value, dict):
            return {
                self._words(key): self._changes(item)
                for key, item in value.items()
                if not DROPPED_KEYS.search(key)
            }
        if isinstance(value, list):
            return [self._changes(item) for item in value]
        return self._words(value) if isinstance(value, str) else value

    def _words(self, text):
        if not text:
            return text
        text = MOMENT.sub("moment", text)
        text = ENTRY_NUMBER.sub("number", text)
        text = DRAWN_NUMBER.sub("number", text)
        return CONTROL_NUMBER.sub(
            lambda found: self.claims.get(found.group(), found.group()), text
        )

    # -- comparing ---------------------------------------------------------------

    def differences(self, other, most=40):
        """What ``other`` (the run without faults) has more or less, in words."""
        found = []
        for what in ("lines", "open", "audit", "outbox"):
            mine, theirs = getattr(self, what), getattr(other, what)
            for sign, surplus in (("+", mine - theirs), ("-", theirs - mine)):
                for row, count in sorted(surplus.items()):
                    found.append(f"{what} {sign}{count} {row}")
        return found[:most] + ([f"… {len(found)} in all"] if len(found) > most else [])


def _digest(rows):
    lines = [row for row, count in sorted(rows.items()) for _ in range(count)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def last_audit_row(cluster, database):
    """Where the audit log of a prepared database ends."""
    [[last]] = cluster.query(database, "SELECT coalesce(max(id), 0) FROM rcm_audit_log")
    return last
