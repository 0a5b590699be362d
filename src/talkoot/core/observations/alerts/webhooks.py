"""Calls of webhooks that lead outside only: what the name means is checked, and just that address is called.

No redirect is followed, little of the answer is read, and everything ends after TOTAL_SECONDS. Hosts of the city's
own networks may be called where the operator names them in TALKOOT_WEBHOOK_HOSTS.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 10.0
MAX_ANSWER: Final = 4096
LOW_PORTS: Final = frozenset({80, 443})  # of those below 1024, which belong to other protocols
NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
# Special by the registries of IANA (RFC 6890), and global to some versions of Python's library.
SPECIAL: Final = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "100::/64", "2001::/23", "3fff::/20", "5f00::/16")))
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class WebhookError(Exception):
    """The address cannot be called, or did not take the message; the text says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address in its parts; `authority` is host:port as an operator's list names it."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The host with its port."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse(url: str) -> Target:
    """Take an address apart. Raises WebhookError for what is no plain http(s) address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise WebhookError(_("This is no web address.")) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise WebhookError(_("The address must begin with https:// or http://."))
    if parts.username is not None or parts.password is not None:
        raise WebhookError(_("The address may hold no user name or password."))
    if not url.isascii() or any(character <= " " for character in url):
        raise WebhookError(_("The address may hold only plain characters; write others percent-encoded."))
    secure = parts.scheme == "https"
    port = (443 if secure else 80) if port is None else port
    if port < 1024 and port not in LOW_PORTS:
        raise WebhookError(_("Port {port} belongs to another protocol.").format(port=port))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, parts.hostname, port, path)


def is_outside(address: Address) -> bool:
    """Tell whether an address is a host of the open internet, also where it holds another address within."""
    inner = _inner(address)
    if inner is not None:
        return is_outside(inner)
    special = address.is_multicast or address.is_reserved or any(address in network for network in SPECIAL)
    return address.is_global and not special


def _inner(address: Address) -> Address | None:
    """Return the IPv4 address that an IPv6 one stands for: mapped, compatible, 6to4 or NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in NAT64 or 1 < int(address) < 1 << 32:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def resolve(target: Target, allowed: Collection[str]) -> str:
    """Return the address to connect to. Raises WebhookError where the name is unknown or leads inside.

    One address inside among several is enough to refuse: which one is taken would be a matter of chance.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise WebhookError(_("The name {host} is not known.").format(host=target.host)) from error
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses:
        raise WebhookError(_("The name {host} is not known.").format(host=target.host))
    if not {target.host, target.authority} & set(allowed):
        for address in addresses:
            if not is_outside(ipaddress.ip_address(address.partition("%")[0])):
                raise WebhookError(_("{host} leads inside a network.").format(host=target.host))
    return addresses[0]


def sign(secret: str, moment: int, body: bytes) -> str:
    """Return the signature header: t=<seconds since 1970>,v1=<HMAC-SHA256 of "t.body" in hexadecimal>."""
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def post(url: str, body: bytes, headers: Mapping[str, str], allowed: Collection[str] = ()) -> int:
    """Send `body` as JSON and return the status, which is one of 200 to 299. Raises WebhookError for anything else."""
    target = parse(url)
    address = resolve(target, allowed)
    connection = _Connection(target, address)
    try:
        with _ended_in_time(connection):
            connection.request("POST", target.path, body, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            answer.read(MAX_ANSWER)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = type(error).__name__
        raise WebhookError(_("{host} did not answer ({error}).").format(host=target.host, error=reason)) from error
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise WebhookError(_("{host} answered {status}.").format(host=target.host, status=answer.status))
    return answer.status


class _Connection(http.client.HTTPConnection):
    """A connection to the address that was checked, whatever its name means by now."""

    def __init__(self, target: Target, address: str) -> None:
        super().__init__(target.host, target.port, timeout=CONNECT_SECONDS)
        self._target = target
        self._address = address
        self.default_port = 443 if target.secure else 80

    def connect(self) -> None:
        """Connect, and agree on TLS with the host by its name where the address asks for that."""
        self.sock = socket.create_connection((self._address, self._target.port), CONNECT_SECONDS)
        if self._target.secure:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self._target.host)


@contextlib.contextmanager
def _ended_in_time(connection: _Connection) -> Iterator[None]:
    """Cut the connection after TOTAL_SECONDS, however slowly the answer drips, and raise TimeoutError."""
    late = threading.Event()

    def cut() -> None:
        late.set()
        with contextlib.suppress(OSError):
            if connection.sock is not None:
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(TOTAL_SECONDS, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    if late.is_set():  # an answer cut short can look like a whole one
        raise TimeoutError
