from importlib.util import find_spec

from odoo import api, models, tools

from odoo.addons.healthcare_rcm_base.core.errors import RcmPermanent

ROLES = ("decode", "map", "handle", "encode", "send", "fetch", "poll")


class RcmAdapter(models.AbstractModel):
    """What speaks one format: it inherits the roles it plays and has a code.

    An adapter is one file: an AbstractModel that inherits some of
    ``rcm.adapter.decode``, ``.map``, ``.handle``, ``.encode``, ``.send``, ``.fetch``
    and ``.poll`` and sets ``_rcm_adapter_code``. Nothing else has to be registered:
    doors, event types, webhooks and pulls find it by role and code. The developer page
    (``docs/adapters.md``) walks through one.
    """

    _name = "rcm.adapter"
    _description = "Adapter"

    # The code by which records name the adapter; its model's name does too.
    _rcm_adapter_code = None
    _rcm_adapter_title = None
    # Python packages it needs; without them it is not offered, nothing else breaks.
    _rcm_adapter_requires = ()

    @api.model
    def _rcm_adapters(self, role):
        """{code: empty model} of the adapters that play ``role``, by code."""
        found = {}
        for name in self._rcm_playing(role):
            model = self.env[name]
            if model._rcm_adapter_code and not model._rcm_missing():
                found[model._rcm_adapter_code] = model
        return dict(sorted(found.items()))

    @api.model
    @tools.ormcache("role")
    def _rcm_playing(self, role):
        """Names of the models that play ``role``; asked for with every event."""
        base = f"rcm.adapter.{role}"
        return tuple(self.env.registry.descendants([base], "_inherit"))

    @api.model
    def _rcm_find(self, role, name):
        """The adapter called ``name`` (code or model) that plays ``role``, or None."""
        if name and name in self.env:
            return self.env[name] if name in self._rcm_playing(role) else None
        return self._rcm_adapters(role).get(name)

    @api.model
    def _rcm_get(self, role, name):
        """Like :meth:`_rcm_find`; an unknown name is a permanent failure."""
        found = self._rcm_find(role, name)
        if found is None:
            raise RcmPermanent(
                "adapter_unknown",
                self.env._(
                    "No installed adapter is called %(name)s and can %(role)s.",
                    name=name,
                    role=role,
                ),
            )
        return found

    @api.model
    def _rcm_choices(self, role):
        """[(code, title), …] for a selection field."""
        return [
            (code, model._rcm_adapter_title or model._description)
            for code, model in self._rcm_adapters(role).items()
        ]

    @api.model
    def _rcm_missing(self):
        """Names of the Python packages that are not installed here."""
        return [name for name in self._rcm_adapter_requires if not find_spec(name)]
