"""A name server that says what a test wants: it asks another one, and changes the answer."""

import socket
import struct
import threading

from support import client


class Scripted:
    """Answers at `at` by UDP and TCP with what `change(answer, by_tcp)` makes of the answer that
    `source` has; None: no answer. May be told another `change` at any time."""

    def __init__(self, at, source, change=None):
        self.at, self.source, self.change = at, source, change
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for sock in (self._udp, self._tcp):
            sock.bind(at)
            sock.settimeout(0.1)
        self._tcp.listen(16)
        self._ends = threading.Event()
        self._threads = [threading.Thread(target=loop) for loop in (self._serve_udp, self._serve_tcp)]
        for thread in self._threads:
            thread.start()

    def _answer(self, query, by_tcp):
        answer = client.udp(self.source, query)
        return self.change(answer, by_tcp) if self.change else answer

    def _serve_udp(self):
        while not self._ends.is_set():
            try:
                query, who = self._udp.recvfrom(65535)
            except socket.timeout:
                continue
            answer = self._answer(query, False)
            if answer is not None:
                self._udp.sendto(answer, who)

    def _serve_tcp(self):
        while not self._ends.is_set():
            try:
                connection, _ = self._tcp.accept()
            except socket.timeout:
                continue
            with connection:
                try:
                    self._serve(connection)
                except OSError:
                    pass  # the client has gone

    def _serve(self, connection):
        connection.settimeout(2)
        length = struct.unpack("!H", connection.recv(2, socket.MSG_WAITALL))[0]
        answer = self._answer(connection.recv(length, socket.MSG_WAITALL), True)
        if answer is not None:
            for octet in struct.pack("!H", len(answer)) + answer:  # in the smallest pieces
                connection.send(bytes([octet]))

    def close(self):
        self._ends.set()
        for thread in self._threads:
            thread.join()
        self._udp.close()
        self._tcp.close()
