"""The licensed words of reasons and remarks, for who has them.

The suite ships numbers with short words of its own. Who holds a licence for the
official texts imports them as code tables, and reads them wherever a reason stands;
where a code has none, our own words remain.
"""

from dataclasses import replace

from odoo import api, fields, models

from .rcm_remittance_show import codes_of

REASON, REMARK = "adjustment_reason", "remark"
KINDS = (REASON, REMARK)
LONGEST = 2000
# As lists of these codes head their columns.
HEADINGS = {
    "code": ("Number", "Reason Code", "Remark Code", "CARC", "RARC"),
    "name": ("Narrative", "Current Narrative", "Message", "Definition"),
    "date_from": ("Effective from", "Effective", "Start", "Start Date"),
    "date_to": ("Effective to", "Effective until", "Stop", "Stop Date", "End Date"),
}


class RcmCodeTable(models.Model):
    """Code tables of remittances."""

    _inherit = "rcm.code.table"

    kind = fields.Selection(
        selection_add=[
            (REASON, "Adjustment reason (CARC)"),
            (REMARK, "Remark (RARC)"),
        ],
        ondelete={REASON: "cascade", REMARK: "cascade"},
    )


class RcmTableCodeTable(models.AbstractModel):
    """Official texts are longer than our own words, and headed otherwise."""

    _inherit = "rcm.table.code_table"

    @api.model
    def _rcm_columns(self, wizard):
        columns = super()._rcm_columns(wizard)
        if wizard.code_table_id.kind not in KINDS:
            return columns
        return tuple(
            replace(
                column,
                label="Text" if column.name == "name" else column.label,
                aliases=(
                    column.label,
                    *column.aliases,
                    *HEADINGS.get(column.name, ()),
                ),
                longest=LONGEST if column.name == "name" else column.longest,
                example=(
                    "45"
                    if column.name == "code" and wizard.code_table_id.kind == REASON
                    else "N130"
                    if column.name == "code"
                    else column.example
                ),
            )
            for column in columns
        )


class RcmCode(models.Model):
    """Texts of codes by day."""

    _inherit = "rcm.code"

    @api.model
    def _rcm_texts(self, kind, pairs):
        """``{(code, day): text}`` of those of ``pairs`` that have one: one query.

        Without a day the latest text counts.
        """
        codes = {code for code, _day in pairs if code}
        if not codes:
            return {}
        found = {}
        rows = self.search(  # the latest first
            [("kind", "=", kind), ("code", "in", list(codes)), ("name", "!=", False)],
            order="date_from desc, id desc",
        )
        for row in rows:
            found.setdefault(row.code, []).append(row)
        texts = {}
        for code, day in pairs:
            for row in found.get(code, ()):
                if not day or row._span().covers(day):
                    texts[code, day] = row.name
                    break
        return texts


class RcmRemittanceAdjustment(models.Model):
    """An adjustment in the licensed words of its reason, where there are any."""

    _inherit = "rcm.remittance.adjustment"

    @api.depends("reason_code", "remittance_claim_id.payment_date")
    def _compute_words(self):
        result = super()._compute_words()
        keys = {
            item: (item.reason_code, item.remittance_claim_id.payment_date)
            for item in self
        }
        texts = self.env["rcm.code"]._rcm_texts(REASON, set(keys.values()))
        for adjustment, key in keys.items():
            adjustment.words = texts.get(key) or adjustment.words
        return result


class RcmDenial(models.Model):
    """A denial in the licensed words of its reason, where there are any."""

    _inherit = "rcm.denial"

    @api.depends("rule_id.name", "reason_code", "remittance_id.payment_date")
    def _compute_words(self):
        keys = {
            item: (item.reason_code, item.remittance_id.payment_date) for item in self
        }
        texts = self.env["rcm.code"]._rcm_texts(REASON, set(keys.values()))
        for denial, key in keys.items():
            denial.words = texts.get(key) or denial.rule_id.name


class RcmRemittanceClaim(models.Model):
    """Remark codes with their texts."""

    _inherit = "rcm.remittance.claim"

    def _rcm_remark_texts(self):
        """``{code: text}`` of the remarks on this claim and its services, in one go."""
        self.ensure_one()
        day = self.payment_date
        texts = self.env["rcm.code"]._rcm_texts(
            REMARK,
            {
                (code, day)
                for remarks in (self.remarks, *self.service_ids.mapped("remarks"))
                for code in codes_of(remarks)
            },
        )
        return {code: text for (code, _day), text in texts.items()}
