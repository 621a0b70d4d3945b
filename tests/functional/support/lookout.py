"""What secondaries really serve: each asked for its SOA all the time, from its own host, so that no
loss or delay lies between; and what anyone claimed about that, judged by it."""

import select
import socket
import struct
import time

from support import wire
from support.beside import Beside

_PAUSE = 0.04


class Lookout(Beside):
    """Asks in a thread. `seen`: by name, a list of [when the first answer with a serial had come, when
    the last such one was asked for, the serial]: that is what was served between, by time.time();
    None is no answer. Before and after, until the next, it may have been either."""

    def __init__(self, secondaries, domain):
        """secondaries: by name, a host (network.Host) and where the server answers."""
        super().__init__(_PAUSE)
        self.seen = {name: [] for name in secondaries}
        self._query, self._names, self._waiting = wire.query(domain, "SOA"), {}, {}
        for name, (host, at) in secondaries.items():
            with host.inside():
                sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.setblocking(False)
            sock.connect(at)
            self._names[sock] = name
        self._ident = 0

    def __exit__(self, *arguments):
        super().__exit__(*arguments)
        for sock in self._names:
            sock.close()

    def step(self):
        self._ident = self._ident % 0xFFFF + 1
        asked = time.time()
        for sock in self._names:
            try:
                sock.send(struct.pack("!H", self._ident) + self._query[2:])
            except OSError:
                pass
        self._receive(self._ident, asked, set(self._names))

    def _receive(self, ident, asked, waiting):
        """Answers to one round; who is silent for a second has given none."""
        while waiting and time.time() < asked + 1:
            for sock in select.select(list(waiting), [], [], 0.1)[0]:
                try:
                    octets = sock.recv(4096)
                except OSError:
                    octets = b""
                if octets and struct.unpack("!H", octets[:2])[0] != ident:
                    continue
                waiting.discard(sock)
                self._note(self._names[sock], asked, self._serial(octets))
        for sock in waiting:
            self._note(self._names[sock], asked, None)

    @staticmethod
    def _serial(octets):
        message = wire.Message(octets) if octets else None
        if not message or message.rcode or not message.answer:
            return None
        return int.from_bytes(message.answer[0].rdata[-20:-16], "big")

    def _note(self, name, asked, serial):
        seen = self.seen[name]
        if seen and seen[-1][2] == serial:
            seen[-1][1] = asked
        else:
            seen.append([time.time(), asked, serial])

    def serial(self, name):
        """What it served when asked last."""
        return self.seen[name][-1][2] if self.seen[name] else None

    def served(self, name, begin, end):
        """All serials that it may have served at some moment between two."""
        seen = list(self.seen[name])
        found = set()
        for number, (_, _, serial) in enumerate(seen):
            since = seen[number - 1][1] if number else 0
            until = seen[number + 1][0] if number + 1 < len(seen) else float("inf")
            if since <= end and until >= begin:
                found.add(serial)
        return found
