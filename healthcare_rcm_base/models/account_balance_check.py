"""Checks that live in the database, below every context key and every module.

An unbalanced posted entry cannot be committed, and the amounts of a sealed entry of
the revenue cycle cannot be changed, whatever code or SQL tries to.
"""

from odoo import models

# An ordinary deferred row trigger on journal items checks an entry once per item,
# which is quadratic. Statement triggers note each touched entry once per transaction
# in a small table; the deferred trigger on that table checks the entry and removes
# the note.
# PostgreSQL plans the queries of a trigger once a session, by the number of rows of
# its first statement: after one small invoice, a join of the rows before and after
# stays a nested loop, which is quadratic for a large remittance. So nothing is joined
# here: before and after are compared by grouping, and an entry's state is looked up
# by its key.
BALANCE_SQL = """
CREATE TABLE IF NOT EXISTS rcm_move_balance_check (
    move_id integer NOT NULL,
    transaction_id bigint NOT NULL,
    PRIMARY KEY (move_id, transaction_id)
);

CREATE OR REPLACE FUNCTION rcm_note_inserted_lines() RETURNS trigger AS $$
BEGIN
    INSERT INTO rcm_move_balance_check (move_id, transaction_id)
    SELECT touched.move_id, txid_current()
      FROM (SELECT DISTINCT move_id FROM new_lines) touched
     WHERE (SELECT state FROM account_move WHERE id = touched.move_id) = 'posted'
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$ LANGUAGE plpgsql;

CREATE OR REPLACE FUNCTION rcm_note_updated_lines() RETURNS trigger AS $$
BEGIN
    INSERT INTO rcm_move_balance_check (move_id, transaction_id)
    SELECT touched.move_id, txid_current()
      FROM (SELECT DISTINCT move_id
              FROM (SELECT id, move_id, balance FROM old_lines
                     UNION ALL
                    SELECT id, move_id, balance FROM new_lines) both_lines
             GROUP BY id, move_id, balance
            HAVING COUNT(*) = 1) touched
     WHERE (SELECT state FROM account_move WHERE id = touched.move_id) = 'posted'
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$ LANGUAGE plpgsql;

CREATE OR REPLACE FUNCTION rcm_note_deleted_lines() RETURNS trigger AS $$
BEGIN
    INSERT INTO rcm_move_balance_check (move_id, transaction_id)
    SELECT touched.move_id, txid_current()
      FROM (SELECT DISTINCT move_id FROM old_lines) touched
     WHERE (SELECT state FROM account_move WHERE id = touched.move_id) = 'posted'
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$ LANGUAGE plpgsql;

CREATE OR REPLACE FUNCTION rcm_note_posted_moves() RETURNS trigger AS $$
BEGIN
    INSERT INTO rcm_move_balance_check (move_id, transaction_id)
    SELECT id, txid_current()
      FROM (SELECT id FROM new_moves WHERE state = 'posted'
            EXCEPT
            SELECT id FROM old_moves WHERE state = 'posted') posted
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$ LANGUAGE plpgsql;

CREATE OR REPLACE FUNCTION rcm_check_move_balance() RETURNS trigger AS $$
DECLARE
    difference numeric;
BEGIN
    SELECT ROUND(SUM(line.balance), currency.decimal_places) INTO difference
      FROM account_move_line line
      JOIN account_move move ON move.id = line.move_id AND move.state = 'posted'
      JOIN res_company company ON company.id = move.company_id
      JOIN res_currency currency ON currency.id = company.currency_id
     WHERE line.move_id = NEW.move_id
     GROUP BY currency.decimal_places;
    DELETE FROM rcm_move_balance_check
     WHERE move_id = NEW.move_id AND transaction_id = NEW.transaction_id;
    IF difference <> 0 THEN
        RAISE EXCEPTION 'Journal entry % is out of balance by %',
                        NEW.move_id, difference
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rcm_move_balance';
    END IF;
    RETURN NULL;
END $$ LANGUAGE plpgsql;

CREATE OR REPLACE FUNCTION rcm_refuse_sealed_line() RETURNS trigger AS $$
DECLARE
    sealed boolean;
BEGIN
    SELECT bool_or(move.rcm_kind IS NOT NULL AND move.inalterable_hash <> '')
      INTO sealed
      FROM account_move move
     WHERE (TG_OP <> 'INSERT' AND move.id = OLD.move_id)
        OR (TG_OP <> 'DELETE' AND move.id = NEW.move_id);
    IF sealed THEN
        RAISE EXCEPTION 'Items of a sealed journal entry cannot be changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rcm_sealed_line';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$ LANGUAGE plpgsql;

DROP TRIGGER IF EXISTS rcm_lines_inserted ON account_move_line;
CREATE TRIGGER rcm_lines_inserted AFTER INSERT ON account_move_line
    REFERENCING NEW TABLE AS new_lines
    FOR EACH STATEMENT EXECUTE FUNCTION rcm_note_inserted_lines();

DROP TRIGGER IF EXISTS rcm_lines_updated ON account_move_line;
CREATE TRIGGER rcm_lines_updated AFTER UPDATE ON account_move_line
    REFERENCING OLD TABLE AS old_lines NEW TABLE AS new_lines
    FOR EACH STATEMENT EXECUTE FUNCTION rcm_note_updated_lines();

DROP TRIGGER IF EXISTS rcm_lines_deleted ON account_move_line;
CREATE TRIGGER rcm_lines_deleted AFTER DELETE ON account_move_line
    REFERENCING OLD TABLE AS old_lines
    FOR EACH STATEMENT EXECUTE FUNCTION rcm_note_deleted_lines();

DROP TRIGGER IF EXISTS rcm_moves_posted ON account_move;
CREATE TRIGGER rcm_moves_posted AFTER UPDATE ON account_move
    REFERENCING OLD TABLE AS old_moves NEW TABLE AS new_moves
    FOR EACH STATEMENT EXECUTE FUNCTION rcm_note_posted_moves();

DROP TRIGGER IF EXISTS rcm_move_balance ON rcm_move_balance_check;
CREATE CONSTRAINT TRIGGER rcm_move_balance AFTER INSERT ON rcm_move_balance_check
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION rcm_check_move_balance();

DROP TRIGGER IF EXISTS rcm_sealed_line_added ON account_move_line;
CREATE TRIGGER rcm_sealed_line_added BEFORE INSERT OR DELETE ON account_move_line
    FOR EACH ROW EXECUTE FUNCTION rcm_refuse_sealed_line();

DROP TRIGGER IF EXISTS rcm_sealed_line_changed ON account_move_line;
CREATE TRIGGER rcm_sealed_line_changed BEFORE UPDATE ON account_move_line
    FOR EACH ROW
    WHEN (OLD.debit IS DISTINCT FROM NEW.debit
       OR OLD.credit IS DISTINCT FROM NEW.credit
       OR OLD.balance IS DISTINCT FROM NEW.balance
       OR OLD.amount_currency IS DISTINCT FROM NEW.amount_currency
       OR OLD.account_id IS DISTINCT FROM NEW.account_id
       OR OLD.partner_id IS DISTINCT FROM NEW.partner_id
       OR OLD.name IS DISTINCT FROM NEW.name
       OR OLD.move_id IS DISTINCT FROM NEW.move_id)
    EXECUTE FUNCTION rcm_refuse_sealed_line();
"""

DROP_SQL = """
DROP TRIGGER IF EXISTS rcm_lines_inserted ON account_move_line;
DROP TRIGGER IF EXISTS rcm_lines_updated ON account_move_line;
DROP TRIGGER IF EXISTS rcm_lines_deleted ON account_move_line;
DROP TRIGGER IF EXISTS rcm_moves_posted ON account_move;
DROP TRIGGER IF EXISTS rcm_sealed_line_added ON account_move_line;
DROP TRIGGER IF EXISTS rcm_sealed_line_changed ON account_move_line;
DROP TABLE IF EXISTS rcm_move_balance_check CASCADE;
DROP FUNCTION IF EXISTS rcm_note_inserted_lines();
DROP FUNCTION IF EXISTS rcm_note_updated_lines();
DROP FUNCTION IF EXISTS rcm_note_deleted_lines();
DROP FUNCTION IF EXISTS rcm_note_posted_moves();
DROP FUNCTION IF EXISTS rcm_check_move_balance();
DROP FUNCTION IF EXISTS rcm_refuse_sealed_line();
"""


def remove(cr):
    """Take the checks out again when the module is uninstalled."""
    cr.execute(DROP_SQL)


class AccountMoveLine(models.Model):
    """Installs the database checks with the table they watch."""

    _inherit = "account.move.line"

    def init(self):
        result = super().init()
        self.env.cr.execute(BALANCE_SQL)
        return result

    def _rcm_check_before_commit(self):
        """Have the balances of this transaction checked just before it commits.

        The commit itself checks them too, but its failure cannot be told to a person:
        here it becomes an ordinary message.
        """
        precommit = self.env.cr.precommit
        if not precommit.data.get("rcm_move_balance"):
            precommit.data["rcm_move_balance"] = True
            precommit.add(self._rcm_check_balances)

    def _rcm_check_balances(self):
        self.env.cr.precommit.data.pop("rcm_move_balance", None)
        self.env.flush_all()
        self.env.cr.execute(
            "SET CONSTRAINTS rcm_move_balance IMMEDIATE;"
            "SET CONSTRAINTS rcm_move_balance DEFERRED"
        )
