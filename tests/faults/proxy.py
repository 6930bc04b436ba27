"""A way to the database that can go dead: packets vanish and nobody says so.

Stands between Odoo and PostgreSQL. ``silence`` stops carrying what goes over the
connections that are open now, and leaves them open; new ones work.
"""

import contextlib
import selectors
import socket
import threading

CHUNK = 65536


class Proxy:
    """Listens on a local port, carries bytes to the server's socket."""

    def __init__(self, socket_folder):
        self.target = f"{socket_folder}/.s.PGSQL.5432"
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.door, selectors.EVENT_READ)
        self.pairs = {}
        self.dead = set()
        self.lock = threading.Lock()
        self.running = True
        self.thread = threading.Thread(target=self._carry, daemon=True)
        self.thread.start()

    def silence(self):
        """From now on nothing comes through what is open; return how many."""
        with self.lock:
            count = len(self.pairs) // 2
            for end in self.pairs:
                self.selector.unregister(end)
                self.dead.add(end)
            self.pairs = {}
        return count

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
        far = socket.socket(socket.AF_UNIX)
        try:
            far.connect(self.target)
        except OSError:
            near.close()
            return
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
