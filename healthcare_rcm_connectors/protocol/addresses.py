"""Where outgoing requests may go: no address of this house unless it is allowed.

Against server-side request forgery: a URL an administrator types, or a name whose
meaning changes after it was checked, must not reach the database, the cloud's
metadata service or a neighbour in the private network.
"""

import ipaddress
from urllib.parse import urlsplit


class AddressRefused(ValueError):
    """The address may not be called; ``code`` says why."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def check_url(url, private_allowed=False):
    """Refuse a URL that could never be called; return (host, port).

    :raises AddressRefused: ``scheme``, ``credentials``, ``host``, ``port`` or, for a
        literal address, ``private_address``
    """
    try:
        parts = urlsplit(url or "")
        port = parts.port
    except ValueError:
        raise AddressRefused("host") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and private_allowed):
        raise AddressRefused("scheme")
    if parts.username or parts.password:
        raise AddressRefused("credentials")
    if not parts.hostname or parts.hostname != parts.hostname.strip("."):
        raise AddressRefused("host")
    if port == 0:
        raise AddressRefused("port")
    # a name is judged by the addresses it has when it is called
    if _is_address(parts.hostname):
        check_address(parts.hostname, private_allowed)
    return parts.hostname, port or {"https": 443, "http": 80}[parts.scheme]


def check_address(address, private_allowed=False):
    """Refuse an IP address that is not a public one.

    ``private_allowed`` opens the private networks and this machine, never the
    link-local range (cloud metadata), multicast or the unspecified address.

    :raises AddressRefused: ``private_address``
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    if mapped is not None:
        ip = mapped
    never = ip.is_link_local or ip.is_multicast or ip.is_unspecified
    if never or not (ip.is_global or (private_allowed and _is_ours(ip))):
        raise AddressRefused("private_address")


def read_networks(text):
    """Networks in ``text`` (``203.0.113.0/24``, single addresses; blanks or commas).

    :raises ValueError: names the first word that is no network
    """
    networks = []
    for word in (text or "").replace(",", " ").split():
        try:
            networks.append(ipaddress.ip_network(word))
        except ValueError:
            raise ValueError(word) from None
    return tuple(networks)


def lies_in(address, networks):
    """Whether ``address`` lies in one of ``networks``; an unreadable one does not."""
    try:
        ip = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return False
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return any(ip in network for network in networks)


def _is_address(text):
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_ours(ip):
    return ip.is_private or ip.is_loopback
