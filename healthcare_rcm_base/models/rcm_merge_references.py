from psycopg2.errors import UniqueViolation

from odoo import api, models
from odoo.tools import SQL, mute_logger

from ..core.merging import Change

SUITE = "rcm."
# They tell what was, or they are the merge's own.
LEFT_ALONE = (
    "rcm.possible.duplicate",
    "rcm.master.change",
    "rcm.match.key",
)
TAKEN = "taken"


class RcmMergeReferences(models.AbstractModel):
    """Finding and turning every reference from one record to another.

    References are read from the registry, so a model that comes with another module
    of the suite is turned too. Journal entries and the logs are no part of it. Rows
    are turned below the ORM: documents guard themselves against being rewritten, and
    a merge rewrites nothing but whom they are about.
    """

    _name = "rcm.merge.references"
    _description = "References Between Records"

    # ------------------------------------------------------------------
    # Finding
    # ------------------------------------------------------------------
    @api.model
    def _rcm_references(self, model):
        """[(model, field, kind)] of every stored reference of the suite to ``model``.

        ``kind`` is ``one`` (many2one), ``many`` (many2many) or ``any`` (a model name
        and an id side by side).
        """
        found, relations = [], set()
        for name in sorted(self.env.registry):
            owner = self.env[name]
            if not self._rcm_takes_part(owner):
                continue
            for field in owner._fields.values():
                if field.type == "many2many" and field.comodel_name == model:
                    place = (field.relation, field.column2)
                    if field.store and field.relation and place not in relations:
                        relations.add(place)
                        found.append((name, field.name, "many"))
                elif _is_plain_reference(field, model):
                    found.append((name, field.name, "one"))
            if _names_any_record(owner):
                found.append((name, "res_id", "any"))
        return found

    @api.model
    def _rcm_takes_part(self, owner):
        """Whether rows of this model are turned by a merge."""
        return (
            owner._auto
            and not owner._abstract
            and not owner._transient
            and (owner._name.startswith(SUITE) or owner._name == "ir.attachment")
            and owner._name not in LEFT_ALONE
            and not owner._name.startswith("rcm.audit.")
            and not isinstance(owner, self.pool["rcm.append.only.mixin"])
        )

    # ------------------------------------------------------------------
    # Turning
    # ------------------------------------------------------------------
    @api.model
    def _rcm_turn_all(self, keep, drop, spared=None):
        """Make everything that refers to ``drop`` refer to ``keep``.

        :param dict spared: {model: ids} of records that stay with ``drop``
        :return: (changes made, [(change not made, reason)])
        """
        self.env.flush_all()
        done, left = [], []
        for name, field, kind in self._rcm_references(keep._name):
            turn = getattr(self, f"_rcm_turn_{kind}")
            stay = set((spared or {}).get(name, ()))
            made, missed = turn(name, field, keep, drop, stay)
            done += made
            left += missed
            left += [
                (Change(name, id_, field, drop.id, keep.id), "money")
                for id_ in sorted(stay)
            ]
        self.env.flush_all()
        self.env.invalidate_all()
        return done, left

    def _rcm_turn_one(self, name, field, keep, drop, stay):
        return self._rcm_turn_rows(name, field, keep, drop, stay, SQL("TRUE"))

    def _rcm_turn_any(self, name, field, keep, drop, stay):
        named = SQL("res_model = %s", keep._name)
        return self._rcm_turn_rows(name, field, keep, drop, stay, named)

    def _rcm_turn_rows(self, name, field, keep, drop, stay, condition):
        """Turn a column; a row that would collide with another one stays."""
        model = self.env[name]
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM %s WHERE %s = %s AND %s ORDER BY id FOR UPDATE",
                SQL.identifier(model._table),
                SQL.identifier(field),
                drop.id,
                condition,
            )
        )
        ids = [id_ for (id_,) in rows if id_ not in stay]
        taken = self._rcm_set_column(model, field, ids, keep.id)
        done = [
            Change(name, id_, field, drop.id, keep.id)
            for id_ in ids
            if id_ not in taken
        ]
        left = [
            (Change(name, id_, field, drop.id, keep.id), TAKEN) for id_ in sorted(taken)
        ]
        return done, left

    def _rcm_turn_many(self, name, field, keep, drop, stay):
        """Turn a relation; where both are linked already, only the old link goes."""
        relation = self.env[name]._fields[field]
        table, mine, theirs = map(
            SQL.identifier, (relation.relation, relation.column1, relation.column2)
        )
        rows = self.env.execute_query(
            SQL(
                """SELECT link.%(mine)s, EXISTS (
                          SELECT 1 FROM %(table)s both_
                           WHERE both_.%(mine)s = link.%(mine)s
                             AND both_.%(theirs)s = %(keep)s)
                     FROM %(table)s link WHERE link.%(theirs)s = %(drop)s
                    ORDER BY 1""",
                table=table,
                mine=mine,
                theirs=theirs,
                keep=keep.id,
                drop=drop.id,
            )
        )
        changes = [
            Change(name, id_, field, drop.id, None if both else keep.id)
            for id_, both in rows
            if id_ not in stay
        ]
        for new in (None, keep.id):
            ids = [change.id for change in changes if change.new == new]
            self._rcm_set_links(self.env[name], field, ids, drop.id, new)
        return changes, []

    def _rcm_set_links(self, model, field, ids, old, new):
        """In a relation, take ``old`` away and put ``new`` in (either may be None)."""
        if not ids:
            return
        relation = model._fields[field]
        table, mine, theirs = map(
            SQL.identifier, (relation.relation, relation.column1, relation.column2)
        )
        if old is not None:
            self.env.cr.execute(
                SQL(
                    "DELETE FROM %s WHERE %s = ANY(%s) AND %s = %s",
                    table,
                    mine,
                    list(ids),
                    theirs,
                    old,
                )
            )
        if new is not None:
            self.env.cr.execute(
                SQL(
                    "INSERT INTO %s (%s, %s) SELECT unnest(%s), %s"
                    " ON CONFLICT DO NOTHING",
                    table,
                    mine,
                    theirs,
                    list(ids),
                    new,
                )
            )
        records = model.browse(ids)
        records.invalidate_recordset([field], flush=False)
        records.modified([field])

    def _rcm_set_column(self, model, field, ids, value):
        """Set a column of these rows; return ids that would break a unique index."""
        if not ids:
            return set()
        taken = set()
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint(flush=False):
                self._rcm_update(model, field, ids, value)
        except UniqueViolation:
            for id_ in ids:
                try:
                    with mute_logger("odoo.sql_db"), self.env.cr.savepoint(flush=False):
                        self._rcm_update(model, field, [id_], value)
                except UniqueViolation:
                    taken.add(id_)
        records = model.browse(id_ for id_ in ids if id_ not in taken)
        records.invalidate_recordset([field], flush=False)
        records.modified([field])
        return taken

    def _rcm_update(self, model, field, ids, value):
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET %s = %s WHERE id = ANY(%s)",
                SQL.identifier(model._table),
                SQL.identifier(field),
                value,
                list(ids),
            )
        )

    # ------------------------------------------------------------------
    # What is there now
    # ------------------------------------------------------------------
    @api.model
    def _rcm_current(self, changes):
        """{(model, id, field): value now} of what ``changes`` touched and still is."""
        current = {}
        by_model = {}
        for change in changes:
            by_model.setdefault(change.model, []).append(change)
        for name, some in by_model.items():
            if name not in self.env:
                continue
            records = self.env[name].browse({change.id for change in some}).exists()
            alive = {record.id: record for record in records}
            for change in some:
                if record := alive.get(change.id):
                    place = (change.model, change.id, change.field)
                    current[place] = self._rcm_value(record, change)
        return current

    def _rcm_value(self, record, change):
        """The value a change is about, in the form in which changes hold it."""
        if record._fields[change.field].type == "many2many":
            ids = record.with_context(active_test=False)[change.field].ids
            if change.old in ids:
                return change.old
            return change.new if change.new is None or change.new in ids else False
        return plain_value(record, change.field)


def plain_value(record, name):
    """A field's value as JSON can hold it and ``write`` takes it."""
    field = record._fields[name]
    value = field.convert_to_write(record[name], record)
    if field.type in ("date", "datetime") and value:
        return field.to_string(value)
    return value or (False if field.type != "integer" else 0)


def _is_plain_reference(field, model):
    return (
        field.type == "many2one"
        and field.comodel_name == model
        and field.store
        and not field.related
        and not (field.compute and field.readonly)
    )


def _names_any_record(owner):
    """Whether rows name a record of any model by ``res_model`` and ``res_id``."""
    names = owner._fields
    return (
        "res_model" in names
        and "res_id" in names
        and names["res_model"].store
        and names["res_id"].store
        and names["res_id"].type in ("integer", "many2one_reference")
    )
