"""Between a resolver and a server: what the server says is passed on, or changed on its way."""

import socket
import struct
import threading

from support import client

_NAME_FIRST = {2, 5, 17, 47}  # NS, CNAME, RP, NSEC: an octet of the RDATA's name is flipped


def _name(octets, at):
    """The labels of a name, and where it ends."""
    labels, end = [], None
    while octets[at]:
        if octets[at] >= 0xC0:
            end = end or at + 2
            at = struct.unpack("!H", octets[at:at + 2])[0] & 0x3FFF
            continue
        labels.append(octets[at + 1:at + 1 + octets[at]])
        at += 1 + octets[at]
    return labels, end or at + 1


def question_type(octets):
    _, at = _name(octets, 12)
    return struct.unpack("!H", octets[at:at + 2])[0]


def records(octets):
    """Of answer and authority: what each is, and where its RDATA begins and ends. What: its type,
    the type that it covers (RRSIG) or 0, how many of the same stand before it, and its owner."""
    counts = struct.unpack("!HHH", octets[4:10])
    at = 12
    for _ in range(counts[0]):
        at = _name(octets, at)[1] + 4
    seen = {}
    for _ in range(counts[1] + counts[2]):
        labels, at = _name(octets, at)
        owner = b".".join(labels).lower()
        kind, _, _, length = struct.unpack("!HHIH", octets[at:at + 10])
        at += 10
        covered = struct.unpack("!H", octets[at:at + 2])[0] if kind == 46 else 0
        number = seen[kind, covered, owner] = seen.get((kind, covered, owner), -1) + 1
        yield (kind, covered, number, owner), at, at + length
        at += length


def flipped(octets, what):
    """The message with one bit of one of its records flipped; as it is where it has no such one."""
    for found, start, end in records(octets):
        if found == what:
            at = start + 1 if what[0] in _NAME_FIRST else end - 1
            return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1:]
    return octets


class Proxy:
    """Listens on loopback, UDP and TCP. `change`: a function of a reply's octets, or None."""

    def __init__(self, server):
        self.server, self.change, self.changed = server, None, 0
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        while True:
            self._udp.bind(("127.0.0.1", 0))
            try:
                self._tcp.bind(self._udp.getsockname())
                break
            except OSError:
                self._udp.close()
                self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._tcp.listen(64)
        self.at = self._udp.getsockname()
        self._ended = False
        self._threads = [threading.Thread(target=work, daemon=True)
                         for work in (self._serve_udp, self._serve_tcp)]
        for thread in self._threads:
            thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ended = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"", self.at)
        with socket.create_connection(self.at):
            pass
        for thread in self._threads:
            thread.join(10)
        self._udp.close()
        self._tcp.close()

    def _changed(self, octets):
        change = self.change
        if change is None or octets is None:
            return octets
        after = change(octets)
        self.changed += after != octets
        return after

    def _serve_udp(self):
        while not self._ended:
            octets, peer = self._udp.recvfrom(65535)
            if len(octets) >= 12:
                reply = self._changed(client.udp(self.server, octets))
                if reply is not None:
                    self._udp.sendto(reply, peer)

    def _serve_tcp(self):
        while not self._ended:
            sock, _ = self._tcp.accept()
            threading.Thread(target=self._serve_connection, args=(sock,), daemon=True).start()

    def _serve_connection(self, sock):
        with sock, sock.makefile("rb") as stream:
            sock.settimeout(10)
            try:
                while head := stream.read(2):
                    octets = stream.read(struct.unpack("!H", head)[0])
                    with client.Tcp(self.server) as connection:
                        connection.send(octets)
                        reply = self._changed(connection.receive())
                    sock.sendall(struct.pack("!H", len(reply)) + reply)
            except (OSError, TypeError, struct.error):
                pass  # the client has gone, or the server
