"""The whole log of events, played again into a database in which nothing happened."""

import base64
import json
import re

from .ledger import Picture
from .scene import Scene
from .sender import TRY_SECONDS

CONTROL_NUMBER = re.compile(r"R[0-9A-Z]{11}")
# A claim is known by its encounter and its place among the encounter's claims.
CLAIMS = """
SELECT encounter.number,
       row_number() OVER (PARTITION BY encounter.id ORDER BY claim.id),
       claim.name
  FROM rcm_claim claim JOIN rcm_encounter encounter ON encounter.id = claim.encounter_id
"""
LOG = "SELECT external_id, payload FROM rcm_event ORDER BY id"


class ReplayLog(Scene):
    """What was received is all there is: from it the same books are made again.

    Control numbers of claims are drawn by the database that makes the claim; what
    names one (a remittance, a status) is sent again with the number that the same
    claim of the same encounter has in the new database. Nothing else is changed.

    All of it comes at once, so a remittance may be held until its claim is submitted,
    and the log tells so: compared are the books and what is left open, to the line.
    """

    name, summary = "replay_log", "the log of events, replayed into an empty database"
    compared = False

    def feed(self, run):
        super().feed(run)
        run.settle()
        log, before = run.query(LOG), dict(self._claims(run))
        first = self._picture(run)
        run.node.stop()
        run.lab.copy(run.database)
        run.node.start()
        run.client.acknowledged.clear()
        old = {name: key for key, name in before.items()}
        for _id, payload in log:
            run.client.post_event(self._renamed(run, json.loads(payload), old))
        run.client.wait_processed([name for name, _payload in log], TRY_SECONDS)
        run.settle()
        second = self._picture(run)
        run.killed += 1
        run.notes.append(f"digest {first.digest[:12]}, replayed {second.digest[:12]}")
        run.replayed = first, second
        return len(log)

    def after(self, run):
        """The books are the same to the line, and so is what is left open."""
        first, second = run.replayed
        for before, now in (first.lines, second.lines), (first.open, second.open):
            for row, count in sorted((now - before).items()):
                yield f"the replayed log booked {count} more of {row}"
            for row, count in sorted((before - now).items()):
                yield f"the replayed log booked {count} fewer of {row}"

    @staticmethod
    def _picture(run):
        return Picture.of(run.lab.cluster, run.database, run.lab.note["last_audit_row"])

    @staticmethod
    def _claims(run):
        return (((number, place), name) for number, place, name in run.query(CLAIMS))

    def _renamed(self, run, event, old):
        """The event with the control numbers that its claims have here."""
        data = event["data"]
        content = data.get("content_base64")
        text = base64.b64decode(content).decode() if content else json.dumps(data)
        named = {name for name in CONTROL_NUMBER.findall(text) if name in old}
        if not named:
            return event
        new = self._numbers(run, {old[name] for name in named})
        text = CONTROL_NUMBER.sub(
            lambda found: new.get(old.get(found.group()), found.group()), text
        )
        if content:
            data = {**data, "content_base64": base64.b64encode(text.encode()).decode()}
        else:
            data = json.loads(text)
        return {**event, "data": data}

    def _numbers(self, run, keys):
        """{key: control number} of claims, once all of them are there."""
        run.wait_until(lambda: keys <= set(dict(self._claims(run))), TRY_SECONDS)
        return dict(self._claims(run))
