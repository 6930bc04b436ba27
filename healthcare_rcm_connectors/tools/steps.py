"""Savepoints one after the other, each set by the statement that releases the last."""

from contextlib import contextmanager
from uuid import uuid4

from odoo.tools import SQL


class Steps:
    """Many steps of one transaction, each of which is undone alone when it fails.

    As one ``cr.savepoint()`` after the other, with half the round trips. What is done
    between two steps stays, as it does between two savepoints. Whoever opens one
    after a step closes it before the next: it would go with the release.
    """

    def __init__(self, cr):
        self._cr = cr
        name = SQL.identifier(f"rcm_step_{uuid4().hex}")  # one's own when nested
        self._set = SQL("SAVEPOINT %s", name)
        self._release = SQL("RELEASE SAVEPOINT %s", name)
        self._undo = SQL("ROLLBACK TO SAVEPOINT %s", name)
        self._next = SQL("%s; %s", self._release, self._set)
        self._is_set = False

    @contextmanager
    def step(self):
        """A step: what it leaves to be written belongs to it, and so does its error."""
        self._cr.flush()
        self._cr.execute(self._next if self._is_set else self._set)
        self._is_set = True
        try:
            yield
            self._cr.flush()
        except BaseException:  # whatever it is: the step is undone, and it goes on
            self._cr.clear()
            self._cr.execute(self._undo)
            raise

    def end(self):
        """Keep what all steps did."""
        if self._is_set:
            self._cr.execute(self._release)
            self._is_set = False
