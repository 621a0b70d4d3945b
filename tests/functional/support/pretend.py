"""A secondary that pretends: it answers NOTIFY and questions for the SOA as a test wants."""

import socket
import struct
import threading

from support import wire
from support.ports import Port


class Pretend:
    """Answers at `at` for the domain. Attributes may be changed at any time: `serial` of its SOA
    (None: an answer without one), `rcode` of answers, `notify_rcode` of responses to NOTIFY,
    `flags` of answers, `silent`. `notified` counts what was asked of it, `asked` likewise."""

    def __init__(self, domain, serial=None, address="127.0.0.1"):
        self.domain, self.serial = domain, serial
        self.rcode = self.notify_rcode = 0
        self.flags = wire.AA
        self.silent = False
        self.notified = self.asked = 0
        port = Port()
        self.at = (address, port.number)
        port.release()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(self.at)
        self._socket.settimeout(0.1)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def address(self):
        """As contactd.conf has it."""
        return f"{self.at[0]}@{self.at[1]}"

    def _soa(self):
        if self.serial is None or self.rcode:
            return b""
        rdata = b"\0\0" + struct.pack("!5I", self.serial, 60, 60, 60, 60)
        return b"\xc0\x0c" + struct.pack("!HHIH", wire.TYPES["SOA"], 1, 60, len(rdata)) + rdata

    def _answer(self, query):
        ident, flags = struct.unpack("!HH", query[:4])
        question = query[12:12 + len(wire.name_from_text(self.domain)) + 4]
        if flags >> 11 & 15 == 4:
            self.notified += 1
            head = struct.pack("!6H", ident, 0x8000 | 4 << 11 | self.notify_rcode, 1, 0, 0, 0)
            return head + question
        self.asked += 1
        soa = self._soa()
        return struct.pack("!6H", ident, 0x8000 | self.flags | self.rcode, 1, bool(soa), 0,
                           0) + question + soa

    def _serve(self):
        while not self._ends.is_set():
            try:
                query, who = self._socket.recvfrom(4096)
            except socket.timeout:
                continue
            if not self.silent:
                self._socket.sendto(self._answer(query), who)

    def close(self):
        self._ends.set()
        self._thread.join()
        self._socket.close()
