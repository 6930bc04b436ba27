from markupsafe import Markup

from odoo import api, fields, models


class RcmApprovalPolicyChange(models.Model):
    """A change in words: which rule, what it says today, what it is to say."""

    _inherit = "rcm.approval.policy.change"

    rule_name = fields.Char("Rule", compute="_compute_rule_name")
    has_draft = fields.Boolean(compute="_compute_rule_name")
    sentence_before = fields.Char("Today", compute="_compute_difference")
    sentence_after = fields.Char("Proposed", compute="_compute_difference")
    difference = fields.Html(compute="_compute_difference", sanitize=False)

    @api.depends("policy_id.name", "draft_id.name", "res_model", "res_id")
    def _compute_rule_name(self):
        for change in self:
            change.has_draft = bool(change._rcm_draft())
            about = change._rcm_rule() or change._rcm_draft()
            # the name of what a change that the reader sees is about
            change.rule_name = about.sudo().display_name if about else False

    @api.depends("kind", "rule_name", "company_id.name")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for change in self:
            about = change.rule_name or change.company_id.name or ""
            change.display_name = f"{kinds.get(change.kind, '')}: {about}"

    @api.depends("policy_id", "draft_id", "res_model", "res_id", "kind", "state")
    def _compute_difference(self):
        for change in self:
            before, after = change._rcm_rule(), change._rcm_draft()
            change.sentence_before = before._rcm_in_words()
            if change.kind == "archive":
                change.sentence_after = self.env._("Not in effect.")
            elif change.kind == "restore":
                change.sentence_after = before._rcm_in_words()
            else:
                change.sentence_after = after._rcm_in_words()
            change.difference = change._difference() if after else False

    def _difference(self):
        """A table of the rules that differ."""
        before, after = self._rcm_rule(), self._rcm_draft()
        rows = []
        for name in after._rcm_rule_names():
            old, new = (rule._rcm_rule_text(name) for rule in (before, after))
            if old != new:
                label = after._fields[name]._description_string(self.env)
                rows.append(
                    Markup("<tr><td>%s</td><td>%s</td><td>%s</td></tr>")
                    % (label, old or "–", new or "–")
                )
        if not rows:
            return Markup("<p>%s</p>") % self.env._("Nothing differs yet.")
        head = (self.env._("Rule"), self.env._("Today"), self.env._("Proposed"))
        cells = Markup("").join(Markup("<th>%s</th>") % title for title in head)
        return Markup(
            "<table class='table table-sm'><thead><tr>%s</tr></thead>"
            "<tbody>%s</tbody></table>"
        ) % (cells, Markup("").join(rows))
