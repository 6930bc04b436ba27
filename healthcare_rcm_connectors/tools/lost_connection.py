"""Whether the connection to the database went away: no fault of whoever asks."""

from psycopg2 import DatabaseError, InterfaceError, OperationalError


def is_lost(error):
    """Whether ``error`` says so; libpq's own words come as a bare DatabaseError."""
    if isinstance(error, (InterfaceError, OperationalError)):
        return True
    return type(error) is DatabaseError
