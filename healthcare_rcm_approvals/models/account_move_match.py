from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..policy.spending import plain
from ..policy.three_way import match

ACCEPT = "accept_mismatch"
CASE = "bill_mismatch"


class AccountMove(models.Model):
    """Vendor bills agree with what was ordered and received, or are held."""

    _inherit = "account.move"
    _rcm_reprocess_roles = ("payables", "finance_manager")

    rcm_match_state = fields.Selection(
        [
            ("none", "No order"),
            ("matched", "Matched"),
            ("mismatch", "Does not agree"),
            ("accepted", "Accepted as it is"),
        ],
        string="Match",
        compute="_compute_rcm_match",
        search="_search_rcm_match_state",
    )
    rcm_match_html = fields.Html(
        "Ordered, Received, Billed", compute="_compute_rcm_match", sanitize=False
    )

    def _compute_rcm_match(self):
        # with sudo: what was ordered and received belongs to the bill
        bills = self._origin.sudo()._rcm_bills()
        found = bills._rcm_differences()
        for move in self:
            bill = move._origin.sudo()
            if bill not in found:
                move.rcm_match_state = move.rcm_match_html = False
                continue
            move.rcm_match_state = bill._rcm_match_verdict(found[bill])
            move.rcm_match_html = bill._rcm_match_table(found[bill])

    @api.model
    def _search_rcm_match_state(self, operator, value):
        """Held bills are those with an open case; other states are not searched."""
        if operator != "in" or set(value) != {"mismatch"}:
            return NotImplemented
        Case = self.env["rcm.exception.case"].sudo()  # that it is held is no secret
        cases = Case._search(
            Case._rcm_open_domain()
            & fields.Domain("res_model", "=", self._name)
            & fields.Domain("type_code", "=", CASE)
        )
        return [("id", "in", cases.subselect("res_id"))]

    def _rcm_match_verdict(self, differences):
        if differences:
            return "accepted" if not self._rcm_match_blocked() else "mismatch"
        return "matched" if self.invoice_line_ids.purchase_line_id else "none"

    # ------------------------------------------------------------------
    # Comparing
    # ------------------------------------------------------------------
    def _rcm_differences(self):
        """``{bill: differences}`` of these bills."""
        order_lines = self.invoice_line_ids.purchase_line_id
        billed = order_lines._rcm_billed_by_move()
        tolerances = {}
        found = {}
        for bill in self:
            key = bill.company_id, bill.partner_id
            if key not in tolerances:
                tolerances[key] = self.env["rcm.match.tolerance"]._rcm_for(*key)
            lines = bill.invoice_line_ids.filtered(
                lambda line: line.display_type == "product" and not line.is_downpayment
            )
            found[bill] = match(
                [line._rcm_billed_facts() for line in lines],
                [
                    line._rcm_ordered_facts(bill, billed[line])
                    for line in lines.purchase_line_id
                ],
                tolerances[key],
            )
        return found

    def _rcm_to_company(self, currency, price):
        """``price`` in the company's currency, at this bill's own rate."""
        if currency == self.currency_id and self.invoice_currency_rate:
            return price / self.invoice_currency_rate
        return currency._convert(
            price,
            self.company_currency_id,
            self.company_id,
            self.invoice_date or self.date or fields.Date.context_today(self),
            round=False,
        )

    # ------------------------------------------------------------------
    # Holding
    # ------------------------------------------------------------------
    def _rcm_approval_facts(self, effect):
        if effect != ACCEPT:
            return super()._rcm_approval_facts(effect)
        self.ensure_one()
        bill = self.sudo()._rcm_bills()  # compared, not shown
        differences = bill._rcm_differences().get(bill)
        if not differences:
            return None
        amount = float(sum(item.amount for item in differences))
        currency = self.company_currency_id
        return self._rcm_approval_item(
            "override",
            effect,
            {
                "document": bill._rcm_approved_values(),
                "differences": [
                    [item.code, item.line, str(item.expected), str(item.actual)]
                    for item in differences
                ],
            },
            to_decimal(currency.round(amount), currency.decimal_places),
        )

    def _rcm_match_blocked(self):
        """Those of these bills whose differences nobody accepted."""
        return self - self._rcm_approval_sort(ACCEPT).allowed

    def _rcm_hold(self):
        """Bills that do not agree, each with a case; cases of the others go."""
        blocked = self._rcm_match_blocked()
        (self - blocked)._rcm_release()
        found = blocked.sudo()._rcm_differences()  # a case says what differs
        for bill, differences in found.items():
            first = max(differences, key=lambda item: item.amount)
            self.env["rcm.exception.case"]._rcm_raise(
                CASE,
                bill,
                bill._rcm_differences_text(differences),
                expected=plain(first.expected),
                actual=plain(first.actual),
                difference=plain(first.difference),
                amount=float(sum(item.amount for item in differences)),
            )
        return blocked

    def _rcm_asked_notice(self, result):
        """A bill that is held waits for no approval: say what holds it."""
        held = self._rcm_bills()._rcm_match_blocked()
        held -= held._rcm_approval_sort(ACCEPT).waiting
        if not held or isinstance(result, dict):
            return super()._rcm_asked_notice(result)
        differences = held.sudo()._rcm_differences()  # of the poster's own bills
        texts = [
            self.env._("%s. Not posted: a case was opened for it.", text)
            for text in (
                bill._rcm_differences_text(found) for bill, found in differences.items()
            )
        ]
        texts.append(
            self.env._(
                "Correct the bill, enter what was received on the order, or press "
                "“Accept Difference”."
            )
        )
        if self - held:
            texts.append(self.env._("The others wait for their approval."))
        notice = self._rcm_approval_notice()
        notice["params"].update(message=" ".join(texts), sticky=True)
        return notice

    def _rcm_release(self):
        self.env["rcm.exception.case"]._rcm_resolve_of(
            self, [CASE], self.env._("It agrees now, or was accepted.")
        )

    def _rcm_assert_match(self):
        """Refuse to post what does not agree, with the way out."""
        blocked = self._rcm_match_blocked()
        if not blocked:
            self._rcm_release()
            return
        texts = [
            bill._rcm_differences_text(differences)
            for bill, differences in blocked.sudo()._rcm_differences().items()
        ]
        texts.append(
            self.env._(
                "Correct the bill, enter what was received on the order, ask the "
                "vendor for a credit note, or ask to accept the difference (button "
                "“Accept Difference”)."
            )
        )
        raise UserError("\n".join(texts))

    def _rcm_match_recheck(self):
        """Resolve the case of bills that agree now; those that do not stay held."""
        bills = self._rcm_bills()
        cases = self.env["rcm.exception.case"].sudo()  # resolved by the fact
        held = cases.search(
            cases._rcm_open_domain()
            & fields.Domain("res_model", "=", self._name)
            & fields.Domain("res_id", "in", bills.ids)
            & fields.Domain("type_code", "=", CASE)
        )
        bills = bills.browse(set(held.mapped("res_id")))
        (bills - bills._rcm_match_blocked())._rcm_release()

    def _rcm_lines_changed(self):
        result = super()._rcm_lines_changed()
        self._rcm_match_recheck()
        return result

    def _rcm_reprocess(self, case):
        """Compare again."""
        if case.type_code != CASE:
            raise UserError(
                self.env._("There is no step to run again for this exception.")
            )
        self._rcm_match_recheck()
        return not self._rcm_match_blocked()

    def action_rcm_accept_difference(self):
        """Ask to accept these bills although they do not agree."""
        self.env.user._rcm_require("payables", "finance_manager")
        self.check_access("write")
        bills = self._rcm_bills().filtered(lambda move: move.state == "draft")
        accepted = bills._rcm_approval_ask(ACCEPT)
        accepted._rcm_release()
        return bills._rcm_approval_notice() if bills - accepted else True

    # ------------------------------------------------------------------
    # Before money goes out
    # ------------------------------------------------------------------
    def _rcm_payment_blockers(self):
        """``{bill id: [reason, …]}`` of those that may not be paid now.

        Asked by payments and payment runs before they are released.
        """
        bills = self.sudo()._rcm_bills()  # what holds a bill holds it for everyone
        blocked = bills._rcm_match_blocked()
        differences = blocked._rcm_differences()
        found = defaultdict(list)
        for bill in bills:
            if bill in blocked:
                found[bill.id].append(bill._rcm_differences_text(differences[bill]))
            lines = bill._rcm_spending_lines()
            for fund in lines.rcm_fund_id:
                own = lines.filtered(lambda line, item=fund: line.rcm_fund_id == item)
                found[bill.id] += [
                    bill.env._(
                        "Fund %(fund)s: “%(name)s” is missing. Attach it to the bill.",
                        fund=fund.display_name,
                        name=name,
                    )
                    for name in bill._rcm_missing_documents(fund, own)
                ]
        return {id_: texts for id_, texts in found.items() if texts}
