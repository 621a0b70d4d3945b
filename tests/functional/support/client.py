"""Clients: one query at a time, or thousands in a window; UDP and TCP."""

import select
import socket
import struct
import time

from support.wire import Message, query

_CHUNK = 64  # in flight: far below what any server's receive buffer holds
_PATIENCE = 2.0


def _family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def udp_socket(server, source=None):
    sock = socket.socket(_family(server[0]), socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    if source:
        sock.bind((source, 0))
    sock.connect(server)
    return sock


def udp(server, octets, timeout=2.0, source=None, tries=3):
    """The reply's octets to one datagram, or None. A datagram may get lost: `tries`."""
    with udp_socket(server, source) as sock:
        sock.settimeout(timeout)
        for _ in range(tries):
            try:
                sock.send(octets)
                return sock.recv(65535)
            except (socket.timeout, ConnectionRefusedError):
                continue
    return None


def ask(server, octets, **options):
    """The reply to one query over UDP, taken apart."""
    reply = udp(server, octets, **options)
    assert reply is not None, "no answer"
    message = Message(reply)
    assert message.id == struct.unpack("!H", octets[:2])[0]
    return message


def udp_many(server, messages):
    """Replies to many messages of at least two octets, in their order; None where none came.

    Message IDs are replaced: a reply belongs to the message with its ID. What has no reply is sent
    once more, since a datagram may get lost.
    """
    replies = [None] * len(messages)
    with udp_socket(server) as sock:
        for _ in range(2):
            todo = [n for n, reply in enumerate(replies) if reply is None]
            for start in range(0, len(todo), _CHUNK):
                numbers = dict(enumerate(todo[start:start + _CHUNK], start & 0x3FFF))
                _ask_chunk(sock, messages, replies, numbers)
    return replies


def _ask_chunk(sock, messages, replies, waiting):
    """Sends some messages, a dict by ID, and a sound query after them. A server takes a socket's
    datagrams in turn, so that its answer to the query tells that what has no reply by then will get
    none."""
    sentinel = 0x8000 | min(waiting)
    for ident, n in waiting.items():
        sock.send(struct.pack("!H", ident) + messages[n][2:])
    sock.send(query(".", "SOA", ident=sentinel))
    wait = _PATIENCE
    while select.select([sock], [], [], wait)[0]:
        octets = sock.recv(65535)
        ident = struct.unpack("!H", octets[:2])[0]
        if ident == sentinel:
            wait = 0.002 if waiting else 0  # what was overtaken
        elif ident in waiting:
            replies[waiting.pop(ident)] = octets


class Tcp:
    """One TCP connection."""

    def __init__(self, server, source=None, timeout=5.0, receive_buffer=None):
        self.socket = socket.socket(_family(server[0]), socket.SOCK_STREAM)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source:
            self.socket.bind((source, 0))
        self.socket.settimeout(timeout)
        self.socket.connect(server)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *messages):
        """All messages in one write."""
        self.socket.sendall(b"".join(struct.pack("!H", len(m)) + m for m in messages))

    def _exactly(self, count):
        octets = b""
        while len(octets) < count:
            try:
                part = self.socket.recv(count - len(octets))
            except ConnectionResetError:
                part = b""
            if not part:
                return None
            octets += part
        return octets

    def receive(self):
        """The next message's octets; None when the server closed."""
        length = self._exactly(2)
        return self._exactly(struct.unpack("!H", length)[0]) if length else None

    def ask(self, octets):
        self.send(octets)
        reply = self.receive()
        assert reply is not None, "the server closed the connection"
        return Message(reply)

    def is_closed(self, seconds):
        """True when the server closes within so many seconds, without sending anything."""
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except socket.timeout:
            return False


def tcp(server, octets, source=None, timeout=5.0):
    """The reply to one query over TCP, taken apart; None when the server closes instead."""
    with Tcp(server, source, timeout) as connection:
        connection.send(octets)
        reply = connection.receive()
        return Message(reply) if reply else None


def tcp_many(server, messages, together=8):
    """Replies to many messages of at least two octets, a connection each; None where the server
    closes or answers a sound query that follows on the connection, but not the message."""
    replies = [None] * len(messages)
    for start in range(0, len(messages), together):
        numbers = range(start, min(start + together, len(messages)))
        connections = {}
        for n in numbers:
            connection = Tcp(server)
            connection.send(struct.pack("!H", 1) + messages[n][2:], query(".", "SOA", ident=2))
            connections[connection.socket] = (n, bytearray())
        _collect(connections, replies)
    return replies


def _collect(connections, replies):
    end = time.monotonic() + _PATIENCE
    while connections and time.monotonic() < end:
        for sock in select.select(list(connections), [], [], 0.1)[0]:
            number, octets = connections[sock]
            try:
                part = sock.recv(65537)
            except ConnectionResetError:
                part = b""
            octets += part
            seen = set()
            while len(octets) >= 4 and len(octets) >= 2 + struct.unpack("!H", octets[:2])[0]:
                length, ident = struct.unpack("!HH", octets[:4])
                seen.add(ident)
                if ident == 1:
                    replies[number] = bytes(octets[2:2 + length])
                del octets[:2 + length]
            if seen or not part:
                sock.close()
                del connections[sock]
    for sock in connections:
        sock.close()


def receive_transfer(connection, rrtype="AXFR"):
    """The messages of a transfer that was asked for, up to the SOA that ends it; a single message
    when it is refused, or is an IXFR that holds just the SOA."""
    messages, records, soas, ends = [], [], 0, 2
    while soas < ends:
        reply = connection.receive()
        assert reply is not None, "closed within a transfer"
        messages.append(Message(reply))
        records += messages[-1].answer
        soas += sum(record.type == 6 for record in messages[-1].answer)
        if messages[-1].rcode or (rrtype == "IXFR" and len(records) == 1):
            break
        if rrtype == "IXFR" and len(records) > 1 and records[1].type == 6:
            ends = 4  # a condensed difference
    return messages


def transfer(server, name, source=None, rrtype="AXFR", additional=(), authority=b"", timeout=30.0):
    """The messages of a transfer, as receive_transfer() has them."""
    counts = (1, 0, 1 if authority else 0, len(additional))
    octets = query(name, rrtype, ident=0x4242, counts=counts,
                   after=authority + b"".join(additional))
    with Tcp(server, source, timeout) as connection:
        connection.send(octets)
        return receive_transfer(connection, rrtype)


def transfer_records(messages):
    """The records of a transfer, without the SOA at its end."""
    return [record for message in messages for record in message.answer][:-1]
