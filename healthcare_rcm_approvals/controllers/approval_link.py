from odoo import http
from odoo.exceptions import AccessError
from odoo.http import request
from odoo.tools.misc import verify_hash_signed

from ..models.rcm_approval_notice import LINK_SCOPE
from ..models.rcm_approval_request import OPEN_STATES

# A link is shown where a mail program or a proxy may look at it first.
NO_STORE = [("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer")]


class ApprovalLink(http.Controller):
    """Decide from a mail: after the login, on a page, with a button.

    The link carries no right. Opening it (or a mail program's looking ahead) changes
    nothing; the decision is a POST with the session's token, checked like any other.
    """

    @http.route(
        "/rcm/approval/<string:token>", type="http", auth="user", methods=["GET"]
    )
    def show(self, token, **_values):
        return self._page(*self._read(token))

    @http.route(
        "/rcm/approval/<string:token>", type="http", auth="user", methods=["POST"]
    )
    def decide(self, token, reason=None, **_values):
        approval, decision, problem = self._read(token)
        if problem:
            return self._page(approval, decision, problem)
        _approval, done, message = approval._rcm_decide_one(decision, reason or None)
        return self._page(
            approval, decision, None if done else "not_decided", message, done
        )

    def _read(self, token):
        """(request or None, decision, what is wrong or None) of a link."""
        try:
            # the database's secret signs links; nothing else is read with it
            secret = request.env["ir.config_parameter"].sudo().env
            values = verify_hash_signed(secret, LINK_SCOPE, token)
        except (ValueError, IndexError):
            values = None
        if not values:
            return None, None, "invalid"
        id_, user_id, decision, facts_hash = values
        if user_id != request.env.uid:
            return None, decision, "foreign"
        approval = request.env["rcm.approval.request"].browse(id_).exists()
        try:
            approval.check_access("read")
        except AccessError:
            return None, decision, "foreign"
        if not approval or approval.facts_hash != facts_hash:
            return None, decision, "invalid"
        if approval.state not in OPEN_STATES:
            return approval, decision, "over"
        if not approval.can_decide:
            return approval, decision, "not_yours"
        return approval, decision, None

    def _page(self, approval, decision, problem, message=None, done=False):
        state = approval._fields["state"] if approval else None
        labels = dict(state._description_selection(request.env)) if state else {}
        return request.render(
            "healthcare_rcm_approvals.approval_link_page",
            {
                "approval": approval,
                "decision": decision,
                "problem": problem,
                "message": message,
                "done": done,
                "state": labels.get(approval.state) if approval else None,
            },
            headers=NO_STORE,
        )
