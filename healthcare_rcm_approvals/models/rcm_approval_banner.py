from lxml.builder import E
from markupsafe import Markup

from odoo import api, fields, models

from .rcm_approval_request import OPEN_STATES


class RcmApprovalMixin(models.AbstractModel):
    """The banner of a document that waits for approval: how far it is, and the way on.

    Every form of a document that states facts gets it, so that none waits without
    saying for whom.
    """

    _inherit = "rcm.approval.mixin"

    rcm_approval_banner = fields.Html(
        "Approval Progress", compute="_compute_rcm_approval_banner", sanitize=False
    )

    @api.depends_context("uid", "lang")
    def _compute_rcm_approval_banner(self):
        Request = self.env["rcm.approval.request"]
        found = Request.sudo().search(  # how far it is, for whoever sees the document
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self._origin.ids),
                ("state", "in", (*OPEN_STATES, "approved", "refused")),
            ],
            order="id",
        )
        by_record = found.grouped("res_id")
        for record in self:
            own = by_record.get(record._origin.id, found.browse())
            waiting = own.filtered(lambda one: one.state in OPEN_STATES)
            shown = waiting or record._rcm_still_refused(own[-1:])
            record.rcm_approval_banner = (
                Markup("<hr class='my-2'/>").join(
                    request._rcm_banner_for(self.env) for request in shown
                )
                or False
            )

    def _rcm_still_refused(self, request):
        """``request`` while its refusal is the last word on the document."""
        if request.state != "refused":
            return request.browse()
        # whether the effect was had all the same, after a change
        done = self._origin.sudo()._rcm_approval_is_done(request.effect)
        return request.browse() if done else request

    # ------------------------------------------------------------------
    # Views
    # ------------------------------------------------------------------
    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type == "form" and self._rcm_states_facts():
            self._rcm_add_approval_banner(arch)
        return arch, view

    @api.model
    def _rcm_add_approval_banner(self, arch):
        """Put the banner at the top of the form, unless it brings its own."""
        if arch.xpath("//field[@name='rcm_approval_banner']"):
            return
        banner = E.div(
            {"class": "alert alert-info o_rcm_approval_banner", "role": "status"},
            E.field(name="rcm_approval_banner", nolabel="1", readonly="1"),
            invisible="not rcm_approval_banner",
        )
        place = arch.find(".//sheet")
        place = arch if place is None else place
        place.insert(1 if len(place) and place[0].tag == "header" else 0, banner)


class RcmApprovalRequest(models.Model):
    """How far a request is, in a few words for the document it holds up."""

    _inherit = "rcm.approval.request"

    def _rcm_banner(self):
        """What the document waits for, its steps, and the way on."""
        self.ensure_one()
        if self.state == "refused":
            text = self.env._("Not approved: %s", self.reason or "")
            way = self.env._("Change the document, then ask again.")
            return Markup("<strong>%s</strong><br/>%s") % (text, way)
        steps = Markup("").join(
            Markup("<li>%s</li>") % self._rcm_banner_step(step)
            for step in self.step_ids.sorted(lambda s: (s.sequence, s.id))
        )
        if self.state == "info_requested":
            title = self.env._(
                "%(who)s asks: %(question)s",
                who=self.questioner_id.name or self.env._("An approver"),
                question=self.question or "",
            )
        elif self.breached:
            title = self.env._("Waits for approval, overdue")
        else:
            title = self.env._("Waits for approval")
        return Markup(
            '<strong>%s</strong> <span class="text-muted">%s</span>'
            '<ul class="mb-0 ps-3">%s</ul>'
        ) % (title, self.why or "", steps)

    def _rcm_banner_for(self, env):
        """The banner, with the way to the request for whoever may open it."""
        readable = self.with_env(env).has_access("read")
        return self._rcm_banner() + (self._rcm_way_on() if readable else "")

    def _rcm_way_on(self):
        """The link to the request, for whoever may open it."""
        return Markup('<div><a href="/odoo/rcm-approvals/%s">%s</a></div>') % (
            self.id,
            self.env._("Open the approval"),
        )

    def _rcm_banner_step(self, step):
        """``Approver: 1 of 2, asked: Ann Lee, Bob Ray (away, Cy Fox stands in)``."""
        if step.state == "done":
            people = ", ".join(
                decision._rcm_in_words() for decision in step.decision_ids.sorted("id")
            )
            return self.env._("✓ %(who)s: %(people)s", who=step.name, people=people)
        if step.state == "waiting":
            return self.env._("%(who)s: comes next", who=step.name)
        asked = ", ".join(user._rcm_with_absence() for user in step.asked_ids[:5])
        if len(step.asked_ids) > 5:
            asked += " …"
        return self.env._(
            "%(who)s: %(progress)s, asked: %(asked)s",
            who=step.name,
            progress=step.progress,
            asked=asked or self.env._("nobody (the supervisors are told)"),
        )


class RcmApprovalDecision(models.Model):
    """A decision in a few words."""

    _inherit = "rcm.approval.decision"

    def _rcm_in_words(self):
        if self.on_behalf_of_id:
            return self.env._(
                "%(who)s for %(principal)s",
                who=self.user_id.name,
                principal=self.on_behalf_of_id.name,
            )
        return self.user_id.name


class ResUsers(models.Model):
    """A colleague's name, with the absence that matters."""

    _inherit = "res.users"

    def _rcm_with_absence(self):
        self.ensure_one()
        if not self.rcm_away_until:
            return self.name
        return self.env._("%s (away)", self.name)
