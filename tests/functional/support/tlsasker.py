"""Clients by TLS that keep their connections while things are done to a server, and judge every
answer."""

import random
import ssl
import threading
import time

from support.numbered import TCP
from support.tls import Tls

_PATIENCE = 5.0


class TlsAsker(threading.Thread):
    """`connections` that ask in turn, about `rate` questions a second in all; every `renewed`
    questions one is closed and opened anew (0: none). `counts` tells what became of them; what was
    wrong is in `problems`."""

    def __init__(self, server, expected, connections=3, rate=100, renewed=0):
        super().__init__(daemon=True)
        self._renewed = renewed
        self._server, self._expected, self._pause = server, expected, 1 / rate
        self._questions = [n for n, (transport, _) in enumerate(expected.questions)
                           if transport == TCP]
        self._open = [None] * connections
        self._random, self._ended = random.Random(2), threading.Event()
        self._least = self._most = 0
        self.counts = {"asked": 0, "answered": 0, "opened": 0, "again": 0, "lost": 0}
        self.problems = []

    def begun(self, number):
        self._most = number

    def published(self, number):
        self._least = number

    def run(self):
        while not self._ended.wait(self._pause):
            try:
                n = self._random.randrange(len(self._open))
                self._ask(n)
                if self._renewed and self.counts["asked"] % self._renewed == 0:
                    self._close(n)
            except Exception as problem:  # pylint: disable=broad-except
                self.problems.append(repr(problem)[:500])
        for n in range(len(self._open)):
            self._close(n)

    def _ask(self, n):
        index = self._random.choice(self._questions)
        self.counts["asked"] += 1
        least, end = self._least, time.monotonic() + _PATIENCE
        while (octets := self._attempt(n, self._expected.questions[index][1])) is None:
            if time.monotonic() > end:
                self.counts["lost"] += 1
                return
            time.sleep(0.005)
        self.counts["answered"] += 1
        number = self._expected.number_of(index, octets)
        assert number is None or least <= number <= self._most, (least, number, self._most)

    def _attempt(self, n, octets):
        """The answer; None when the server has closed, or does not let in."""
        try:
            if self._open[n] is None:
                self._open[n] = Tls(self._server)
                self.counts["opened"] += 1
            self._open[n].send(octets)
            answer = self._open[n].receive()
        except (OSError, ssl.SSLError):
            answer = None
        if answer is None:
            self.counts["again"] += 1
            self._close(n)
        return answer

    def _close(self, n):
        if self._open[n]:
            self._open[n].socket.close()
        self._open[n] = None

    def stop(self):
        self._ended.set()
        self.join(60)
