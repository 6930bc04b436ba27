"""Requests straight into the server's application, without a connection each.

The same code answers as over a socket (`odoo.http.root` is what the server calls);
tests that need many thousand requests are spared what a connection and a thread cost.
"""

from werkzeug.test import Client

from odoo.http import root


class InProcessMixin:
    """For HttpCase."""

    def ask(self, method, path, body=b"", headers=None, address="127.0.0.1", **options):
        """The answer to one request that comes from ``address``."""
        self.ready_for_a_request()
        return Client(root).open(
            path,
            method=method,
            data=body,
            headers=headers or {},
            base_url=self.base_url(),
            environ_base={"REMOTE_ADDR": address},
            **options,
        )

    def ready_for_a_request(self):
        """As Odoo's own opener does: what the test wrote is there to be read."""
        self.http_request_allow_all = True
        self.cr.flush()
        self.cr.clear()
