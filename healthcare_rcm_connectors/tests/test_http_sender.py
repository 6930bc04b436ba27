import socket
import threading
from contextlib import closing, contextmanager
from unittest.mock import patch

from odoo.tests import BaseCase, tagged
from odoo.tests.common import _super_send

from ..tools import http_sender

PUBLIC = "93.184.216.34"
INSIDE = (
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.9",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",  # the metadata service of clouds
    "224.0.0.1",
    "::1",
    "fe80::1",
    "fc00::7",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
)


def meaning(*answers):
    """A resolver whose answer changes each time it is asked; the last one stays."""
    left = list(answers)

    def getaddrinfo(_host, port, *_args, **_kwargs):
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port),
            )
            for address in addresses
        ]

    return getaddrinfo


@tagged("post_install", "-at_install")
class TestHttpSender(BaseCase):
    """No request leaves for an address of the house (SSRF), whatever its name says."""

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        """Requests go as far as they go: to the networks below, and no further."""
        return _super_send(session, request, **options)

    def setUp(self):
        super().setUp()
        self.knocks = []

    @contextmanager
    def network(self, *answers):
        """Names mean ``answers``; every try to connect is noted and fails."""

        def connect(address, *_args, **_kwargs):
            self.knocks.append(address[0])
            raise OSError("nobody there")

        with (
            patch.object(http_sender.socket, "getaddrinfo", meaning(*answers)),
            patch("urllib3.util.connection.create_connection", connect),
        ):
            yield

    def post(self, url="https://receiver.example/hook", **options):
        return http_sender.send(url, "{}", {}, **options)

    def test_no_private_or_link_local_address_is_knocked_at(self):
        for address in INSIDE:
            with self.subTest(address=address), self.network([address]):
                self.assertEqual(self.post().error, "private_address")
        self.assertEqual(self.knocks, [])

    def test_one_bad_address_among_good_ones_spoils_the_name(self):
        with self.network([PUBLIC, "10.0.0.1"]):
            self.assertEqual(self.post().error, "private_address")
        self.assertEqual(self.knocks, [])

    def test_a_name_that_changes_its_meaning_leads_nowhere(self):
        """DNS rebinding: a public address when asked, the house when connected."""
        for inside in INSIDE:
            self.knocks.clear()
            with self.subTest(inside=inside), self.network([PUBLIC], [inside]):
                self.assertEqual(self.post().error, "connection")
                self.assertEqual(self.knocks, [PUBLIC])

    def test_every_judged_address_is_tried(self):
        with self.network([PUBLIC, "93.184.216.35"]):
            self.assertEqual(self.post().error, "connection")
        self.assertEqual(self.knocks, [PUBLIC, "93.184.216.35"])

    def test_fetching_is_guarded_alike(self):
        with self.network(["192.168.1.1"]):
            answer, content = http_sender.fetch("https://source.example/x", {})
        self.assertEqual(
            (answer.error, content, self.knocks), ("private_address", b"", [])
        )

    def test_link_local_stays_closed_where_private_is_allowed(self):
        with self.network(["169.254.169.254"]):
            self.assertEqual(self.post(private_allowed=True).error, "private_address")
        self.assertEqual(self.knocks, [])

    def test_literal_addresses_in_odd_notations(self):
        for host in ("127.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "169.254.169.254"):
            with self.subTest(host=host), self.network([PUBLIC]):
                self.assertEqual(self.post(f"https://{host}/").error, "private_address")
        for host in ("2130706433", "0x7f000001", "0177.0.0.1", "127.1"):
            # names to us, and names mean what the resolver says: the house
            with self.subTest(host=host), self.network(["127.0.0.1"]):
                self.assertEqual(self.post(f"https://{host}/").error, "private_address")
        self.assertEqual(self.knocks, [])

    def test_a_redirect_is_not_followed(self):
        """Not even to where it could be called directly."""
        asked = []

        def serve(door):
            while True:
                try:
                    client, _address = door.accept()
                except OSError:
                    return
                with client:
                    asked.append(client.recv(4096).split(b" ")[1])
                    client.sendall(
                        b"HTTP/1.1 307 Go\r\nLocation: /secret\r\n"
                        b"Content-Length: 0\r\nConnection: close\r\n\r\n"
                    )

        with closing(socket.create_server(("127.0.0.1", 0))) as door:
            threading.Thread(target=serve, args=[door], daemon=True).start()
            url = f"http://127.0.0.1:{door.getsockname()[1]}/hook"
            answer = self.post(url, private_allowed=True)
        self.assertEqual((answer.status, answer.error), (307, "redirect"))
        self.assertEqual(asked, [b"/hook"])
