"""One primary and eight secondaries of four makes in network namespaces, with loss, delay and a
partition, while publishes go on: after it heals every one serves the same serial, and what
`contactctl secondaries` said was true at every moment.

STORM=90 is a bad network for so many seconds, 20 % lost, each way 100 ms late, as tests/full does;
else it is a shower."""

import os
import time

import pytest

from conftest import SHORT
from support.contactd import Contactd, Site, zone
from support.interop import Desk
from support.lookout import Lookout
from support.network import Network, in_a_network
from support.peers import need
from support.process import wait_until
from support.secondaries import MAKES

DOMAIN = "cc.example"
STORM = int(os.environ.get("STORM", 4))
WEATHER = ({"loss": 0.2, "delay": 0.1, "jitter": 0.03} if "STORM" in os.environ else
           {"loss": 0.1, "delay": 0.02, "jitter": 0.006})
PATIENCE = 120
PRIMARY = "primary"


class Sea:
    """The network, the primary in it, two secondaries of each make by name."""

    def __init__(self, folder):
        need(*(kind.program for kind in MAKES.values()))
        self.folder = folder
        self.network = Network(seed=2026)
        self.desk = Desk(folder / "contacts", seed=9103, files=20)
        self.primary = self.lookout = None
        self.secondaries = {}
        self.published = []  # (before, after, serial): when it was published, by time.time()

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
        """`retry` is short: NSD, BIND and PowerDNS leave a transfer that was lost until then. `refresh`
        is not: it is the NOTIFY that they follow."""
        names = list(self.secondaries)
        return Site(self.folder, [zone(DOMAIN, notify=names, acl=["secondaries"], retry="2s")],
                    contacts=self.desk.folder, server={"control": self.folder / "control"},
                    log={"level": "debug"},
                    remote=[{"id": name, "address": f"{server.at[0]}@{server.at[1]}"}
                            for name, server in self.secondaries.items()],
                    acl=[{"id": "secondaries", "remote": names, "action": "transfer"}])

    def publish(self):
        if self.published:
            self.desk.few()
        before = time.time()
        serial = self.site.publish("--force")[DOMAIN]
        self.published.append((before, time.time(), serial))

    def weather(self, names, **path):
        self.network.between(PRIMARY, names, **path)

    def follow(self):
        """Waits until every secondary serves what was published last."""
        serial = self.published[-1][2]
        wait_until(lambda: all(self.lookout.serial(name) == serial for name in self.secondaries),
                   PATIENCE, f"all serve {serial}", self.primary.process)


@in_a_network
def test_after_loss_delay_and_a_partition_all_serve_the_same_serial(request, tmp_path):
    with Sea(tmp_path) as sea:
        away = ["nsd2", "knot2", "bind2", "powerdns2"]
        start = time.monotonic()
        sea.weather(sea.secondaries, **WEATHER)
        sea.publish()
        time.sleep(STORM / 4)
        sea.weather(away, cut=True)
        old = sea.published[-1][2]
        for _ in range(3):
            sea.publish()
            time.sleep(STORM / 4)
        assert all(sea.lookout.serial(name) <= old for name in away)
        sea.weather(sea.secondaries)
        healed = time.monotonic()
        print("storm", healed-start, {n: sea.lookout.serial(n)-sea.published[-1][2] for n in sea.secondaries})
        sea.follow()
        print("followed", time.monotonic()-healed, sea.network.passed, sea.network.lost)
        assert sea.network.lost > 0
