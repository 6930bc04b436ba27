from markupsafe import Markup

from odoo import api, models
from odoo.tools import format_amount, format_date

from odoo.addons.healthcare_rcm_base.core.ledger_accounts import PURPOSES

EOB_CLAIMS = 50
CELL = Markup('<td class="text-end text-nowrap">%s</td>')


class RcmRemittance(models.Model):
    """Screens of a remittance: how it ties, what will be posted, the raw segments."""

    _inherit = "rcm.remittance"

    # ------------------------------------------------------------------
    # Balance bar
    # ------------------------------------------------------------------
    @api.depends("claim_total", "provider_total", "amount", "is_balanced")
    @api.depends_context("uid")
    def _compute_balance_html(self):
        links = self.env.user._rcm_sees_patients()
        for remittance in self:
            remittance.balance_html = remittance._rcm_balance_bar(links)

    def _rcm_balance_bar(self, links=False):
        """Claims less provider adjustments is the payment, as one line with a mark."""
        self.ensure_one()
        tie = self.claim_total - self.provider_total - self.amount
        ties = self.currency_id.is_zero(tie)
        parts = (
            (self.env._("Claims"), self._rcm_shown(self.claim_total), ""),
            (
                self.env._("Provider adjustments"),
                self._rcm_figure("provider_total", links)
                if self.provider_adjustment_ids
                else self._rcm_shown(self.provider_total),
                "−",
            ),
            (self.env._("Payment"), self._rcm_figure("amount", links), "="),
        )
        cells = Markup()
        for label, amount, sign in parts:
            cells += Markup(
                '<span class="fs-3 text-muted px-2">%s</span>'
                '<div class="border rounded px-3 py-2 text-center bg-view">'
                '<div class="text-muted small">%s</div>'
                '<div class="fs-4 fw-bold">%s</div></div>'
            ) % (sign, label, amount)
        style, text = ("success", self.env._("ties to the cent"))
        if not (ties and self.is_balanced):
            style = "danger"
            text = (
                self.env._("off by %s", self._rcm_shown(tie))
                if not ties
                else self.env._("a claim or line does not balance")
            )
        return Markup(
            '<div class="d-flex flex-wrap align-items-center gap-1">%s'
            '<span class="badge text-bg-%s ms-3 fs-6">%s</span></div>%s'
        ) % (cells, style, text, self._rcm_levels())

    def _rcm_levels(self):
        """The three levels of balancing, each with its own mark."""
        marks = Markup()
        for ok, label in (
            (self.balanced_line, self.env._("lines")),
            (self.balanced_claim, self.env._("claims")),
            (self.balanced_transaction, self.env._("payment")),
        ):
            marks += Markup(
                '<span class="me-3 text-%s"><i class="fa fa-%s"></i> %s</span>'
            ) % (
                "success" if ok else "danger",
                "check" if ok else "times",
                label,
            )
        return Markup('<div class="small mt-2">%s</div>') % marks

    def _rcm_shown(self, amount):
        """An amount with its sign in front, as the lists show it."""
        shown = format_amount(self.env, abs(amount), self.currency_id)
        return f"-{shown}" if self.currency_id.compare_amounts(amount, 0) < 0 else shown

    def _rcm_figure(self, name, links):
        """An amount of this payment, which leads to its segment where it may."""
        shown = self._rcm_shown(self[name])
        return raw_link(self, name, shown) if links and self.file_id else shown

    # ------------------------------------------------------------------
    # Plan
    # ------------------------------------------------------------------
    @api.depends("plan", "state", "posted_total", "parked_total", "parked_count")
    def _compute_plan_html(self):
        for remittance in self:
            remittance.plan_html = (
                remittance._rcm_plan_table() if remittance.plan else False
            )

    def _rcm_plan_table(self):
        """The entry by account, with the sums that prove it, in words and numbers."""
        self.ensure_one()
        done = self.state in ("posted", "posted_with_parked", "reconciled")
        head = (
            self.env._("What was posted") if done else self.env._("What will be posted")
        )
        if self.plan["decision"] != "post":
            head = self.env._("Nothing can be posted yet")
        rows = Markup()
        payers = self.env["rcm.payer"].browse(
            {payer for _purpose, payer, _amount in self.plan["lines"] if payer}
        )
        names = {payer.id: payer.code for payer in payers}
        for purpose, payer, text in self.plan["lines"]:
            amount = float(text)
            rows += Markup("<tr><td>%s</td><td class='text-muted'>%s</td>%s%s</tr>") % (
                PURPOSES[purpose].name,
                names.get(payer, ""),
                CELL % (self._rcm_shown(amount) if amount > 0 else ""),
                CELL % (self._rcm_shown(-amount) if amount < 0 else ""),
            )
        if not self.plan["lines"] and self.plan["decision"] == "post":
            rows += Markup('<tr><td colspan="4" class="text-muted">%s</td></tr>') % (
                self.env._("No journal entry: every amount is denied or only checked.")
            )
        return Markup(
            '<h4>%s</h4><table class="table table-sm"><thead><tr><th>%s</th><th>%s</th>'
            '<th class="text-end">%s</th><th class="text-end">%s</th></tr></thead>'
            "<tbody>%s</tbody></table>%s%s"
        ) % (
            head,
            self.env._("Account"),
            self.env._("Payer"),
            self.env._("Debit"),
            self.env._("Credit"),
            rows,
            self._rcm_proof(),
            self._rcm_findings_html(self.plan.get("stops", []) + self.plan["findings"])
            or "",
        )

    def _rcm_proof(self):
        """Posted + parked = payment + provider adjustments."""
        return Markup('<p class="text-muted">%s</p>') % self.env._(
            "Posted %(posted)s + parked %(parked)s (%(count)s claims) = payment "
            "%(payment)s + provider adjustments %(provider)s. Plan %(digest)s.",
            posted=self._rcm_shown(self.posted_total),
            parked=self._rcm_shown(self.parked_total),
            count=self.parked_count,
            payment=self._rcm_shown(self.amount),
            provider=self._rcm_shown(self.provider_total),
            digest=(self.plan_digest or "")[:12],
        )

    # ------------------------------------------------------------------
    # Explanation of benefits
    # ------------------------------------------------------------------
    @api.depends("claim_ids.eob_html")
    @api.depends_context("uid")
    def _compute_eob_html(self):
        sees = self.env.user._rcm_sees_patients()
        for remittance in self:
            links = sees and bool(remittance.file_id)
            parts = Markup().join(
                claim._rcm_eob_card(links)
                for claim in remittance.claim_ids[:EOB_CLAIMS]
            )
            if len(remittance.claim_ids) > EOB_CLAIMS:
                parts += Markup("<p class='text-muted'>%s</p>") % self.env._(
                    "The first %(count)s claims; open the others from the list.",
                    count=EOB_CLAIMS,
                )
            remittance.eob_html = parts


class RcmRemittanceClaim(models.Model):
    """The explanation of one claim: lines, adjustments in words, what happens."""

    _inherit = "rcm.remittance.claim"

    @api.depends("service_ids", "adjustment_ids", "state", "decision")
    @api.depends_context("uid")
    def _compute_eob_html(self):
        sees = self.env.user._rcm_sees_patients()
        for claim in self:
            links = sees and bool(claim.remittance_id.file_id)
            claim.eob_html = claim._rcm_eob_table(links)

    def _rcm_eob_card(self, links=False):
        """The claim as on a paper explanation: head, lines, why it is parked."""
        self.ensure_one()
        states = dict(self._fields["state"]._description_selection(self.env))
        reason = self.reason_text
        return Markup(
            '<div class="border rounded p-3 mb-3"><div class="d-flex flex-wrap gap-4">'
            "<b>%s</b><span>%s</span><span>%s %s</span><span>%s %s</span>"
            '<span>%s %s</span><span class="badge text-bg-%s">%s</span></div>%s%s</div>'
        ) % (
            self.control_number or "–",
            self.status_text or "",
            self.env._("Charge"),
            self._rcm_figure(self, "charge", links),
            self.env._("Paid"),
            self._rcm_figure(self, "paid", links),
            self.env._("Patient"),
            self._rcm_figure(self, "patient_responsibility", links),
            {"posted": "success", "parked": "warning"}.get(self.state, "secondary"),
            states[self.state],
            Markup("<p class='text-danger mb-1'>%s</p>") % reason if reason else "",
            self._rcm_eob_table(links),
        )

    def _rcm_figure(self, record, name, links, sign=1):
        """An amount of this claim, which leads to its segment where it may."""
        shown = self.remittance_id._rcm_shown(sign * record[name])
        return raw_link(record, name, shown) if links else shown

    def _rcm_eob_table(self, links=False):
        """One row a service or claim-level adjustment, the adjustments beneath.

        :param links: whether its figures lead to the segments they come from
        """
        self.ensure_one()
        texts = self.env["rcm.remittance"]._rcm_action_texts()
        remarks = self._rcm_remark_texts()
        rows = Markup()
        claim_level = self.adjustment_ids.filtered(lambda item: not item.service_id)
        for service in self.service_ids:
            rows += self._rcm_eob_service(service, links)
            rows += self._rcm_eob_remarks(service.remarks, remarks)
            for item in service.adjustment_ids:
                rows += self._rcm_eob_adjustment(item, texts, links)
        if claim_level or self.remarks:
            rows += Markup(
                '<tr class="table-light"><td colspan="6"><b>%s</b></td></tr>'
            ) % (self.env._("Whole claim"))
            rows += self._rcm_eob_remarks(self.remarks, remarks)
            for item in claim_level:
                rows += self._rcm_eob_adjustment(item, texts, links)
        return Markup(
            '<table class="table table-sm"><thead><tr><th>%s</th><th>%s</th><th>%s</th>'
            '<th class="text-end">%s</th><th class="text-end">%s</th><th>%s</th></tr>'
            "</thead><tbody>%s</tbody></table>"
        ) % (
            self.env._("Service"),
            self.env._("Date"),
            self.env._("Our line"),
            self.env._("Charge"),
            self.env._("Paid"),
            self.env._("What happens"),
            rows,
        )

    def _rcm_eob_service(self, service, links):
        code = ":".join(filter(None, (service.code, service.modifiers)))
        if service.submitted_code and service.submitted_code != service.code:
            code = self.env._(
                "%(code)s (sent as %(sent)s)", code=code, sent=service.submitted_code
            )
        return Markup(
            '<tr class="table-light"><td><b>%s</b></td><td>%s</td><td>%s</td>'
            "%s%s<td>%s</td></tr>"
        ) % (
            code,
            format_date(self.env, service.date_from) or "",
            service.claim_line_id.line_control_number
            or service.line_control_number
            or "–",
            CELL % self._rcm_figure(service, "charge", links),
            CELL % self._rcm_figure(service, "paid", links),
            "",
        )

    def _rcm_eob_remarks(self, remarks, texts):
        """A row for each remark code, with its text where the list is imported."""
        return Markup().join(
            Markup(
                '<tr class="text-muted"><td class="ps-4">%s</td>'
                '<td colspan="5">%s</td></tr>'
            )
            % (code, texts.get(code) or self.env._("Remark"))
            for code in codes_of(remarks)
        )

    def _rcm_eob_adjustment(self, item, texts, links):
        what = texts.get(item.action, self.env._("not decided yet"))
        if item.action == "next_payer" and item.next_payer_id:
            what = self.env._("moves to %s", item.next_payer_id.code)
        amount = CELL % self._rcm_figure(item, "amount", links, sign=-1)
        style = {"denial": "text-danger", "review": "text-warning"}.get(item.action, "")
        if self.reverses_id:  # the mirror of what was done then
            what, style = self.env._("taken back: %s", what), ""
        return Markup(
            '<tr><td class="ps-4">%s</td><td colspan="3">%s</td>'
            '%s<td class="%s">%s</td></tr>'
        ) % (item.code, item.words, amount, style, what)


def codes_of(remarks):
    """The remark codes in a text of them."""
    return [code for code in (remarks or "").split(",") if code]


def raw_link(record, name, shown):
    """A figure that leads to the segment it was read from (see explanation_field)."""
    return Markup(
        '<a href="#" class="o_rcm_figure" role="button" title="%s" data-model="%s"'
        ' data-record="%s" data-figure="%s">%s</a>'
    ) % (record.env._("Show it in the file"), record._name, record.id, name, shown)
