from urllib.parse import urljoin

from markupsafe import Markup

from odoo import fields, models
from odoo.tools.misc import hash_sign

from .rcm_approval_request import OPEN_STATES

ASK = "healthcare_rcm_approvals.mail_activity_type_approve"
ANSWER = "healthcare_rcm_approvals.mail_activity_type_answer"
TYPES = {"ask": ASK, "answer": ANSWER}
LINK_SCOPE = "healthcare_rcm_approvals.decide"
# Ours goes by its own mail, with links; nobody follows by being asked.
QUIET = {"mail_activity_quick_update": True, "mail_notrack": True}


class RcmApprovalRequest(models.Model):
    """Telling people: activities and mails, without patient data.

    A name of a request is the number of its document; free text is what people wrote
    for each other on the request.
    """

    _inherit = "rcm.approval.request"

    # ------------------------------------------------------------------
    # Who is asked
    # ------------------------------------------------------------------
    def _rcm_tell_asked(self, people_by_request, note=None):
        """An activity for each person and request, one mail for each person.

        :param dict people_by_request: {request: users who are asked newly}
        """
        kind = self.env.ref(ASK)
        vals_list, by_user = [], {}
        for request, people in people_by_request.items():
            known = request._rcm_activities_of("ask")
            if request.state == "pending":
                (
                    known.filtered(lambda a, r=request: a.user_id not in r.asked_ids)
                ).unlink()
            for user in people if request.state == "pending" else ():
                if user not in known.exists().user_id:
                    vals_list.append(request._rcm_activity_vals(kind, user, note))
                by_user.setdefault(user, request.browse())
                by_user[user] |= request
        # telling is the system's duty, not the requester's right
        activities = self.env["mail.activity"].sudo().with_context(**QUIET)
        activities.create(vals_list)
        for user, requests in by_user.items():
            requests._rcm_mail(user, self.env._("Your approval is asked"), note)

    def _rcm_activity_vals(self, kind, user, note):
        due = self.due_at or fields.Datetime.now()
        text = self.env._(
            "Marking it as done approves it, with what you write as the reason. "
            "Open it to refuse, ask or forward."
        )
        return {
            "activity_type_id": kind.id,
            "res_model_id": self.env["ir.model"]._get_id(self._name),
            "res_id": self.id,
            "user_id": user.id,
            "summary": self.env._("Approve: %s", self.name),
            "note": Markup("<p>%s</p><p>%s</p><p>%s</p>")
            % (self.why or "", note or "", text),
            "date_deadline": fields.Date.to_date(due),
            "automated": True,
        }

    def _rcm_activities_of(self, kind):
        """Open activities of these requests of one kind: ``ask`` or ``answer``."""
        kind_id = self.env.ref(TYPES[kind]).id
        return self.activity_ids.filtered(lambda a: a.activity_type_id.id == kind_id)

    def _rcm_activity_decided(self, reason):
        """The activity of the person who decided is done."""
        mine = self._rcm_activities_of("ask").filtered(
            lambda activity: activity.user_id == self.env.user
        )
        if mine:
            mine.action_archive()
            mine.write({"feedback": reason or False})

    def _rcm_remind(self):
        """Tell those who are asked again."""
        by_user = {}
        for request in self.filtered(lambda one: one.state == "pending"):
            for user in request.asked_ids:
                by_user.setdefault(user, request.browse())
                by_user[user] |= request
        for user, requests in by_user.items():
            requests._rcm_mail(user, self.env._("Reminder: your approval is asked"))

    # ------------------------------------------------------------------
    # Who asked
    # ------------------------------------------------------------------
    def _rcm_tell_requester(self, text, todo=False):
        """Tell who asked what became of it; nobody where an automation asked.

        :param todo: something is to be done: an activity
        """
        kind = self.env.ref(ANSWER)
        # telling is the system's duty, not the approver's right
        activities = self.env["mail.activity"].sudo().with_context(**QUIET)
        for request in self:
            person = request._rcm_person_to_tell()
            if not person:
                continue
            if todo:
                vals = request._rcm_activity_vals(kind, person, text)
                vals["summary"] = self.env._("Answer: %s", request.name)
                vals["note"] = Markup("<p>%s</p>") % text
                activities.create(vals)
            request._rcm_toast(person, text)
            request._rcm_mail(person, request.name, text)

    def _rcm_tell_approved(self, reason):
        """Tell the person who asked that everybody agreed.

        Nobody where an automation asked: what goes well needs nobody's attention.
        """
        text = self.env._("Approved: %s", reason) if reason else self.env._("Approved")
        people = self.filtered("requester_id")
        asked = people.filtered(lambda one: not one.requester_id._is_superuser())
        asked._rcm_tell_requester(text)

    def _rcm_toast(self, person, text):
        """A note on the person's screen, if there is one just now."""
        if person != self.env.user:
            person._bus_send(
                "simple_notification",
                {"type": "info", "title": self.name, "message": text},
            )

    def _rcm_person_to_tell(self):
        """The requester, or who made the document where an automation asked."""
        document = self._rcm_document()
        made = document.sudo().create_uid if document else self.env["res.users"]
        people = (self.requester_id | made).filtered(
            lambda user: user.active and not user.share and not user._is_superuser()
        )
        return people.filtered(lambda user: user._rcm_has_role("user"))[:1]

    # ------------------------------------------------------------------
    # Mail and links
    # ------------------------------------------------------------------
    def _rcm_mail(self, user, subject, note=None):
        """One mail about these requests; those asked get links to decide."""
        requests = self.filtered(lambda one: one.company_id.rcm_approval_mail)
        if not requests or not user.email or user == self.env.user:
            return
        requests = requests.with_context(lang=user.lang)
        body = Markup("").join(
            request._rcm_mail_part(user, note) for request in requests
        )
        # mails are the system's; the mail job sends them after the commit
        self.env["mail.mail"].sudo().create(
            {
                "subject": subject
                if len(requests) > 1
                else f"{subject}: {requests.name}"
                if requests.name not in subject
                else subject,
                "body_html": body,
                "email_to": user.email_formatted,
                "email_from": requests[:1].company_id.email_formatted
                or self.env.company.email_formatted
                or self.env.ref("base.user_root").email_formatted,
                "auto_delete": True,
                "is_notification": False,
            }
        )
        self.env["ir.cron"]._rcm_wake("mail.ir_cron_mail_scheduler_action")

    def _rcm_mail_part(self, user, note):
        """One request in a mail: number, amount, why, and the ways to decide."""
        base = self.get_base_url()
        amount = f"{self.currency_id.name} {self.currency_id.round(self.amount):,.2f}"
        links = [(self.env._("Open"), f"/odoo/rcm-approvals/{self.id}")]
        if self.state in OPEN_STATES and user in self.asked_ids:
            links = [
                (self.env._("Approve"), self._rcm_link(user, "approved")),
                (self.env._("Refuse"), self._rcm_link(user, "refused")),
                *links,
            ]
        ways = Markup(" · ").join(
            Markup('<a href="%s">%s</a>') % (urljoin(base, path), label)
            for label, path in links
        )
        return Markup("<p><b>%s</b> %s<br/>%s</p>%s<p>%s</p>") % (
            self.name,
            amount,
            self.why or "",
            Markup("<p>%s</p>") % note if note else "",
            ways,
        )

    def _rcm_link(self, user, decision):
        """The address at which ``user``, logged in, confirms this one decision."""
        hours = self.company_id.rcm_approval_link_hours or 72
        # signed with the database's secret; it gives no right by itself
        token = hash_sign(
            self.env["ir.config_parameter"].sudo().env,
            LINK_SCOPE,
            [self.id, user.id, decision, self.facts_hash],
            expiration_hours=hours,
        )
        return f"/rcm/approval/{token}"
