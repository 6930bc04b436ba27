from odoo import api, models, tools
from odoo.tools.misc import get_lang

from ..protocol.addresses import read_networks
from ..protocol.sender import Sender

# Of a connector, what a sender is made of.
SENDER_FIELDS = frozenset(
    {
        "active",
        "allowed_networks",
        "code",
        "company_id",
        "event_type_ids",
        "facility_ids",
        "flow",
        "payload_limit_mib",
        "queue_limit",
        "rate_limit_per_minute",
        "sender_id",
        "state",
        "user_id",
    }
)


class RcmConnector(models.Model):
    """What the doors remember of a connector, and when they forget it.

    It lies in the memory of each process. Every request compares Odoo's cache
    sequence with the database's anyway; the sequence is part of the key, so nothing
    holds that was read before the last change was told.
    """

    _name = "rcm.connector"
    _inherit = ["rcm.connector", "rcm.remembered.mixin"]
    _rcm_forget_on = SENDER_FIELDS

    @api.model
    def _rcm_sequence(self):
        """What the database said last about changes; asked before anything is read."""
        return self.env.registry.cache_sequences.get("default")

    @api.model
    def _rcm_find_sender(self, sequence, sender_id=None, user_id=None):
        """The :class:`Sender` of an address or of a service user, or None."""
        by_address, by_user = self._rcm_sender_ids(sequence)
        id_ = by_address.get(sender_id) if sender_id else by_user.get(user_id)
        return self._rcm_remembered(id_, sequence) if id_ else None

    @api.model
    @tools.ormcache("sequence")
    def _rcm_sender_ids(self, sequence):
        """({sender id: id}, {user id: id}) of the connectors that are not archived."""
        # the doors ask for everybody, before they know who is there
        connectors = self.with_user(api.SUPERUSER_ID).search([("active", "=", True)])
        return (
            {one.sender_id: one.id for one in connectors},
            {one.user_id.id: one.id for one in connectors},
        )

    @api.model
    @tools.ormcache("id_", "sequence")
    def _rcm_remembered(self, id_, sequence):
        # as above; nobody learns the secrets from a door
        connector = self.with_user(api.SUPERUSER_ID).browse(id_)
        return connector._rcm_sender(connector._rcm_dated_secrets())

    def _rcm_dated_secrets(self):
        """((secret, valid until or None), …), newest first, to verify with."""
        # they stay in the memory of this process
        found = self.env["rcm.secret"].sudo()._rcm_dated_texts(self._name, self.ids)
        return tuple((text, until) for _id, text, until in found)

    def _rcm_sender(self, secrets=()):
        """This connector as the doors see it."""
        self.ensure_one()
        # whoever checks or pulls an event does it as the doors would
        connector = self.sudo()
        user = connector.user_id
        return Sender(
            id=connector.id,
            code=connector.code,
            company_id=connector.company_id.id,
            user_id=user.id,
            is_integration=user.active
            and user.has_group("healthcare_rcm_base.group_integration"),
            lang=get_lang(self.env(user=user.id, su=True, context={})).code,
            state=connector.state,
            networks=read_networks(connector.allowed_networks),
            payload_limit=connector._rcm_payload_limit(),
            rate_limit=connector.rate_limit_per_minute,
            queue_limit=connector.queue_limit,
            history=connector.flow == "history",
            type_ids=frozenset(connector.event_type_ids.ids),
            facility_ids=frozenset(connector.facility_ids.ids),
            secrets=secrets,
        )
