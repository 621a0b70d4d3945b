"""Whom servers and clients have to put up with: one that reads a log slowly, one that lies."""

import fcntl
import os
import select
import socket
import threading

_F_SETPIPE_SZ = 1031  # Linux; fcntl has no name for it before Python 3.10


class _Thread:
    """Runs _turn() again and again until the block ends."""

    def __init__(self):
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _turn(self):
        raise NotImplementedError

    def _run(self):
        while not self._ended.is_set():
            self._turn()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()


class SlowReader(_Thread):
    """A pipe of the least size, read `octets` at a time, ten times a second; `descriptor` is where
    to write to."""

    def __init__(self, octets=100):
        super().__init__()
        self._octets, self._parts = octets, []
        self._end, self.descriptor = os.pipe()
        fcntl.fcntl(self.descriptor, _F_SETPIPE_SZ, 4096)

    def _turn(self):
        if select.select([self._end], [], [], 0.1)[0]:
            self._parts.append(os.read(self._end, self._octets))
        self._ended.wait(0.1)

    def text(self):
        """All that was read; to be asked once the block has ended."""
        return b"".join(self._parts).decode("utf-8", "replace")

    def __exit__(self, *_):
        super().__exit__()
        os.close(self.descriptor)
        while octets := os.read(self._end, 65536):
            self._parts.append(octets)
        os.close(self._end)


class Liar(_Thread):
    """Answers each datagram with what `reply(octets)` says, or not at all (None)."""

    def __init__(self, reply):
        super().__init__()
        self._reply = reply
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.at = self._socket.getsockname()

    def _turn(self):
        if not select.select([self._socket], [], [], 0.05)[0]:
            return
        octets, peer = self._socket.recvfrom(512)
        reply = self._reply(octets)
        if reply is not None:
            self._socket.sendto(reply, peer)

    def __exit__(self, *_):
        super().__exit__()
        self._socket.close()
