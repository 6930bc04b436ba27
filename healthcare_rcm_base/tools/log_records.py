"""Odoo's log without the values that SQL statements and their errors carry.

Odoo logs a failed statement with all its parameters, and a database error quotes the
row it refused: patient data, in a file that operators read. Records that speak of a
database error are rewritten when they are made, before any handler sees them: the
statement keeps its shape, the error its class, first line and constraint. All other
records stay as they are.
"""

import logging

import psycopg2

from odoo import netsvc

from ..core import redaction

STATEMENTS = "odoo.sql_db"
BAD_QUERY = "bad query:"


def install():
    """Have every log record of this process go through :func:`clean`."""
    plain = netsvc.LogRecord
    if not issubclass(plain, CleanRecord):

        class Record(CleanRecord, plain):
            """Odoo's record, cleaned."""

        # Odoo sets its logging up again when it finds another record class than its
        # own in place, so both names change together.
        netsvc.LogRecord = Record
        if logging.getLogRecordFactory() is plain:
            logging.setLogRecordFactory(Record)
    if not _is_installed(logging.getLogRecordFactory()):
        logging.setLogRecordFactory(_cleaning(logging.getLogRecordFactory()))


class CleanRecord:
    """Mixed into the class of log records."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        clean(self)


def _is_installed(factory):
    if isinstance(factory, type):
        return issubclass(factory, CleanRecord)
    return getattr(factory, "rcm_cleans", False)


def _cleaning(factory):
    """A record factory that somebody else installed, with ours round it."""

    def make(*args, **kwargs):
        record = factory(*args, **kwargs)
        clean(record)
        return record

    make.rcm_cleans = True
    return make


def clean(record):
    """Take SQL values out of a log record, in place."""
    errors = _errors(record)
    if record.name == STATEMENTS and str(record.msg).startswith(BAD_QUERY):
        _clean_statement(record)
    if not errors:
        return
    spelled = _spellings(errors)
    message = _message(record)
    cleaned = _replace(message, spelled)
    if cleaned != message:
        record.msg, record.args = cleaned, ()
    if record.exc_info:
        # A handler that formats the exception itself would bring the values back, so
        # it gets the text alone; every formatter appends that as it stands.
        text = logging.Formatter().formatException(record.exc_info)
        record.exc_text, record.exc_info = _replace(text, spelled), None


def _message(record):
    """The record's text, also when its arguments do not fit it."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        args = [str(item) for item in record.args or ()]
        return f"{record.msg} {args}"


def _clean_statement(record):
    if not isinstance(record.args, tuple) or len(record.args) != 2:
        return
    statement, error = record.args
    if isinstance(statement, bytes):
        statement = statement.decode("utf-8", "replace")
    shape = redaction.statement_shape(str(statement))
    record.args = (shape, error)


def _errors(record):
    """Every database error that the record names or comes from."""
    args = record.args if isinstance(record.args, tuple) else ()
    start = [record.exc_info[1]] if record.exc_info else []
    start += [item for item in (record.msg, *args) if isinstance(item, BaseException)]
    found, seen = [], set()
    while start:
        error = start.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        if isinstance(error, psycopg2.Error):
            found.append(error)
        start += [error.__cause__, error.__context__]
        start += getattr(error, "exceptions", ())
    return found


def safe_text(error):
    """What may be told of a database error: class, first line, constraint."""
    told = error.diag.message_primary or str(error)
    text = redaction.database_message(told, error.pgcode)
    constraint = error.diag.constraint_name
    if constraint and constraint not in text:
        text += f" ({constraint})"
    return text


def _spellings(errors):
    """[(text as it may appear, what to show instead)], longest first.

    Other errors quote one as ``str`` or ``repr``; Odoo's own put the detail alone
    into what they tell the user.
    """
    pairs = {}
    for error in errors:
        safe, diag = safe_text(error), error.diag
        for text in (str(error), diag.message_primary):
            pairs[(text or "").strip()] = safe
        for text in (diag.message_detail, diag.context):
            pairs[(text or "").strip()] = redaction.REDACTED
    pairs |= {repr(text)[1:-1]: safe for text, safe in pairs.items()}
    known = [pair for pair in pairs.items() if pair[0]]
    return sorted(known, key=lambda pair: -len(pair[0]))


def _replace(text, spelled):
    for found, instead in spelled:
        text = text.replace(found, instead)
    return text
