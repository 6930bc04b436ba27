from lxml.builder import E

from odoo import api, models

from .rcm_audit_timeline import READERS


class RcmTimelineMixin(models.AbstractModel):
    """The timeline of a document: from the source event to the journal entry.

    Every form that does not place it itself gets it as its last page, so that no
    document is without its history.
    """

    _name = "rcm.timeline.mixin"
    _description = "Document With a Timeline"

    # The field that names its thread.
    _rcm_thread_field = "correlation_id"

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type == "form" and not arch.xpath("//field[@widget='rcm_timeline']"):
            self._rcm_add_timeline(arch)
        return arch, view

    @api.model
    def _rcm_add_timeline(self, arch):
        """Put the timeline behind the last page of the form."""
        page = E.page(
            E.field(name=self._rcm_thread_field, widget="rcm_timeline", nolabel="1"),
            name="timeline",
            string=self.env._("Timeline"),
            groups=READERS,
        )
        books = arch.xpath("//notebook[not(ancestor::field)]")
        if books:
            books[-1].append(page)
            return
        sheet = arch.find(".//sheet")
        (arch if sheet is None else sheet).append(E.notebook(page))


class RcmDocumentMixin(models.AbstractModel):
    """Every document of the revenue cycle has one."""

    _name = "rcm.document.mixin"
    _inherit = ["rcm.document.mixin", "rcm.timeline.mixin"]
