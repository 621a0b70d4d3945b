"""A network of one's own: hosts in network namespaces, joined by a wire in user space that loses,
delays and cuts. Kernels need not have sch_netem for it (that of some virtual machines has not), and
what is lost comes from a seed.

Namespaces are held by descriptors, devices by the wire's: all is gone with the process, whatever
happened. Needs CAP_SYS_ADMIN and CAP_NET_ADMIN, or the right to be root in a user namespace, and
/dev/net/tun.
"""

import contextlib
import ctypes
import fcntl
import functools
import heapq
import os
import random
import select
import socket
import struct
import sys
import threading
import time

import pytest

from support.process import environment, find_program, run

_CLONE_NEWNET = 0x40000000
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_SIOCGIFFLAGS, _SIOCSIFFLAGS = 0x8913, 0x8914
_SIOCSIFADDR, _SIOCSIFNETMASK = 0x8916, 0x891C
_IFF_UP = 1
_libc = ctypes.CDLL(None, use_errno=True)
_own = functools.lru_cache(lambda: os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC))


def _checked(outcome):
    if outcome != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _interface(name, address=None):
    """Gives an interface of the thread's namespace an address, in a /24, and puts it up."""
    def request(what, octets):
        return fcntl.ioctl(sock, what, struct.pack("16s24s", name.encode(), octets))

    def inet(text):
        return struct.pack("HH4s", socket.AF_INET, 0, socket.inet_aton(text))

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        if address:
            request(_SIOCSIFADDR, inet(address))
            request(_SIOCSIFNETMASK, inet("255.255.255.0"))
        flags = struct.unpack("16sH", request(_SIOCGIFFLAGS, b"")[:18])[1]
        request(_SIOCSIFFLAGS, struct.pack("H", flags | _IFF_UP))


class Host:
    """A namespace with a loopback interface and one end of the wire."""

    def __init__(self, name, address):
        self.name, self.address = name, address
        _own()
        self._namespace = self.tunnel = None
        try:
            _checked(_libc.unshare(_CLONE_NEWNET))
            self._namespace = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            self.tunnel = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
            fcntl.ioctl(self.tunnel, _TUNSETIFF,
                        struct.pack("16sH22x", b"wire", _IFF_TUN | _IFF_NO_PI))
            _interface("lo")
            _interface("wire", address)
        except OSError:
            self.close()
            raise
        finally:
            _checked(_libc.setns(_own(), _CLONE_NEWNET))

    def enter(self):
        """Takes the calling thread here, a process between fork and exec too."""
        _checked(_libc.setns(self._namespace, _CLONE_NEWNET))

    @contextlib.contextmanager
    def inside(self):
        """The thread's sockets that are made meanwhile belong here, for as long as they are open."""
        self.enter()
        try:
            yield
        finally:
            _checked(_libc.setns(_own(), _CLONE_NEWNET))

    def close(self):
        for descriptor in (self._namespace, self.tunnel):
            if descriptor is not None:
                os.close(descriptor)
        self._namespace = self.tunnel = None


class Path:
    """What happens between two hosts, the same both ways."""

    def __init__(self, loss=0.0, delay=0.0, jitter=0.0, cut=False):
        self.loss, self.delay, self.jitter, self.cut = loss, delay, jitter, cut


class Network:
    """Hosts, and the wire: a thread that passes packets on. `paths`: by the names of both ends; packets
    on others arrive at once."""

    def __init__(self, seed=1):
        self.hosts, self.paths = {}, {}
        self.passed = self.lost = 0
        self._by_address, self._random = {}, random.Random(seed)
        self._ended = threading.Event()
        self._thread = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ended.set()
        if self._thread:
            self._thread.join(10)
        for host in self.hosts.values():
            host.close()

    def add(self, name):
        address = f"10.77.0.{len(self.hosts) + 1}"
        host = self.hosts[name] = Host(name, address)
        self._by_address[socket.inet_aton(address)] = host
        return host

    def start(self):
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def between(self, one, others, **path):
        """Sets the paths between one host and some others."""
        for other in others:
            self.paths[frozenset((one, other))] = Path(**path)

    def _run(self):
        poll = select.poll()
        sources = {host.tunnel: host for host in self.hosts.values()}
        for descriptor in sources:
            poll.register(descriptor, select.POLLIN)
        flying, number = [], 0
        while not self._ended.is_set():
            pause = max(0.0, min(0.05, flying[0][0] - time.monotonic())) if flying else 0.05
            for descriptor, _ in poll.poll(pause * 1000):
                for packet in self._packets(descriptor):
                    number += 1
                    self._take(flying, number, sources[descriptor], packet)
            while flying and flying[0][0] <= time.monotonic():
                _, _, host, packet = heapq.heappop(flying)
                with contextlib.suppress(OSError):  # its queue is full: lost
                    os.write(host.tunnel, packet)

    @staticmethod
    def _packets(descriptor):
        with contextlib.suppress(BlockingIOError):
            while True:
                yield os.read(descriptor, 65536)

    def _take(self, flying, number, source, packet):
        """A packet has come from a host; IPv4 only."""
        host = self._by_address.get(packet[16:20])
        if packet[0] >> 4 != 4 or host is None:
            return
        path = self.paths.get(frozenset((source.name, host.name)))
        if path and (path.cut or self._random.random() < path.loss):
            self.lost += 1
            return
        self.passed += 1
        delay = max(0.0, self._random.gauss(path.delay, path.jitter)) if path else 0.0
        heapq.heappush(flying, (time.monotonic() + delay, number, host, packet))


def is_allowed():
    try:
        Host("trial", "10.77.0.1").close()
    except OSError:
        return False
    return True


def in_a_network(test):
    """For tests that take pytest's `request`: runs them as they are where namespaces are allowed, else
    by another pytest that is root in a user namespace; where that is not allowed either, skips, or
    with CI=true fails."""
    @functools.wraps(test)
    def wrapper(request, **arguments):
        if is_allowed():
            return test(request=request, **arguments)
        unshare = [find_program("unshare"), "--user", "--map-root-user", "--net"]
        python = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", request.node.nodeid]
        trial = "import sys; sys.path.insert(0, sys.argv[1]); from support import network; " \
                "sys.exit(not network.is_allowed())"
        folder = os.path.join(os.path.dirname(__file__), "..")
        if unshare[0] and run([*unshare, sys.executable, "-c", trial, folder]).returncode == 0:
            said = run([*unshare, *python], cwd=request.config.rootpath, timeout=600)
            assert said.returncode == 0, said.stdout[-8000:]
            return None
        text = "no network namespaces: needs root, or user namespaces, and /dev/net/tun"
        if environment().get("CI") == "true":
            pytest.fail(text)
        return pytest.skip(text)
    return wrapper
