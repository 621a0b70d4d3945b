"""One primary and eight secondaries of four makes in network namespaces, with loss, delay and a
partition, while publishes go on: after it heals every one serves the same serial, and what
`contactctl secondaries` and the log said was true at every moment.

STORM=90 is a bad network for so many seconds, 20 % lost, each way 100 ms late, as tests/full does;
else it is a shower."""

import datetime
import os
import re
import time

from support.contactd import Contactd, Site, zone
from support.interop import Desk
from support.lookout import Lookout
from support.network import Network, in_a_network
from support.peers import need
from support.process import wait_until
from support.secondaries import MAKES, exported, transferred, without_case

DOMAIN = "cc.example"
PRIMARY = "primary"
STORM = int(os.environ.get("STORM", 4))
WEATHER = ({"loss": 0.2, "delay": 0.1, "jitter": 0.03} if "STORM" in os.environ else
           {"loss": 0.1, "delay": 0.02, "jitter": 0.006})

# The wait between two NOTIFYs doubles while none is answered: what was cut off for a while hears of
# it at the latest after as long again. Then there are NSD's and BIND's retries.
PATIENCE = 60 + 2 * STORM

# How long the answer to a SOA question may have been on its way: contactd takes one for the answer
# to its last question, which may have been sent again meanwhile.
ON_ITS_WAY = 1.0


class Sea:
    """The network, the primary in it, two secondaries of each make by name."""

    def __init__(self, folder):
        need(*(kind.program for kind in MAKES.values()))
        self.folder = str(folder)
        self.network = Network(seed=2026)
        self.desk = Desk(folder / "contacts", seed=9103, files=20)
        self.primary = self.lookout = self.site = None
        self.secondaries = {}
        self.published = []  # (before, after, serial): when, by time.time()

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.lookout:
            self.lookout.__exit__()
        for secondary in self.secondaries.values():
            secondary.stop()
        if self.primary:
            self.primary.stop()
        self.network.__exit__()

    def _start(self):
        home = self.network.add(PRIMARY)
        for make, kind in MAKES.items():
            for number in (1, 2):
                host = self.network.add(f"{make}{number}")
                self.secondaries[host.name] = kind(
                    os.path.join(self.folder, host.name), secondary_of=[DOMAIN],
                    host=host.address, namespace=host)
        self.network.start()
        self.site = self._site()
        self.publish()
        self.primary = Contactd(self.site, addresses=[home.address], namespace=home)
        for secondary in self.secondaries.values():
            secondary.primary = self.primary.at
            secondary.start()
        self.lookout = Lookout({name: (self.network.hosts[name], secondary.at)
                                for name, secondary in self.secondaries.items()}, DOMAIN)
        self.lookout.__enter__()
        self.follow()

    def _site(self):
        """`retry` is short: after a transfer that was lost, NSD, BIND and PowerDNS wait for so long.
        `refresh` is an hour: it is the NOTIFY that they follow."""
        names = list(self.secondaries)
        return Site(self.folder, [zone(DOMAIN, notify=names, acl=["secondaries"], retry="2s")],
                    contacts=self.desk.folder, log={"level": "debug"},
                    remote=[{"id": name, "address": f"{server.at[0]}@{server.at[1]}"}
                            for name, server in self.secondaries.items()],
                    acl=[{"id": "secondaries", "remote": names, "action": "transfer"}])

    @property
    def serial(self):
        return self.published[-1][2]

    def publish(self):
        if self.published:
            self.desk.few()
        before = time.time()
        serial = self.site.publish("--force")[DOMAIN]
        self.published.append((before, time.time(), serial))

    def weather(self, names, **path):
        self.network.between(PRIMARY, names, **path)

    def follow(self):
        """Waits until every secondary serves what was published last; the seconds."""
        start = time.monotonic()
        wait_until(lambda: all(self.lookout.serial(name) == self.serial
                               for name in self.secondaries),
                   PATIENCE, f"all serve {self.serial}", self.primary.process)
        return time.monotonic() - start

    def storm(self, away):
        """Publishes go on, half of the secondaries are cut off."""
        self.weather(self.secondaries, **WEATHER)
        self.publish()
        time.sleep(STORM / 4)
        self.weather(away, cut=True)
        old = self.serial
        end = time.monotonic() + STORM * 3 / 4
        while time.monotonic() < end:
            self.publish()
            time.sleep(max(1.0, STORM / 10))
        assert all(self.lookout.serial(name) <= old for name in away)
        self.weather(self.secondaries)

    def assert_equal(self):
        ours = without_case(exported(self.site.export(DOMAIN)))
        for name, secondary in self.secondaries.items():
            with self.network.hosts[name].inside():
                theirs = without_case(transferred(secondary.at, DOMAIN))
            assert ours == theirs, name

    def log_claims(self):
        """(when, name, serial) of every line of the log that says what a secondary serves."""
        pattern = rf"(?m)^(\S+)Z \w+ (\w+) \(\S+\) serves {re.escape(DOMAIN)} serial (\d+)"
        for stamp, name, serial in re.findall(pattern, self.primary.log()):
            when = datetime.datetime.fromisoformat(stamp + "+00:00").timestamp()
            yield when, name, int(serial)


@in_a_network
def test_after_loss_delay_and_a_partition_all_serve_the_same_serial(request, tmp_path):
    with Sea(tmp_path) as sea:
        sea.storm([name for name in sea.secondaries if name.endswith("2")])
        seconds = sea.follow()
        print(f"followed {seconds:.1f} s after {STORM} s of storm, {len(sea.published)} publishes, "
              f"{sea.network.lost} of {sea.network.passed + sea.network.lost} packets lost")
        assert sea.network.lost > 0
        sea.assert_equal()
        wait_until(lambda: {name for _, name, serial in sea.log_claims()
                            if serial == sea.serial} == set(sea.secondaries),
                   PATIENCE, "the log says so of all", sea.primary.process)
        for when, name, serial in sea.log_claims():
            assert serial in sea.lookout.served(name, when - ON_ITS_WAY, when), (when, name, serial)
