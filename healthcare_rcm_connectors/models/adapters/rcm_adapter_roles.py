"""The roles an adapter can play: one small model and one method each."""

from odoo import fields, models

from ...protocol import envelope


class UnreadableContent(ValueError):
    """Raised by *decode*: the content is not of this format.

    The text says where and why and quotes nothing of the content.
    """


class SourceUnavailable(Exception):
    """Raised by *fetch* and *poll*: the other side did not answer as it should.

    ``code`` says how (``timeout``, ``status``, …); it is asked again later.
    """

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class RcmAdapterDecode(models.AbstractModel):
    """Bytes into the records of the source."""

    _name = "rcm.adapter.decode"
    _inherit = "rcm.adapter"
    _description = "Adapter Role: decode"

    def _rcm_decode(self, content, filename=""):
        """Read ``content`` (bytes) and return its records, in order, as they are.

        :return: list of JSON-like values, in the source's own words
        :raises UnreadableContent: it is not of this format
        """
        raise NotImplementedError(f"{self._name} decodes nothing")


class RcmAdapterMap(models.AbstractModel):
    """A record of the source into an event envelope."""

    _name = "rcm.adapter.map"
    _inherit = "rcm.adapter"
    _description = "Adapter Role: map"

    def _rcm_map(self, connector, record, hints):
        """Return the envelope (id, type, version, occurred_at, data) of ``record``.

        ``data`` may still speak the source's language: mapping records
        (*Integration → Mappings*) turn it into ours afterwards.

        :param connector: the ``rcm.connector`` it came from
        :param record: one value that *decode* gave
        :param dict hints: what the door was told: ``id``, ``type``, ``version``,
            ``filename``, ``digest`` (SHA-256 of the content)
        """
        return record

    def _rcm_first_seen(self, connector, event_id):
        """When an event of a source that names no time happened: now, or as before.

        The same event again must say the same, or it is another content.
        """
        # the door's own look at what its connector sent before
        events = self.env["rcm.event"].sudo()
        known = events.search(
            [("connector_id", "=", connector.id), ("external_id", "=", event_id)],
            limit=1,
        )
        return envelope.format_time(known.occurred_at or fields.Datetime.now())


class RcmAdapterHandle(models.AbstractModel):
    """A valid event into steps of the suite."""

    _name = "rcm.adapter.handle"
    _inherit = "rcm.adapter"
    _description = "Adapter Role: handle"

    def _rcm_handle(self, event, data):
        """Do what the event asks for; called inside a savepoint as the service user.

        :param event: the ``rcm.event`` (correlation id, connector, company)
        :param dict data: content that fits the event type's schema
        :return: the documents made or changed: a recordset or a tuple of recordsets
        """
        raise NotImplementedError(f"{self._name} handles nothing")


class RcmAdapterEncode(models.AbstractModel):
    """A message of the suite into bytes another system reads."""

    _name = "rcm.adapter.encode"
    _inherit = "rcm.adapter"
    _description = "Adapter Role: encode"

    def _rcm_encode(self, message):
        """Return the text of ``message`` as it goes out.

        :param dict message: event, time, document, change, link (no patient data)
        """
        raise NotImplementedError(f"{self._name} encodes nothing")

    def _rcm_sign(self, secrets, message_id, moment, body):
        """Headers that prove who sent ``body``; ``secrets`` newest first."""
        raise NotImplementedError(f"{self._name} signs nothing")


class RcmAdapterSend(models.AbstractModel):
    """A text to an address."""

    _name = "rcm.adapter.send"
    _inherit = "rcm.adapter"
    _description = "Adapter Role: send"

    def _rcm_sender(self):
        """Return a plain function (url, body, headers, private_allowed) → ``Answer``.

        It runs in a thread beside others, so it touches no database.
        """
        raise NotImplementedError(f"{self._name} sends nothing")


class RcmAdapterFetch(models.AbstractModel):
    """Ask a source for one document."""

    _name = "rcm.adapter.fetch"
    _inherit = "rcm.adapter"
    _description = "Adapter Role: fetch"

    def _rcm_fetch(self, pull, reference):
        """Return (filename, bytes) of the document the source calls ``reference``.

        :param pull: the ``rcm.connector.pull`` that says where to ask
        :raises SourceUnavailable: it could not be had now
        """
        raise NotImplementedError(f"{self._name} fetches nothing")


class RcmAdapterPoll(models.AbstractModel):
    """Ask a source what is new."""

    _name = "rcm.adapter.poll"
    _inherit = "rcm.adapter"
    _description = "Adapter Role: poll"

    def _rcm_poll(self, pull, cursor):
        """Return (envelopes, next cursor, whether there is more right now).

        Asked again with the same cursor it may give the same events: their ids make
        them one.

        :param str cursor: where the last answer ended, or "" at first
        :raises SourceUnavailable: it could not be had now
        """
        raise NotImplementedError(f"{self._name} polls nothing")
