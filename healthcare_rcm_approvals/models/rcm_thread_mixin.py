from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import AccessError

THREAD = "rcm_correlation_id"


class RcmThreadMixin(models.AbstractModel):
    """A document of Odoo's own that stands on a thread of the audit log.

    It stays Odoo's: nothing of it is guarded here but the thread itself. A document
    that is made for exactly one other goes on with that one's thread (order → bill →
    payment → entry); one that is made for several begins a new one, and what matters
    to the others is logged on theirs as well.
    """

    _name = "rcm.thread.mixin"
    _inherit = "rcm.audit.mixin"
    _description = "Odoo Document on a Thread"

    @api.model
    def _rcm_thread_of_new(self, vals):
        """The thread of a document that is about to be made of ``vals``."""
        threads = self._rcm_threads_before(vals)
        return threads.pop() if len(threads) == 1 else uuid4().hex

    @api.model
    def _rcm_threads_before(self, vals):
        """Threads of the documents that one of ``vals`` is made for: a set."""
        return set()

    def _rcm_correlation_id(self):
        return self[THREAD] or False

    def _rcm_other_threads(self):
        """Threads of the documents this one is for, without its own: a set."""
        return set()

    def _rcm_emit_elsewhere(self, event):
        """Log on the threads of the documents these are for."""
        # log rows need no read right of the actor
        for record in self.sudo():
            record._rcm_emit_on(event, record._rcm_other_threads())

    def _rcm_emit_on(self, event, threads):
        """Log this document on ``threads``, whichever its own is."""
        for thread in sorted(threads):
            self._rcm_emit(event, correlation_id=thread)

    def _rcm_log_states(self, before, state):
        """Log that these are in ``state`` now.

        :param dict before: {record id: state it was in}
        """
        changes = {
            id_: {"state": [old, state]} for id_, old in before.items() if old != state
        }
        self.browse(changes)._rcm_emit(
            f"{self._name}.state_changed", changes_by_id=changes
        )


class RcmOwnThreadMixin(models.AbstractModel):
    """A document of another application: the thread is added to it here."""

    _name = "rcm.own.thread.mixin"
    _inherit = ["rcm.thread.mixin", "rcm.timeline.mixin"]
    _description = "Odoo Document With a Thread"
    _rcm_thread_field = THREAD

    rcm_correlation_id = fields.Char(
        "Correlation ID",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="One thread from the first document to the journal entry.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create(
            [{**vals, THREAD: self._rcm_thread_of_new(vals)} for vals in vals_list]
        )

    def write(self, vals):
        if THREAD in vals:
            raise AccessError(self.env._("The thread of a document never changes."))
        return super().write(vals)


def linked_ids(commands):
    """Ids that the commands of an x2many field link."""
    ids = []
    for command in commands or ():
        if isinstance(command, (list, tuple)) and command:
            if command[0] == fields.Command.LINK:
                ids.append(command[1])
            elif command[0] == fields.Command.SET:
                ids += command[2]
    return ids


def created_vals(commands):
    """Values of the lines that the commands of a one2many field create."""
    return [
        command[2]
        for command in commands or ()
        if isinstance(command, (list, tuple))
        and len(command) == 3
        and command[0] == fields.Command.CREATE
    ]
