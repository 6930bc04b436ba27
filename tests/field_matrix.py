"""No protected field is set directly: not by any role, not with all rights."""

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from . import role_matrix

# Who tries to create, import and save forms besides writing: the most that can be had.
EVERY_WAY = ("biller", "administrator", "settings")


def other_value(record, name):
    """A value that the field of this record does not have."""
    field, value = record._fields[name], record[name]
    if field.type == "selection":
        choices = [key for key in field.get_values(record.env) if key != value]
        return choices[-1] if choices else "x"
    if field.type == "many2one":
        other = record.env[field.comodel_name].sudo()
        return (other.search([("id", "!=", value.id)], limit=1).id) or 1
    if field.type in ("one2many", "many2many"):
        return [[5, 0, 0]] if value else [[6, 0, [1]]]
    if field.type in ("integer", "float", "monetary"):
        return (value or 0) + 7
    simple = {
        "boolean": not value,
        "date": "2001-01-01",
        "datetime": "2001-01-01 01:01:01",
        "binary": "eHg=",
        "json": {"x": 1},
    }
    return simple.get(field.type, "forged")


def forge(record, names):
    """{field: a value that differs} of these stored fields."""
    return {
        name: other_value(record, name)
        for name in sorted(names)
        if record._fields[name].store
    }


@tagged("post_install", "-at_install")
class FieldMatrix:
    """Mixed into the case that has the people and a record of every model."""

    def protected(self):
        """(record, {field: forged value}) of every guarded model."""
        for record in self.records.values():
            if hasattr(record, "_rcm_protected_fields") and record:
                yield record, forge(record, record._rcm_protected_fields())

    @mute_logger("odoo.sql_db", "odoo.http")
    def test_no_protected_field_is_set_directly(self):
        """Each field × {write, create, import, form} × every role, over real RPC."""
        documents = list(self.protected())
        self.assertGreater(len(documents), 15)
        before = [self.stored(record, forged) for record, forged in documents]
        calls = {}
        for record, forged in documents:
            model, ids = record._name, record.ids
            for name, value in forged.items():
                fresh = {**self.values[model], name: value}
                key = model, name
                row = [[".id", name], [[str(ids[0]), str(value)]]]
                for way, method, args in (
                    ("write", "write", [ids, {name: value}]),
                    ("create", "create", [fresh]),
                    ("form", "web_save", [ids, {name: value}, {}]),
                    ("import", "load", row),
                ):
                    calls[(*key, way)] = [model, method, args, {}, None]
        self.assertGreater(len(calls), 400)
        self.install_batch()
        for person in (*role_matrix.ROLES, "settings"):
            asked = {
                key: call
                for key, call in calls.items()
                if key[2] == "write" or person in EVERY_WAY
            }
            outcomes = self.ask(person, asked)
            taken = [
                key
                for key, outcome in outcomes.items()
                if outcome == "allowed" and key[2] != "import"
            ]
            self.assertEqual(taken, [], person)
        after = [self.stored(record, forged) for record, forged in documents]
        self.assertEqual(after, before)

    @mute_logger("odoo.sql_db")
    def test_all_rights_do_not_help(self):
        """The guard asks for a ticket, so nothing reached through ``sudo`` passes."""
        for record, forged in self.protected():
            for name, value in forged.items():
                with (
                    self.subTest(model=record._name, field=name),
                    self.assertRaises(UserError),
                    self.env.cr.savepoint(),
                ):
                    record.sudo().write({name: value})

    @mute_logger("odoo.sql_db", "odoo.http")
    def test_context_defaults_and_onchange_set_nothing(self):
        self.authenticate("matrix_biller", "role-matrix-1")
        for record, forged in self.protected():
            context = {f"default_{name}": value for name, value in forged.items()}
            before = self.stored(record, forged)
            spec = {name: {} for name in forged}
            for method, args in (
                ("create", [self.values[record._name]]),
                ("onchange", [record.ids, forged, list(forged), spec]),
            ):
                answer = self.rpc(record._name, method, args, {"context": context})
                made = answer.get("result") if method == "create" else None
                with self.subTest(model=record._name, method=method):
                    if made:
                        new = record.browse(made)
                        for name, value in forged.items():
                            self.assertNotEqual(self.plain(new, name), value, name)
                    self.assertEqual(self.stored(record, forged), before)

    def stored(self, record, names):
        record.invalidate_recordset()
        return {name: self.plain(record, name) for name in names}

    @staticmethod
    def plain(record, name):
        """A value as a client sees it."""
        field = record._fields[name]
        return field.convert_to_read(
            record.sudo()[name], record, use_display_name=False
        )
