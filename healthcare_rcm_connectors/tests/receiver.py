"""A small receiver of webhooks on this machine that checks what it gets."""

import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook


class Receiver:
    """Answers with ``answers`` in turn, then 204; keeps (headers, body) it got.

    An answer is (status, headers); a status of None hangs up without one.

    :param float seconds: how long it thinks about its first answer
    """

    def __init__(self, *answers, seconds=0):
        self.answers = deque(answers)
        self.seconds = seconds
        self.got = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                size = int(self.headers["Content-Length"])
                body = self.rfile.read(size).decode()
                receiver.got.append((dict(self.headers.items()), body))
                status, headers = (
                    receiver.answers.popleft() if receiver.answers else (204, {})
                )
                wait, receiver.seconds = receiver.seconds, 0
                time.sleep(wait)
                if status is None:
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def verified(self, secret, number=-1):
        """Body of a message, after the reference library verified it."""
        headers, body = self.got[number]
        lowered = {name.lower(): value for name, value in headers.items()}
        return Webhook(secret).verify(body, lowered)
