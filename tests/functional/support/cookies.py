"""DNS cookies from the side of a client (RFC 7873)."""

import struct

from support import client
from support.wire import Message, opt, option, query

CODE = 10
PLAIN = b"client's"  # the client part


def cookie_option(octets, size=1232):
    return opt(size, options=option(CODE, octets))


def ask(server, octets, name="cc.example", rrtype="SOA", **options):
    """The reply to a question that brings a cookie."""
    return client.ask(server, query(name, rrtype, additional=[cookie_option(octets)], **options))


def fetch(server, name="cc.example"):
    """A cookie of the server, both parts."""
    given = ask(server, PLAIN, name).options()[CODE]
    assert given.startswith(PLAIN) and len(given) == 24
    return given


def ask_nothing(server, octets):
    """The reply to a message without a question (RFC 7873 §5.4)."""
    message = struct.pack("!6H", 7, 0, 0, 0, 0, 1) + cookie_option(octets)
    return Message(client.udp(server, message))


def is_good(server, octets):
    """Whether a server that has §5.4 takes a cookie for one of its own."""
    rcode = ask_nothing(server, octets).rcode
    assert rcode in (0, 23), rcode
    return rcode == 0


def flip(octets):
    """The same with its last bit changed."""
    return octets[:-1] + bytes([octets[-1] ^ 1])


