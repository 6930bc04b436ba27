"""What Odoo's log says of statements that the database refused."""

import logging

import psycopg2

from odoo import netsvc
from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged

from ..tools import log_records

SECRET = "Zz'Canary\\Secret"
BARE = "Canary"
# Statement, parameters, what stays readable besides the statement's first words.
REFUSED = {
    "unique": (
        "INSERT INTO canary_log (name, born) VALUES (%s, %s)",
        [SECRET, "1931-02-03"],
        ("canary_log_name_key", "duplicate key value violates unique constraint"),
    ),
    "check": (
        "INSERT INTO canary_log (name, born, amount) VALUES (%s, %s, -77123)",
        [SECRET + "2", "1931-02-03"],
        ("canary_log_amount_check", "violates check constraint"),
    ),
    "not null": (
        "INSERT INTO canary_log (name, born) VALUES (%s, %s)",
        [SECRET + "3", None],
        ('column "born"', "violates not-null constraint"),
    ),
    "cast": (
        "SELECT %s::text::integer",
        [SECRET],
        ("invalid input syntax for type integer",),
    ),
    "date": (
        "SELECT %s::date",
        [SECRET],
        ("invalid input syntax for type date",),
    ),
    "no such column": (
        "SELECT nothing FROM canary_log WHERE name = %s",
        [SECRET],
        ('column "nothing" does not exist',),
    ),
}
VALUES = (BARE, "1931", "77123")


class Sink(logging.Handler):
    """What a handler with Odoo's own formatter writes, and the records it got."""

    def __init__(self):
        super().__init__()
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        self.records, self.lines = [], []

    def emit(self, record):
        self.records.append(record)
        self.lines.append(self.format(record))

    @property
    def text(self):
        return "\n".join(self.lines)


@tagged("post_install", "-at_install")
class TestLogRecords(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.cr.execute(
            "CREATE TEMP TABLE canary_log (name text UNIQUE, born date NOT NULL,"
            " amount integer CHECK (amount > 0))"
        )
        cls.env.cr.execute(
            "INSERT INTO canary_log (name, born) VALUES (%s, '1931-02-03')", [SECRET]
        )

    def setUp(self):
        super().setUp()
        self.sink = Sink()
        self.logger = logging.getLogger("odoo.addons.healthcare_rcm_base.canary")
        # Loggers of their own level and no parents: nothing reaches the test's log.
        for name in (self.logger.name, log_records.STATEMENTS):
            logger = logging.getLogger(name)
            self.patch(logger, "handlers", [self.sink])
            self.patch(logger, "propagate", False)
            self.patch(logger, "disabled", False)

    def refuse(self, statement, params, wrap=None):
        """Run a statement that is refused; log it as Odoo's doors do."""
        try:
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute(statement, params)
        except psycopg2.Error as error:
            if wrap is None:
                self.logger.exception("Exception during request handling.")
                return
            try:
                raise wrap(error) from error
            except Exception as wrapped:  # what is logged of it is the test
                self.logger.warning(wrapped, exc_info=True)
            return
        raise AssertionError("the database took it")

    def assertClean(self, names):
        text = self.sink.text
        for value in VALUES:
            self.assertNotIn(value, text)
        for record in self.sink.records:
            self.assertNotIn(BARE, repr(record.__dict__))
        for name in names:
            self.assertIn(name, text)

    def test_refused_statements_show_no_value(self):
        for kind, (statement, params, names) in REFUSED.items():
            with self.subTest(kind=kind):
                self.sink.records.clear()
                self.sink.lines.clear()
                self.refuse(statement, params)
                self.assertClean([*names, "bad query: ", statement.split("%s")[0]])
                bad, traced = self.sink.records
                self.assertEqual(bad.name, log_records.STATEMENTS)
                self.assertEqual(bad.levelname, "ERROR")
                self.assertIn("Traceback (most recent call last)", traced.exc_text)
                self.assertIn("psycopg2.errors.", traced.exc_text)
                self.assertIn("in refuse", traced.exc_text)

    def test_errors_that_quote_a_database_error_show_no_value(self):
        quoting = {
            "text": lambda error: ValidationError(f"Not possible: {error}"),
            "repr": lambda error: ValueError(f"{error!r} while evaluating 'x'"),
            "detail": lambda error: ValidationError(error.diag.message_detail or "-"),
        }
        for kind, wrap in quoting.items():
            for name in ("unique", "check", "cast"):
                with self.subTest(kind=kind, error=name):
                    self.sink.records.clear()
                    self.sink.lines.clear()
                    self.refuse(*REFUSED[name][:2], wrap=wrap)
                    self.assertClean([REFUSED[name][2][0]])

    def test_arguments_that_are_errors_show_no_value(self):
        error = psycopg2.errors.UniqueViolation(
            f'violates "some_uniq"\nDETAIL:  Key (name)=({SECRET})'
        )
        self.logger.warning("Retrying after %s (%s left)", error, 3)
        self.assertEqual(
            self.sink.lines,
            [
                f'WARNING {self.logger.name}: Retrying after violates "some_uniq"'
                " (3 left)"
            ],
        )

    def test_other_records_stay_as_they_are(self):
        self.logger.warning("Claim %s", "Canary 1931")
        self.logger.warning("%s", {"a": 1})
        self.logger.warning("by name %(who)s", {"who": "Canary"})
        error = ValueError("Canary")
        self.logger.error("Other", exc_info=error)
        statement, numbers, named, other = self.sink.records
        self.assertEqual(statement.args, ("Canary 1931",))
        self.assertEqual(numbers.getMessage(), "{'a': 1}")
        self.assertEqual(named.getMessage(), "by name Canary")
        self.assertIs(other.exc_info[1], error)
        logging.getLogger(log_records.STATEMENTS).warning(
            "ConnectionPool(%s)", "used=1"
        )
        self.assertEqual(self.sink.records[-1].args, ("used=1",))

    def test_a_record_that_cannot_be_formatted_is_clean_too(self):
        error = psycopg2.errors.CheckViolation(f'violates "c"\nDETAIL:  ({SECRET})')
        self.logger.warning("%s of %s and %s", error, 1)
        self.assertEqual(len(self.sink.lines), 1)
        self.assertClean(['violates "c"'])

    def test_installed_once_and_odoo_knows_its_record_class(self):
        factory = logging.getLogRecordFactory()
        log_records.install()
        self.assertIs(logging.getLogRecordFactory(), factory)
        self.assertTrue(issubclass(netsvc.LogRecord, log_records.CleanRecord))
        record = factory("odoo", logging.INFO, "", 1, "%s", (), None)
        self.assertTrue(hasattr(record, "pid") or factory is not netsvc.LogRecord)

    def test_a_record_factory_of_somebody_else_is_wrapped(self):
        plain = logging.getLogRecordFactory()
        self.addCleanup(logging.setLogRecordFactory, plain)
        logging.setLogRecordFactory(logging.LogRecord)
        log_records.install()
        log_records.install()
        self.assertIsNot(logging.getLogRecordFactory(), logging.LogRecord)
        self.refuse(*REFUSED["unique"][:2])
        self.assertClean(["canary_log_name_key"])
