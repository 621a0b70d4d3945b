"""contactd without memory: --check, the start until its first answer, and a reload. Either it says so
in one line, and ends with exit code 1 or keeps the configuration it has, or it does all it does."""

import itertools
import mmap
import os
import re
import select
import signal
import socket
import struct
import subprocess
import threading

from support import client, wire
from support.contactd import Site, program, zone
from support.contacts import write_entry
from support.ports import Port
from support.process import environment
from support.tls import Issuer

MEMORY = re.compile(r"(?i)memory|resource temporarily unavailable")  # of a thread: EAGAIN
OURS = re.compile(r"^\S+Z (error|warning) |^contactd: |^\S+: (error|warning): |^error: ")
PATIENCE = 20  # seconds
WITHOUT_MEMORY = 2  # seconds of a reload that may have to wait until there is some
NAMES = ("a", "b")  # what the server calls itself, by turns: which configuration it has


class Numbers:
    """What allocations.c shares: how many were counted, which one fails, whether all after it."""

    def __init__(self, path):
        self.path = path
        with open(path, "w+b") as file:
            file.truncate(mmap.PAGESIZE)
            self._map = mmap.mmap(file.fileno(), mmap.PAGESIZE)

    def set(self, which=""):
        """`7`, `7+`, or nothing: none fails. Counts from the begin."""
        number = int(which.rstrip("+") or 0)
        self._map[0:24] = struct.pack("=QQQ", 0, 0, 0)  # none fails while it is changed
        self._map[16:24] = struct.pack("=Q", which.endswith("+"))
        self._map[8:16] = struct.pack("=Q", number)

    def end(self):
        """None fails any more; what was counted stays."""
        self._map[8:16] = bytes(8)

    @property
    def counted(self):
        return struct.unpack("=Q", self._map[0:8])[0]


def make_site(folder):
    """A configuration with all that has secrets, files or sockets of its own; published."""
    os.makedirs(os.path.join(folder, "contacts"))
    write_entry(os.path.join(folder, "contacts"), "t1", "one")
    with open(os.path.join(folder, "cookies"), "w", encoding="ascii") as file:
        file.write("445536bcd2513298075a5d379663c962\n")
    os.chmod(file.name, 0o600)
    certificate, key = Issuer(folder).issue("server")
    domain = zone("cc.example", notify=["ns2"])
    domain["acl"] = ["local", "secondaries"]
    site = Site(folder, [domain, zone("dd.example")], contacts=os.path.join(folder, "contacts"),
                server={"identity": NAMES[0], "control": os.path.join(folder, "control"),
                        "cookie-secret-file": file.name, "tls-cert": certificate, "tls-key": key},
                tlds="any", log={"level": "warning"})
    site.config["remote"] = [{"id": "ns2", "address": ["127.0.0.1@1"], "key": "xfr"}]
    site.config["acl"].append({"id": "secondaries", "remote": ["ns2"], "action": "transfer"})
    site.config["key"] = [{"id": "xfr", "algorithm": "hmac-sha256",
                            "secret-file": os.path.join(folder, "xfr.key")}]
    with open(os.path.join(folder, "xfr.key"), "w", encoding="ascii") as file:
        file.write("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n")
    os.chmod(file.name, 0o600)
    site.write()
    site.publish()
    return site


class Server:
    """One contactd that may have no memory. Its sockets are those of `site`, whose configuration is
    written anew."""

    _names = itertools.count()

    def __init__(self, site, shim):
        number = next(self._names)
        self.site = site
        self.ports = Port(), Port()
        server = site.config["server"]
        server["listen"] = [f"127.0.0.1@{self.ports[0].number}"]
        server["tls-listen"] = [f"127.0.0.1@{self.ports[1].number}"]
        self.at = ("127.0.0.1", self.ports[0].number)
        for port in self.ports:
            port.release()
        site.write()
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = os.path.join(site.folder, f"manager-{number}")
        self.manager.bind(path)
        self.manager.settimeout(0.05)
        self.numbers = Numbers(os.path.join(site.folder, "numbers"))
        self._environment = dict(environment(), LD_PRELOAD=shim, NOTIFY_SOCKET=path,
                                 FAULTS_SHARED=self.numbers.path)
        self._path = path
        self.process = None

    def start(self, which=""):
        """Starts it; the allocation `which` fails. True when it says that it serves."""
        self.numbers.set(which)
        self._log = open(os.path.join(self.site.folder, "log"), "w+b")
        self.process = subprocess.Popen([program("contactd"), "-c", self.site.path],
                                        cwd=self.site.folder, env=self._environment,
                                        stdin=subprocess.DEVNULL, stdout=self._log,
                                        stderr=self._log)
        return self.until("READY=1")

    def until(self, word):
        """Waits for a message to the service manager. False when the server has ended."""
        heard = self.hears(word, PATIENCE)
        if heard is None:
            self.process.kill()
            self.process.wait()
            raise TimeoutError(f"no {word} in {PATIENCE} s: {self.said()}")
        return heard

    def hears(self, word, seconds):
        """The same; None when neither has come."""
        poller = select.poll()
        poller.register(self.manager, select.POLLIN)
        ending = os.pidfd_open(self.process.pid)
        poller.register(ending, select.POLLIN)
        try:
            while ready := poller.poll(seconds * 1000):
                if self.manager.fileno() not in dict(ready):
                    return False
                if word in self.manager.recv(4096).decode().splitlines():
                    return True
        finally:
            os.close(ending)
        return None

    def name(self, tries=10):
        """What it calls itself, None without an answer."""
        octets = client.udp(self.at, wire.query("id.server", "TXT", 3), timeout=0.5, tries=tries)
        message = wire.Message(octets) if octets else None
        return message.texts()[0][0].decode() if message and message.answer else None

    def answers(self):
        octets = client.udp(self.at, wire.query("t1.cc.example", "TXT"), timeout=0.5, tries=10)
        return bool(octets and wire.Message(octets).answer)

    def said(self):
        """Its lines so far."""
        with open(self._log.name, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()

    def end(self):
        """Its exit code, negative for a signal."""
        self.numbers.end()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self._log.close()
            while select.select([self.manager], [], [], 0)[0]:
                self.manager.recv(4096)
        return code


def plain(line):
    """Without the time, and numbers."""
    return re.sub(r"\d+", "#", re.sub(r"^\S+ (?=error|warning)", "", line))


def judge(lines, usual):
    """What is wrong with the lines of a server that has said what it lacks, or None."""
    fresh = [line for line in lines if plain(line) not in {plain(one) for one in usual}]
    if not any(MEMORY.search(line) for line in fresh):
        return f"does not tell what it was: {fresh}"
    # Who is stopped by it may say so as well, and what else it cannot do.
    strange = [line for line in fresh if not OURS.search(line)]
    return f"not lines of contactd: {strange}" if strange else None


def each(part, name, total, do):
    """Every allocation, alone and with all that follow, on folders of their own for each thread."""
    local = threading.local()
    made = itertools.count()

    def one(which):
        if not hasattr(local, "site"):
            local.site = make_site(os.path.join(part.folder, f"{name.replace(' ', '-')}-{next(made)}"))
        part.count("allocations failed")
        wrong = do(local, which)
        if wrong:
            part.found(f"{name}, allocation {which} of {total}: {wrong}")
        part.progress(f"{name}: {which} of {total}")
    part.each([f"{n}{how}" for how in ("", "+") for n in range(1, total + 1)], one)
    part.say(f"{name}: {total} allocations")
    return local


def start(part, shim):
    """From main() to the first answer."""
    server = Server(make_site(os.path.join(part.folder, "start")), shim)
    assert server.start() and server.answers(), server.said()
    usual, total = server.said(), server.numbers.counted
    assert server.end() == 0

    def one(local, which):
        if not hasattr(local, "server"):
            local.server = Server(local.site, shim)
        served = local.server.start(which)
        right = served and local.server.answers()
        lines = local.server.said()
        code = local.server.end()
        part.count("starts done all the same" if right else "starts refused")
        if code < 0:
            return f"killed by signal {-code}: {lines}"
        if right:
            said = {plain(line) for line in lines} - {plain(line) for line in usual}
            strange = {line for line in said if not MEMORY.search(line)}
            return f"serves, and said {strange}" if strange and not which.endswith("+") else None
        return f"exit code {code}: {lines}" if code != 1 else judge(lines, usual)
    each(part, "contactd start", total, one)


def _turn(server):
    """The next configuration: another name. Returns the old name and the new one."""
    names = server.site.config["server"]
    old = names["identity"]
    names["identity"] = NAMES[1 - NAMES.index(old)]
    server.site.write()
    return old, names["identity"]


def _end_of_reload(server, which):
    """True when it has come to its end, False when the server has. A worker that cannot take the new
    configuration for want of memory goes on trying, and answers by the old one."""
    if which.endswith("+"):
        heard = server.hears("READY=1", WITHOUT_MEMORY)
        if heard is not None:
            return heard
        assert server.answers(), "no answer without memory"
        server.numbers.end()
    return server.until("READY=1")


def _reload(server, which):
    """Reloads; returns what has come of it: the lines said, the name before and after, and now."""
    before = len(server.said())
    old, new = _turn(server)
    server.numbers.set(which)
    server.process.send_signal(signal.SIGHUP)
    ended = not (server.until("RELOADING=1") and _end_of_reload(server, which))
    if not ended and which.endswith("+"):
        answered = server.answers()  # without any memory still
        server.numbers.end()
        assert answered, "no answer without memory"
    server.numbers.end()
    return ended, server.said()[before:], old, new


def _judge_reload(part, server, which, usual):
    ended, lines, old, new = _reload(server, which)
    if ended:
        return f"ended with {server.process.wait()}: {lines}"
    now = server.name()
    if now not in (old, new) or not server.answers():
        return f"answers {now}: {lines}"
    refused = any("stays as it was" in line for line in lines)
    part.count("reloads refused" if refused else "reloads done all the same")
    if refused != (now == old):
        return f"{'refused' if refused else 'done'}, and is called {now}, before {old}: {lines}"
    if refused:
        server.site.config["server"]["identity"] = old
        return judge([line for line in lines if "is refused; the configuration" not in line], usual)
    return None


def reload(part, shim):
    """A server that runs: refused and as it was, or done; answering all the time."""
    server = Server(make_site(os.path.join(part.folder, "reload")), shim)
    assert server.start() and server.answers(), server.said()
    usual = _reload(server, "")[1] + _reload(server, "")[1]
    total = server.numbers.counted
    assert server.end() == 0

    def one(local, which):
        if not hasattr(local, "server") or local.server.process.poll() is not None:
            local.server = Server(local.site, shim)
            assert local.server.start(), local.server.said()
            servers.append(local.server)
        return _judge_reload(part, local.server, which, usual)
    servers = []
    each(part, "contactd reload", total, one)
    for one_server in servers:
        if one_server.process.poll() is None and one_server.end() != 0:
            part.found(f"contactd reload: ended with {one_server.process.returncode}")


def _check(site, shim, which="", report=""):
    return subprocess.run([program("contactd"), "--check", "-c", site.path], cwd=site.folder,
                          env=dict(environment(), LD_PRELOAD=shim, FAULTS_AT=which,
                                   FAULTS_REPORT=report), capture_output=True, text=True,
                          timeout=PATIENCE, errors="replace")


def check(part, shim, broken=False):
    """The reader of configurations, and of the files that they name."""
    name = "contactd check of a broken file" if broken else "contactd check"
    site = make_site(os.path.join(part.folder, name.replace(" ", "-")))
    if broken:
        with open(site.path, "a", encoding="utf-8") as file:
            file.write("nonsense: 1\nfreshness:\n    due: soon\n    state: 3d\n")
    report = os.path.join(part.folder, "check-count")
    usual = _check(site, shim, report=report)
    assert usual.returncode == (1 if broken else 0), usual.stderr
    with open(report, encoding="ascii") as file:
        total = int(file.read())

    def one(_, which):
        result = _check(site, shim, which)
        said = result.stderr
        if result.returncode == usual.returncode and said == usual.stderr:
            part.count("checks done all the same")
            return None
        part.count("checks refused")
        if result.returncode != 1:
            return f"exit code {result.returncode}: {said}"
        return judge(said.splitlines(), usual.stderr.splitlines())
    each(part, name, total, one)


def check_broken(part, shim):
    check(part, shim, broken=True)


TRIALS = {"contactd check": check, "contactd check of a broken file": check_broken,
          "contactd start": start, "contactd reload": reload}
