from markupsafe import Markup

from odoo import api, fields, models

# Ways a fact may be called on its document: ``payer`` is ``payer_id`` there.
SPELLINGS = ("{}", "{}_id", "{}_ids", "{}_amount", "total_{}", "amount_{}")
CELL = Markup("<td>%s</td>")
AMOUNT_CELL = Markup('<td class="text-end">%s</td>')


class RcmApprovalRequest(models.Model):
    """The facts as a person reads them."""

    _inherit = "rcm.approval.request"

    facts_table = fields.Html(
        "What is to be approved",
        compute="_compute_facts_table",
        sanitize=False,
        help="The facts under the hash: a change of any of them voids the approval.",
    )
    risk_text = fields.Char("Risk Score", compute="_compute_risk_text")

    @api.depends("facts")
    @api.depends_context("uid", "lang")
    def _compute_facts_table(self):
        for request in self:
            request.facts_table = request._rcm_table_of(request.facts)

    @api.depends("risk", "risk_parts")
    @api.depends_context("lang")
    def _compute_risk_text(self):
        rules = self.env["rcm.approval.risk.rule"].sudo()  # what the rules are called
        for request in self:
            parts = rules._rcm_part_texts(
                [(code, points) for code, points in request.risk_parts or []]
            )
            text = ", ".join(parts)
            request.risk_text = f"{request.risk} ({text})" if text else request.risk

    def _rcm_table_of(self, facts):
        """A table of label and value; lists of lines become tables of their own."""
        self.ensure_one()
        facts = facts or {}
        # the document's fields name the facts; the values are the request's own
        document = self._rcm_document()
        rows = Markup("").join(
            Markup(
                '<tr><th class="text-muted fw-normal pe-3 text-nowrap">%s</th>'
                "<td>%s</td></tr>"
            )
            % (
                self._rcm_fact_label(document, key),
                self._rcm_fact(document, key, value),
            )
            for key, value in sorted(facts.items(), key=self._rcm_fact_place)
        )
        return (
            Markup('<table class="table table-sm mb-0 o_rcm_facts">%s</table>') % rows
        )

    @api.model
    def _rcm_fact_place(self, fact):
        """Amounts first, lines last; the database keeps no order of its own."""
        key, value = fact
        return (
            isinstance(value, list | dict),
            "amount" not in key,
            key,
        )

    def _rcm_fact_field(self, document, key):
        """The document's field a fact is named after, or None."""
        if document is None or not hasattr(document, "_fields"):
            return None
        names = (spelling.format(key) for spelling in SPELLINGS)
        return next(
            (document._fields[name] for name in names if name in document._fields), None
        )

    def _rcm_fact_label(self, document, key):
        """The label of the document's own field, else the word itself."""
        field = self._rcm_fact_field(document, key)
        if field is not None:
            return field._description_string(self.env)
        return str(key).replace("_", " ").capitalize()

    def _rcm_fact(self, document, key, value):
        """One value: a name for a record, a table for lines, an amount as such."""
        if value in (None, False, "", []):
            return "–"
        if value is True:
            return self.env._("Yes")
        if isinstance(value, dict):
            return self._rcm_table_of(value)
        if isinstance(value, list) and isinstance(value[0], list | dict):
            return self._rcm_lines(value, self._rcm_columns(document, key))
        field = self._rcm_fact_field(document, key)
        if field is not None and field.relational:
            return self._rcm_names(field.comodel_name, value)
        if field is not None and field.type == "selection":
            labels = dict(field._description_selection(self.env))
            return labels.get(value, value)
        if isinstance(value, list):
            return ", ".join(self._rcm_plain(item) for item in value)
        money = field is not None and field.type == "monetary"
        if money or key == "amount":
            return self._rcm_money(value)
        return self._rcm_plain(value)

    def _rcm_money(self, value):
        """An amount as everywhere else on the screen."""
        if isinstance(value, bool):
            return self._rcm_plain(value)
        try:
            return self.currency_id.format(float(value))
        except (TypeError, ValueError):
            return self._rcm_plain(value)

    @api.model
    def _rcm_plain(self, value):
        return "–" if value in (None, False, "") else str(value)

    @api.model
    def _rcm_columns(self, document, key):
        """The fields that the columns of a list of lines are, as its document says."""
        if document is None or not hasattr(document, "_rcm_approval_columns"):
            return ()
        model, names = document._rcm_approval_columns().get(key, (None, ()))
        return [self.env[model]._fields[name] for name in names]

    def _rcm_lines(self, lines, columns=()):
        """Lines as rows; lines that name their values get a head, and so do those
        whose columns the document names."""
        titles = []
        if isinstance(lines[0], dict):
            titles = list(lines[0])
            lines = [[line.get(name) for name in titles] for line in lines]
            titles = [self._rcm_fact_label(None, name) for name in titles]
        elif columns:
            titles = [field._description_string(self.env) for field in columns]
        fields_of = columns or [None] * len(lines[0])
        ends = [field is not None and field.type == "monetary" for field in fields_of]
        head = Markup("").join(
            Markup('<th class="fw-normal text-muted%s">%s</th>')
            % (" text-end" if end else "", title)
            for end, title in zip(ends, titles, strict=False)
        )
        head = Markup("<tr>%s</tr>") % head if titles else ""
        body = Markup("").join(
            Markup("<tr>%s</tr>")
            % Markup("").join(
                (AMOUNT_CELL if end else CELL) % self._rcm_cell(value, field)
                for value, field, end in zip(line, fields_of, ends, strict=False)
            )
            for line in lines
        )
        return Markup(
            '<table class="table table-sm table-borderless mb-0">%s%s</table>'
        ) % (head, body)

    def _rcm_cell(self, value, field=None):
        if field is not None and field.name == "id" and value:
            return self._rcm_names(field.model_name, value)
        if field is not None and field.relational and value:
            return self._rcm_names(field.comodel_name, value)
        if field is not None and field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, value)
        if field is not None and field.name == "analytic_distribution":
            return self._rcm_spread(value)
        if field is not None and field.type == "monetary":
            return self._rcm_money(value)
        if isinstance(value, list | tuple):
            return ", ".join(self._rcm_plain(item) for item in value) or "–"
        if isinstance(value, dict):
            return ", ".join(f"{key}: {item}" for key, item in value.items()) or "–"
        return self._rcm_plain(value)

    def _rcm_spread(self, value):
        """An analytic distribution: accounts by name, with their percentages."""
        return (
            "; ".join(
                self.env._(
                    "%(accounts)s: %(percent)s %%",
                    accounts=self._rcm_names(
                        "account.analytic.account", [int(id_) for id_ in key.split(",")]
                    ),
                    percent=f"{percent:g}",
                )
                for key, percent in value or ()
            )
            or "–"
        )

    def _rcm_names(self, model, value):
        """Names of records as the reader may see them, numbers otherwise."""
        ids = value if isinstance(value, list) else [value]
        if not all(isinstance(id_, int) for id_ in ids):
            return self._rcm_plain(value)
        Model = self.env[model]
        records = Model.browse(ids).exists()
        if not Model.has_access("read"):
            return ", ".join(f"#{id_}" for id_ in ids)
        readable = records._filtered_access("read")
        return ", ".join(
            Model.browse(id_).display_name if id_ in readable.ids else f"#{id_}"
            for id_ in ids
        )


class RcmApprovalDecision(models.Model):
    """What the person saw, readable."""

    _inherit = "rcm.approval.decision"

    evidence_table = fields.Html(
        "Facts as Seen", compute="_compute_evidence_table", sanitize=False
    )

    @api.depends("evidence")
    @api.depends_context("uid", "lang")
    def _compute_evidence_table(self):
        for decision in self:
            evidence = decision.evidence or {}
            request = decision.request_id
            decision.evidence_table = request._rcm_table_of(evidence.get("facts"))
