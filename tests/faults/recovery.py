"""How long after a fault work goes on."""

import statistics

# Work that is due, and when anything was done since: what is logged, but for the doors.
WAITING = """
   (EXISTS (SELECT 1 FROM rcm_event WHERE state = 'received')
    OR EXISTS (SELECT 1 FROM rcm_remittance_file WHERE state = 'received')
    OR EXISTS (SELECT 1 FROM rcm_encounter WHERE billing_due))
"""
CLOCK = "SELECT clock_timestamp() AT TIME ZONE 'UTC'"
NEXT = """
SELECT extract(epoch FROM min(logged_at) - date_trunc('second', %s::timestamp))
  FROM rcm_audit_log
 WHERE logged_at > %s AND event <> 'event.received'
"""


class Recovery:
    """Moments of faults at which work was waiting, and when the next was done."""

    def __init__(self, run):
        self.run = run
        self.moments = []

    def is_waiting(self):
        """Whether there is something to do."""
        rows = self.run.query(f"SELECT {WAITING}")
        return bool(rows and rows[0][0])

    def mark(self):
        """A fault, now; it counts if there is something to do."""
        rows = self.run.query(f"SELECT {WAITING}, ({CLOCK})")
        if rows and rows[0][0]:
            self.moments.append(rows[0][1])

    def has_gone_on(self):
        """Whether anything was done since the last fault that counts."""
        if not self.moments:
            return True
        rows = self.run.query(NEXT, self.moments[-1], self.moments[-1])
        return bool(rows and rows[0][0] is not None)

    def judge(self, most_seconds):
        """Tell the figures; yield what is wrong."""
        seconds = []
        for moment in self.moments:
            [[after]] = self.run.query(NEXT, moment, moment)
            if after is None:
                yield f"nothing was done after the fault at {moment}"
            else:
                seconds.append(float(after))
        if not seconds:
            yield "no fault met work that was waiting: the scene proves nothing"
            return
        worst = _p95(seconds)
        self.run.notes.append(
            f"went on after {statistics.median(seconds):.0f} s, p95 {worst:.0f} s, "
            f"at most {max(seconds):.0f} s ({len(seconds)} times)"
        )
        if worst > most_seconds:
            yield f"work went on after {worst:.0f} s (p95) only"


def _p95(values):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, -(-len(ordered) * 95 // 100) - 1)]
