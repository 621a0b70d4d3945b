"""contactd as a service manager starts it: the sockets are the manager's, who keeps them while one
process goes and the next one comes (sd_listen_fds(3))."""

import shutil
import socket

from support.contactd import Contactd, program
from support.process import SANITIZER, Process


class Activated(Contactd):
    """A running contactd that was given its sockets, one of each kind for each worker; restart()
    gives them to the next one."""

    shared = False

    def _start(self, name, **options):
        self._name, self._options, self._starts = name, options, 0
        self._binary = f"{self.site.folder}/contactd"
        self._sockets = self._bind()
        return self._start_next()

    def _bind(self):
        """The sockets for each address, and the name of each."""
        server = self.site.config["server"]
        wanted = [(place, kind, "dns") for place in server["listen"]
                  for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)]
        wanted += [(place, socket.SOCK_STREAM, "tls") for place in server.get("tls-listen", [])]
        return [(self._bound(place, kind), name) for place, kind, name in wanted
                for _ in range(1 if self.shared else server["workers"])]

    @staticmethod
    def _bound(place, kind):
        address, port = place.rsplit("@", 1)
        made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if ":" in address:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((address, int(port)))
        if kind == socket.SOCK_STREAM:
            made.listen(4096)
        return made

    def _start_next(self):
        """A new binary each time, in the place of the one before."""
        self._starts += 1
        shutil.copy2(program("contactd"), f"{self._binary}.new")
        shutil.move(f"{self._binary}.new", self._binary)
        names = ":".join(name for _, name in self._sockets)
        return Process(
            f"{self._name}-{self._starts}",
            ["sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS="$1" LISTEN_FDNAMES="$2" exec "$3" -c "$4"',
             "sh", len(self._sockets), names, self._binary, self.site.path], self.site.folder,
            descriptors=[made.fileno() for made, _ in self._sockets], **self._options)

    def restart(self):
        """Ends the one that runs, in order, and starts the next one."""
        super().stop()
        self.process = self._start_next()

    def stop(self):
        super().stop()
        for made, _ in self._sockets:
            made.close()
        assert not SANITIZER.search(self.log())


class ActivatedShared(Activated):
    """The same with one socket of each kind, which the workers share."""

    shared = True
