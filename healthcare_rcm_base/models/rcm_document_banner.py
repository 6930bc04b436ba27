from lxml.builder import E

from odoo import api, models

from .rcm_document_mixin import CASE_WORKERS

CASE_READERS = (*CASE_WORKERS, "auditor", "administrator")


def _groups(roles):
    """The roles as a view's groups, without those who may not see cases."""
    return ",".join(
        f"healthcare_rcm_base.group_{role}" for role in roles if role in CASE_READERS
    )


class RcmDocumentMixin(models.AbstractModel):
    """The banner of a blocked document: what is wrong, what to do, Reprocess.

    Every form of a document with a step to run again gets what it does not bring
    itself, so that no document can be blocked without saying so.
    """

    _inherit = "rcm.document.mixin"

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type == "form" and self._rcm_can_reprocess():
            self._rcm_add_banner(arch)
        return arch, view

    @api.model
    def _rcm_can_reprocess(self):
        """Whether this kind of document has a step that can be run again."""
        mixin = self.pool["rcm.document.mixin"]
        return type(self)._rcm_reprocess is not mixin._rcm_reprocess

    @api.model
    def _rcm_add_banner(self, arch):
        """Put what is missing of banner and buttons at the top of the form."""

        def has(name):
            return bool(arch.xpath(f"//*[@name='{name}']"))

        parts = []
        if not has("rcm_block_reason"):
            parts.append(E.field(name="rcm_block_reason", nolabel="1"))
        if not has("action_rcm_reprocess"):
            parts.append(
                E.button(
                    {"class": "btn btn-sm btn-warning me-2"},
                    name="action_rcm_reprocess",
                    type="object",
                    string=self.env._("Reprocess"),
                    groups=_groups(self._rcm_reprocess_roles),
                )
            )
        if not has("action_rcm_cases"):
            parts.append(
                E.button(
                    {"class": "btn btn-sm btn-link"},
                    name="action_rcm_cases",
                    type="object",
                    string=self.env._("Exceptions"),
                    groups=_groups(CASE_READERS),
                )
            )
        if not parts:
            return
        if not has("rcm_open_case_count"):
            parts.append(E.field(name="rcm_open_case_count", invisible="1"))
        banner = E.div(
            {"class": "alert alert-warning", "role": "alert"},
            *parts,
            invisible="not rcm_open_case_count",
        )
        place = arch.find(".//sheet")
        place = arch if place is None else place
        place.insert(1 if len(place) and place[0].tag == "header" else 0, banner)
