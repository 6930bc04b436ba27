"""Database connections that notice when their other end is gone.

Odoo passes neither keepalives nor time limits to PostgreSQL, and libpq has no
environment variables for them; so they are added where Odoo puts its connection
parameters together. Connections over a Unix socket do not care.
"""

import os
import socket
from contextlib import closing
from functools import wraps

from psycopg2.extensions import libpq_version

from odoo import sql_db

from ..core.connection_loss import Keepalive, client_parameters

# Linux; Python names it since 3.10 only where the C library does.
TCP_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", 18)


def install():
    """Have every connection of this process made with these parameters.

    Whoever uses a service file (PGSERVICE) has said it all there.
    """
    plain = sql_db.connection_info_for
    if getattr(plain, "rcm_keeps_alive", False):
        return

    @wraps(plain)
    def connection_info_for(db_or_uri, readonly=False):
        name, info = plain(db_or_uri, readonly)
        if "dsn" in info or os.environ.get("PGSERVICE"):
            return name, info
        return name, {**client_parameters(libpq_version()), **info}

    connection_info_for.rcm_keeps_alive = True
    sql_db.connection_info_for = connection_info_for


def of_client(cr):
    """The :class:`Keepalive` of this end of a cursor's connection; None: no network."""
    with closing(socket.socket(fileno=os.dup(cr.connection.fileno()))) as line:
        if line.family not in (socket.AF_INET, socket.AF_INET6):
            return None
        return Keepalive(
            on=bool(line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)),
            idle=line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
            interval=line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
            count=line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
            user_timeout=line.getsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT),
        )


def of_server(cr):
    """The same of PostgreSQL's end, as PostgreSQL tells it."""
    cr.execute(
        "SELECT inet_client_addr() IS NOT NULL,"
        " current_setting('tcp_keepalives_idle')::int,"
        " current_setting('tcp_keepalives_interval')::int,"
        " current_setting('tcp_keepalives_count')::int,"
        " (SELECT setting::int FROM pg_settings WHERE name = 'tcp_user_timeout')"
    )
    network, *numbers = cr.fetchone()
    return Keepalive(*numbers) if network else None
