"""Free ports on loopback, held until the server that gets them starts."""

import random
import socket

# Below the range that the kernel gives to outgoing sockets (32768 and up): a port that bind(0)
# hands out may be taken by any dig between its release and the server's start.
_LEAST, _MOST = 10240, 32000
_FAMILIES = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


class Port:
    """A port that is free for UDP and TCP, on 127.0.0.1 and ::1, and stays so until release()."""

    def __init__(self):
        for _ in range(1000):
            self.number = random.randint(_LEAST, _MOST)
            if self._hold():
                return
        raise RuntimeError("no free port on loopback")

    def _hold(self):
        self._sockets = []
        try:
            for family, address in _FAMILIES:
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    held = socket.socket(family, kind)
                    self._sockets.append(held)
                    if family == socket.AF_INET6:
                        held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    held.bind((address, self.number))
        except OSError:
            self.release()
            return False
        return True

    def release(self):
        """Gives the port up, for the server that is about to bind it."""
        for held in self._sockets:
            held.close()
        self._sockets = []


def free_number():
    """Of a port that is free now: for a server that another mistake is to stop before it answers."""
    port = Port()
    port.release()
    return port.number
