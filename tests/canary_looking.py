"""Looking for planted values wherever they could have got to."""

from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tests import new_test_user
from odoo.tools import SQL

from . import role_matrix
from .canary_planted import CANARY, DIAGNOSES, PATTERN

# Attachments in which patient data belongs, by the field they belong to.
FILES = {"rcm.remittance.file.content"}


class Looking:
    """Each look returns the places where a planted value stands."""

    @staticmethod
    def _with_canaries(texts):
        """Where in ``texts`` a planted value stands."""
        return [
            f"…{text[max(hit.start() - 60, 0) : hit.end() + 10]}"
            for text in texts
            if (hit := CANARY.search(text))
        ]

    def _pdfs_with_canaries(self):
        """PDFs that people without patient data print, and one with, to be sure."""
        printed = self.printed_pdfs(self._user_without_patient_data())
        biller = self.env.ref("healthcare_rcm_base.demo_user_biller")
        seen = self.printed_pdfs(biller)
        self.assertTrue(
            [name for name, text in seen if CANARY.search(text)],
            "nothing of a patient is ever printed: the test would say nothing",
        )
        return [name for name, text in printed if CANARY.search(text)]

    def _exports_with_diagnoses(self):
        """What people who know the patient, not the reason, can read and export."""
        groups = self.env["res.groups"]
        clinical = self.env.ref("healthcare_rcm_base.group_clinical")
        for role in role_matrix.ROLES:
            group = self.env.ref(f"healthcare_rcm_base.group_{role}")
            groups |= group if clinical not in group.all_implied_ids else groups
        user = new_test_user(
            self.env,
            "canary_not_clinical",
            groups="base.group_user,base.group_allow_export",
        )
        user.group_ids |= groups
        self.assertTrue(user._rcm_sees_patients())
        return self._exports_with(user, DIAGNOSES)

    def _readable_files(self):
        """Attachments as people without patient data get them."""
        user = self._user_without_patient_data()
        files = self.env["ir.attachment"].with_user(user)
        ours = self.env["ir.attachment"].search([("res_model", "=like", "rcm.%")])
        ours |= self.env["ir.attachment"].search([("res_field", "=", "content")])
        self.assertTrue(ours)
        found = []
        for file in files.browse(ours.ids):
            try:
                content = file.raw
            except AccessError:
                continue
            if CANARY.search((content or b"").decode("utf-8", "replace")):
                found.append(f"{file.sudo().res_model}.{file.sudo().res_field}")
        return sorted(set(found))

    def _reports_with_canaries(self):
        """Printed invoices, as people without patient data print them."""
        user = self._user_without_patient_data()
        Report = self.env["ir.actions.report"].with_user(user)
        invoices = self.env["account.move"].search([("rcm_claim_id", "!=", False)])
        self.assertTrue(invoices)
        found, printed = [], 0
        for name in ("account.report_invoice", "account.report_invoice_with_payments"):
            for invoice in invoices:
                try:
                    page, _kind = Report._render_qweb_html(name, invoice.ids)
                except AccessError:
                    continue
                printed += 1
                if CANARY.search(page.decode()):
                    found.append(f"{name} {invoice.name}")
        self.assertTrue(printed, "nothing was printed")
        return found

    def _columns_with_canaries(self):
        """{"table.column"} over every table of the database."""
        tables = self.env.execute_query(
            SQL(
                "SELECT relname FROM pg_class WHERE relkind = 'r'"
                " AND relnamespace = current_schema()::regnamespace"
            )
        )
        found = set()
        for [table] in tables:
            rows = self.env.execute_query(
                SQL(
                    "SELECT DISTINCT pair.key FROM %(table)s row,"
                    " jsonb_each_text(to_jsonb(row)) pair"
                    " WHERE row::text ~* %(wanted)s AND pair.value ~* %(wanted)s",
                    table=SQL.identifier(table),
                    wanted=PATTERN,
                )
            )
            found |= {f"{table}.{column}" for [column] in rows}
        return found

    def _files_with_canaries(self):
        """Content of attachments, which may lie outside the database."""
        found = set()
        for file in self.env["ir.attachment"].search(
            [("create_date", ">=", self.env.cr.now()), ("res_field", "!=", "x")]
        ):
            if CANARY.search((file.raw or b"").decode("utf-8", "replace")):
                found.add(f"{file.res_model}.{file.res_field}")
        return sorted(found - FILES)

    def _exports_with_canaries(self):
        """Everything a person without patient data can read and export."""
        return self._exports_with(self._user_without_patient_data(), CANARY)

    def _exports_with(self, user, wanted):
        """Where ``user`` reads or exports what ``wanted`` matches."""
        problems, rows = [], 0
        for name in self._models():
            records = self.env[name].with_user(user)
            if not records.has_access("read"):
                continue
            records = records.search(Domain.TRUE, limit=80)
            names = [
                field
                for field, about in records.fields_get(
                    attributes=["exportable", "type"]
                ).items()
                if about.get("exportable", True) and about["type"] != "one2many"
            ]
            data = self._exported(records, names)
            data += [[text] for text in self._readable(records, names)]
            rows += len(data)
            for row in data:
                problems += [
                    f"{name}: …{text[max(hit.start() - 40, 0) : hit.end()]}"
                    for text in map(str, row)
                    if (hit := wanted.search(text))
                ]
        self.assertGreater(rows, 500)
        return sorted(set(problems))

    def _exported(self, records, names):
        """Rows of an export, where Odoo can make one (reports are no tables)."""
        if not records._auto:
            return []
        try:
            return records.export_data([".id", "display_name", *names])["datas"]
        except AccessError:
            return []  # refused as a whole; reading tells the rest

    def _readable(self, records, names):
        """Each value of the records that is not refused, as text."""
        for name in names:
            try:
                rows = records.read([name])
            except (AccessError, UserError):
                continue
            yield from (str(row[name]) for row in rows)

    def _models(self):
        wanted = ("rcm.", "account.move", "mail.", "bus.", "ir.logging")
        return [
            name
            for name, model in self.env.registry.items()
            if (name.startswith(wanted) or name == "res.partner")
            and not model._abstract
            and not model._transient
        ]

    def _user_without_patient_data(self):
        """Every role that does not come with patient data, in one person."""
        groups = [
            self.env.ref(f"healthcare_rcm_base.group_{role}")
            for role in role_matrix.ROLES
        ]
        patients = self.env.ref("healthcare_rcm_base.group_patient_data")
        known = self.env["res.users"].search([("login", "=", "canary_nobody")])
        user = known or new_test_user(
            self.env, "canary_nobody", groups="base.group_user,base.group_allow_export"
        )
        user.group_ids |= self.env["res.groups"].union(
            *(group for group in groups if patients not in group.all_implied_ids)
        )
        self.assertFalse(user._rcm_sees_patients())
        self.assertGreater(len(user.group_ids), 3)
        return user
