"""A way to the database that can go dead: packets vanish and nobody says so.

Stands between Odoo and PostgreSQL. ``silence`` has every packet thrown away that comes
over the connections that are open now, as a firewall does that forgot them: nothing is
acknowledged, nothing is refused. New connections work.
"""

import contextlib
import ctypes
import selectors
import socket
import struct
import threading
from pathlib import Path

CHUNK = 65536
SO_ATTACH_FILTER = 26  # Linux
# A socket filter of one instruction, "take nothing": packets are dropped before TCP
# sees them.
TAKE_NOTHING = struct.pack("HBBI", 0x06, 0, 0, 0)


class Proxy:
    """Listens on a local port, carries bytes to the server's socket."""

    def __init__(self, address, port):
        self.target = address, port
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.door, selectors.EVENT_READ)
        self.pairs = {}
        self.near = set()
        self.dead = set()
        self.lock = threading.Lock()
        self.running = True
        self.thread = threading.Thread(target=self._carry, daemon=True)
        self.thread.start()

    def silence(self):
        """From now on nothing comes through what is open.

        :return: ({port of Odoo's end}, {port of our end towards PostgreSQL}) of them
        """
        with self.lock:
            near = {end.getpeername()[1] for end in self.pairs if end in self.near}
            far = {end.getsockname()[1] for end in self.pairs if end not in self.near}
            for end in self.pairs:
                self.selector.unregister(end)
                _drop_all(end)
                self.dead.add(end)
            self.pairs = {}
        return near, far

    def stop(self):
        """Close everything."""
        self.running = False
        self.thread.join(5)
        for end in [*self.pairs, *self.dead, self.door]:
            with contextlib.suppress(OSError):
                end.close()

    def _carry(self):
        while self.running:
            for key, _events in self.selector.select(timeout=0.2):
                with self.lock:
                    if key.fileobj is self.door:
                        self._open()
                    elif key.fileobj in self.pairs:
                        self._pass_on(key.fileobj)

    def _open(self):
        near, _address = self.door.accept()
        try:
            far = socket.create_connection(self.target)
        except OSError:
            near.close()
            return
        self.near.add(near)
        for end, other in ((near, far), (far, near)):
            self.pairs[end] = other
            self.selector.register(end, selectors.EVENT_READ)

    def _pass_on(self, end):
        other = self.pairs[end]
        try:
            data = end.recv(CHUNK)
            if data:
                other.sendall(data)
                return
        except OSError:
            data = b""
        for side in (end, other):
            self.selector.unregister(side)
            self.pairs.pop(side, None)
            side.close()


def _drop_all(end):
    code = ctypes.create_string_buffer(TAKE_NOTHING)
    program = struct.pack("HL", 1, ctypes.addressof(code))
    end.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


def ports_towards(port):
    """Local ports of this machine's established TCP connections (IPv4) to ``port``."""
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    ends = ((row[1], row[2]) for row in rows if row[3] == "01")
    numbers = ([int(end.rpartition(":")[2], 16) for end in pair] for pair in ends)
    return {local for local, remote in numbers if remote == port}
