"""contactd under the eyes of witnesses while things are done to it. Beside each period in which
something is done stands one as long in which nothing is: what is lost in the first and not in the
second was lost by what was done."""

import itertools
import os
import shutil
import signal
import threading
import time

from support import tls
from support.contactd import Contactd, program
from support.follower import Follower
from support.numbered import Numbered
from support.process import run, wait_until
from support.tlsasker import TlsAsker
from support.witness import Witness, bad

ROUND_SECONDS = 0.2  # things are done for at least so long before the other half of a round


class Comparison:
    """What became of the questions of two kinds of periods."""

    def __init__(self, name, times, seconds, quiet, busy):
        self.name, self.times, self.seconds = name, times, seconds
        self.quiet, self.busy = quiet, busy

    def __str__(self):
        return (f"{self.name}: {self.times} in {self.seconds:.0f} s; of {self.busy['sent']} "
                f"questions meanwhile {self.busy['lost']} lost, {bad(self.busy)} wrong, "
                f"{self.busy['again']} asked again by TCP, the slowest "
                f"{self.busy['slowest_ms']:.0f} ms; of {self.quiet['sent']} between {self.quiet['lost']} lost, "
                f"{bad(self.quiet)} wrong, the slowest {self.quiet['slowest_ms']:.0f} ms")

    def problems(self):
        """In words; empty when nothing was lost or wrong."""
        found = [f"{self.name}: {bad(period)} answers that are not right"
                 for period in (self.quiet, self.busy) if bad(period)]
        if self.busy["lost"] * self.quiet["sent"] > self.quiet["lost"] * self.busy["sent"]:
            found.append(f"{self.name}: {self.busy['lost']} of {self.busy['sent']} lost, "
                         f"{self.quiet['lost']} of {self.quiet['sent']} without")
        if not self.busy["answered"] or not self.quiet["answered"]:
            found.append(f"{self.name}: nothing was answered")
        return found


class Trial:
    """A numbered site with a certificate and a control socket, served; a witness, a secondary and
    clients by TLS. `start` makes the server of a site; `lanes`, `tcp_lanes` and `window` are the
    witness's, `renewed` is that of TlsAsker. `say`: what is told of each comparison."""

    def __init__(self, folder, start=Contactd, rate=0, lanes=4, tcp_lanes=2, window=32,
                 entries=30, renewed=0, say=lambda text: None, **site):
        self.folder, self._say = str(folder), say
        self._issuer = tls.Issuer(self.folder, "Trial")
        self._pairs = itertools.cycle([self._issuer.issue(f"pair{n}") for n in range(2)])
        server = {"control": f"{self.folder}/control", "workers": 2,
                  "tcp-per-client": 200, **tls.settings(self._paths())}
        self.certificate = None
        self.change_certificate()
        self.numbered = Numbered(folder, entries=entries, server=server, **site)
        self.site = self.numbered.site
        self._names = itertools.count()
        self._period = 0
        self.server = start(self.site)
        try:
            self._watch(folder, rate, lanes, tcp_lanes, window, renewed)
        except BaseException:
            self.server.stop()
            raise

    def _watch(self, folder, rate, lanes, tcp_lanes, window, renewed):
        """Starts all that asks."""
        self.expected = self.numbered.learn(self.server.at)
        path = self.expected.write(f"{self.folder}/expected")
        self.witness = Witness(self.server.at, path, folder, lanes, tcp_lanes, window)
        self.by_tls = TlsAsker(self.server.tls, self.expected, renewed=renewed)
        self.secondary = Follower(self.server.at, self.numbered.serial)
        self.numbered.watchers += [self.witness, self.by_tls]
        for watcher in self.numbered.watchers:
            watcher.begun(self.numbered.number)
            watcher.published(self.numbered.number)
        self.witness.rate(rate)
        self.by_tls.start()
        self.secondary.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.by_tls.stop()
        self.secondary.stop()
        self.witness.__exit__()
        self.server.stop()

    def _paths(self):
        return f"{self.folder}/server.pem", f"{self.folder}/server.key"

    def compare(self, name, do, times, questions=0):
        """Calls `do()` so many times, and on until so many questions were asked meanwhile. An
        AssertionError tells that anything was lost by it, or was wrong."""
        quiet, busy = self._period, self._period + 1
        self._period += 2
        done, began, told = 0, time.monotonic(), self.witness.tell()["periods"]
        self.witness.period(quiet)
        time.sleep(ROUND_SECONDS)
        while done < times or told[busy]["sent"] < questions:
            start = time.monotonic()
            self.witness.period(busy)
            while time.monotonic() - start < ROUND_SECONDS and (done < times or questions):
                do()
                done += 1
            self.witness.period(quiet)
            time.sleep(time.monotonic() - start)
            told = self.witness.tell()["periods"]
        comparison = Comparison(name, done, time.monotonic() - began, *self._settled(quiet, busy))
        self._say(str(comparison))
        assert not comparison.problems(), (comparison.problems(), self.witness.log()[:2000])
        return comparison

    def _settled(self, *periods):
        """The counts of periods, every question answered or lost."""
        self.witness.period(self._period)

        def counts():
            told = [self.witness.tell()["periods"][n] for n in periods]
            return told if all(p["sent"] == p["answered"] + p["lost"] for p in told) else None
        return wait_until(counts, 30, "every question is answered or lost")

    def end(self):
        """Ends the witnesses; what they saw is judged."""
        told = self.witness.end()
        self.by_tls.stop()
        self.secondary.stop()
        assert told["strange"] == 0, told["strange"]
        assert not self.by_tls.problems and not self.by_tls.counts["lost"], \
            (self.by_tls.counts, self.by_tls.problems[:3])
        assert not self.secondary.problems, self.secondary.problems[:3]
        self._say(f"by TLS: {self.by_tls.counts}; transfers: {self.secondary.done}; "
                  f"TCP connections: {told['opened']}")
        return told

    # What may be done to the server.

    def contactctl(self, *words):
        result = run([program("contactctl"), "-c", self.site.path, *words])
        assert result.returncode == 0, (words, result.stdout, result.stderr)
        return result.stdout

    def identity(self):
        return self.server.ask("id.server", "TXT", rrclass=3).texts()[0][0].decode()

    def _change_configuration(self):
        """Another identity, other acl; the log at info or debug, the zone answers as it did."""
        number = next(self._names)
        config = self.site.config
        config["server"]["identity"] = f"number{number}"
        config["log"] = {"level": "debug" if number % 2 else "info"}
        config["acl"] = [config["acl"][0], {"id": f"other{number}", "address": ["192.0.2.0/24"],
                                            "action": "query"}]
        self.site.write()
        return f"number{number}"

    def reload(self):
        """By SIGHUP and by contactctl in turn."""
        name = self._change_configuration()
        if name[-1] in "02468":
            self.server.process.signal(signal.SIGHUP)
            wait_until(lambda: self.identity() == name, 10, "the new identity")
        else:
            self.contactctl("reload")
            assert self.identity() == name

    def change_certificate(self):
        """Puts the other pair where the configuration has it."""
        self.certificate = next(self._pairs)
        for source, target in zip(self.certificate, self._paths()):
            shutil.copy2(source, f"{target}.new")
            os.replace(f"{target}.new", target)

    def reload_certificate(self):
        """Who has a connection keeps it, who comes gets the new certificate."""
        with tls.Tls(self.server.tls) as before:
            self.change_certificate()
            self.contactctl("reload")
            with open(self.certificate[0], encoding="ascii") as file:
                wanted = tls.ssl.PEM_cert_to_DER_cert(file.read())
            octets = tls.query("cc.example", "SOA")
            with tls.Tls(self.server.tls) as after:
                assert after.socket.getpeercert(True) == wanted
                assert after.ask(octets).answer
            assert before.socket.getpeercert(True) != wanted
            assert before.ask(octets).answer

    def hammer_control(self):
        """Four callers of contactctl at a time; the level of the log goes up and down."""
        calls = [threading.Thread(target=self.contactctl, args=words) for words in (
            ("status",), ("stats",), ("log", "debug"), ("log", "info"))]
        for call in calls:
            call.start()
        for call in calls:
            call.join()

    def restart(self):
        """With a new binary, and an identity by which it is known."""
        name = self._change_configuration()
        self.server.restart()
        assert self.identity() == name
