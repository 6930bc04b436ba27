"""What belongs to another company, or to another facility, does not exist."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from . import role_matrix

# Kept for all companies: public code lists, definitions of the suite, interfaces, the
# chain of the audit log and who witnesses it, the register of what runs by itself.
SHARED = {
    "rcm.audit.retention",
    "rcm.audit.seal",
    "rcm.audit.witness",
    "rcm.automation",
    "rcm.automation.run",
    "rcm.charge.category",
    "rcm.code",
    "rcm.code.table",
    "rcm.event.type",
    "rcm.exception.type",
    "rcm.match.policy",
    "rcm.service.code",
}
# Models that no role reads: only the system looks into them.
UNREAD = {
    "rcm.audit.payload",
    "rcm.match.key",
}
# Unique across companies for a reason; others name the company or what implies it.
GLOBAL_INDEXES = {
    # Control numbers are drawn by the system, and payers' files name claims by them
    # alone: two claims of one number could not be told apart.
    "rcm_claim_version_uniq",
    "rcm_claim_number_uniq",
}


@tagged("post_install", "-at_install")
class CompanyWalls:
    """Mixed into the case that has a record of every model."""

    def stranger(self, **values):
        """A person with every role, in another company."""
        roles = ",".join(f"healthcare_rcm_base.group_{r}" for r in role_matrix.ROLES)
        return new_test_user(
            self.env,
            f"walls_{len(values)}",
            groups=f"{roles},base.group_allow_export",
            **values,
        )

    def hidden_records(self):
        """A record of this company of every model that is not shared."""
        for name, record in self.records.items():
            if not name.startswith("rcm.") or not record or record._transient:
                continue
            if name not in SHARED and self.company_of(record):
                yield record

    def company_of(self, record):
        """The company of a record, or of what it belongs to."""
        if "company_id" in record._fields:
            return record.sudo().company_id
        for name, field in record._fields.items():
            if field.type == "many2one" and field.required and field.store:
                above = record.sudo()[name]
                if above._name.startswith("rcm.") and above != record:
                    return self.company_of(above)
        return record.env["res.company"].browse(
            any(
                self.company_of(record.sudo()[name])
                for name, field in record._fields.items()
                if field.type == "many2one"
                and field.comodel_name in ("rcm.facility", "rcm.payer")
                and record.sudo()[name]
            )
            and self.company.id
        )

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_model")
    def test_another_company_sees_nothing(self):
        other = self.env["res.company"].create({"name": "Other Clinic"})
        person = self.stranger(
            company_id=other.id, company_ids=[Command.set(other.ids)]
        )
        env = self.env(user=person, context={"allowed_company_ids": other.ids})
        checked, closed = set(), set()
        for record in self.hidden_records():
            with self.subTest(model=record._name):
                looked = self.check_hidden(env, record)
                (checked if looked else closed).add(record._name)
        # A model that nobody reads proves nothing: it is not counted as checked.
        self.assertGreater(len(checked), 40)
        self.assertEqual(closed, UNREAD & closed, "nobody may read these: say why")

    def check_hidden(self, env, record):
        """Look for ``record`` in every way; False when its model is closed to all."""
        Model = env[record._name]
        domain = [("id", "in", record.ids)]
        if not Model.has_access("read"):
            return False
        self.assertFalse(Model.search(domain), "search")
        self.assertEqual(Model.search_count(domain), 0, "search_count")
        groups = Model.formatted_read_group(domain, [], ["__count"])
        self.assertEqual([group["__count"] for group in groups], [0], "read_group")
        if Model._rec_name != "id" and (Model._rec_name or Model._rec_names_search):
            label = str(record.sudo().display_name)
            found = [id_ for id_, _name in Model.name_search(label, limit=None)]
            self.assertNotIn(record.id, found, "name_search")
        there = Model.browse(record.ids)
        for what, look in (
            ("read", lambda: there.read(["display_name"])),
            ("export", lambda: there.export_data([".id", "display_name"])),
            ("web_read", lambda: there.web_read({"display_name": {}})),
        ):
            with self.assertRaises(AccessError, msg=what) as caught:
                look()
            self.assertNotIn(str(record.sudo().display_name), str(caught.exception))
        attachment = self.env["ir.attachment"].create(
            {
                "name": "walls.txt",
                "raw": b"x",
                "res_model": record._name,
                "res_id": record.id,
            }
        )
        theirs = attachment.with_env(env)
        self.assertFalse(theirs.search([("id", "=", attachment.id)]), "attachment")
        with self.assertRaises(AccessError, msg="attachment"):
            theirs.read(["raw"])
        return True

    def test_another_facility_sees_nothing(self):
        """A person limited to one facility does not find what belongs to another."""
        facility = self.env["rcm.facility"].create(
            {"name": "Elsewhere", "code": "ELSEWHERE", "company_id": self.company.id}
        )
        person = self.stranger(
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
            rcm_facility_ids=[Command.set(facility.ids)],
        )
        env = self.env(user=person)
        count = 0
        for record in self.hidden_records():
            field = record._fields.get("facility_id")
            if not field or not record.sudo().facility_id:
                continue
            Model = env[record._name]
            if not Model.has_access("read"):
                continue
            count += 1
            with self.subTest(model=record._name):
                self.assertFalse(Model.search([("id", "in", record.ids)]))
                self.assertEqual(Model.search_count([("id", "in", record.ids)]), 0)
                with self.assertRaises(AccessError):
                    Model.browse(record.ids).read(["display_name"])
        self.assertGreater(count, 10)

    def test_constraints_do_not_tell_of_other_companies(self):
        """A unique index on what companies own names the company, or a record that
        belongs to one: else its message says that another has the same number."""
        self.env.cr.execute(
            """
            SELECT t.relname, i.relname,
                   ARRAY(SELECT a.attname FROM pg_attribute a
                          WHERE a.attrelid = i.oid),
                   pg_get_indexdef(x.indexrelid)
              FROM pg_index x
              JOIN pg_class i ON i.oid = x.indexrelid
              JOIN pg_class t ON t.oid = x.indrelid
              JOIN pg_attribute c ON c.attrelid = t.oid AND c.attname = 'company_id'
             WHERE x.indisunique AND NOT x.indisprimary AND t.relname LIKE 'rcm\\_%'
            """
        )
        offences = [
            f"{table}: {definition}"
            for table, index, _columns, definition in self.env.cr.fetchall()
            if not any(
                word in definition for word in ("company_id", "_id,", "_id)", "res_id")
            )
            and index not in GLOBAL_INDEXES
        ]
        self.assertEqual("\n".join(offences), "")
