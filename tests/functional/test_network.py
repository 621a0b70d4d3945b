"""One primary and eight secondaries of four makes in network namespaces, with loss, delay and a
partition, while publishes go on: after it heals every one serves the same serial, and what
`contactctl secondaries` and the log said was true at every moment.

STORM=90 is a bad network for so many seconds, 20 % lost, each way 100 ms late, as tests/full does;
else it is a shower."""

import datetime
import json
import os
import re
import time

from support.beside import Beside
from support.contactd import Contactd, Site, program, zone
from support.interop import Desk
from support.lookout import Lookout
from support.network import Network, in_a_network
from support.peers import need
from support.process import run, wait_until
from support.secondaries import MAKES, exported, transferred, without_case

DOMAIN = "cc.example"
PRIMARY = "primary"
STORM = int(os.environ.get("STORM", 4))
WEATHER = ({"loss": 0.2, "delay": 0.1, "jitter": 0.03} if "STORM" in os.environ else
           {"loss": 0.1, "delay": 0.02, "jitter": 0.006})

# The wait between two NOTIFYs doubles while none is answered: what was cut off for a while hears of
# it at the latest after as long again. Then there are NSD's and BIND's retries.
PATIENCE = 60 + 2 * STORM

# How soon contactd sees a publish, on a machine that is busy.
NOTICED = 1.0

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
                    server={"control": os.path.join(self.folder, "control")},
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

    def serials(self, begin, end):
        """What the zone's serial was at any moment between two, as far as contactd can know."""
        return {serial for number, (before, _, serial) in enumerate(self.published)
                if before <= end and (number + 1 == len(self.published)
                                      or self.published[number + 1][1] + NOTICED >= begin)}

    def log_claims(self):
        """(when, name, serial) of every line of the log that says what a secondary serves."""
        pattern = rf"(?m)^(\S+)Z \w+ (\w+) \(\S+\) serves {re.escape(DOMAIN)} serial (\d+)"
        for stamp, name, serial in re.findall(pattern, self.primary.log()):
            yield moment(stamp + "Z"), name, int(serial)


def moment(text):
    """Seconds since 1970 of what contactd and contactctl write."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Operator(Beside):
    """Asks `contactctl secondaries --json` again and again in a thread. `samples`: (when it was asked,
    when it had answered, what it said)."""

    def __init__(self, site):
        super().__init__(0.15)
        self._arguments = [program("contactctl"), "-c", site.path, "secondaries", "--json"]
        self.samples = []

    def look(self):
        asked = time.time()
        said = run(self._arguments)
        assert said.returncode == 0, said.stderr
        return asked, time.time(), json.loads(said.stdout)

    def step(self):
        self.samples.append(self.look())


def lies(sea, asked, answered, entry):
    """What was not true of one secondary in one sample."""
    name, found = entry["remote"], []
    if entry["wanted"] not in sea.serials(asked, answered):
        found.append("the zone has another serial")
    if entry["as-of"] is None:
        return found + (["it has not been seen"] if entry["state"] == "in step" else [])
    begin, end = moment(entry["asked"]), moment(entry["as-of"])
    if not begin <= end <= answered:
        found.append("seen at a time that has not come")
    if entry["serial"] not in sea.lookout.served(name, begin - 0.001, end + 0.001):
        found.append("it did not serve that")
    if (entry["state"] == "in step") != (entry["serial"] == entry["wanted"]):
        found.append("in step is what serves the zone's serial")
    if entry["state"] == "in step" and \
            entry["wanted"] not in sea.lookout.served(name, asked, answered):
        found.append("it is not in step now")
    if (entry["lag"] > 0) != (entry["serial"] != entry["wanted"]):
        found.append("that is not the lag")
    return found


def assert_lies_are_found(sea, samples):
    """The judge of what was said of a secondary that had not followed, had it been said to be in step."""
    asked, answered, entry = next(
        (asked, answered, entry) for asked, answered, entries in samples for entry in entries
        if entry["state"] == "told" and entry["serial"] == sea.published[0][2]
        and entry["wanted"] not in sea.lookout.served(entry["remote"], asked, answered))
    in_step = {**entry, "state": "in step", "serial": entry["wanted"], "lag": 0}
    assert lies(sea, asked, answered, in_step) == ["it did not serve that", "it is not in step now"]


@in_a_network
def test_after_loss_delay_and_a_partition_all_serve_the_same_serial(request, tmp_path_factory):
    # A short name: the path of a UNIX socket, PowerDNS makes one, has 107 octets.
    with Sea(tmp_path_factory.mktemp("sea")) as sea, Operator(sea.site) as operator:
        sea.storm([name for name in sea.secondaries if name.endswith("2")])
        seconds = sea.follow()
        assert sea.network.lost > 0
        sea.assert_equal()
        wait_until(lambda: all(entry["state"] == "in step" for entry in operator.look()[2]),
                   PATIENCE, "contactctl says so of all", sea.primary.process)
    print(f"all followed {seconds:.1f} s after {STORM} s of storm, {len(sea.published)} publishes, "
          f"{sea.network.lost} of {sea.network.passed + sea.network.lost} packets lost; "
          f"{len(operator.samples)} samples")
    assert len(operator.samples) > STORM
    for asked, answered, entries in operator.samples:
        assert {entry["remote"] for entry in entries} == set(sea.secondaries)
        for entry in entries:
            assert lies(sea, asked, answered, entry) == [], (asked, answered, entry)
    assert_lies_are_found(sea, operator.samples)
    states = {entry["state"] for _, _, entries in operator.samples for entry in entries}
    assert {"in step", "told"} <= states
    for when, name, serial in sea.log_claims():
        assert serial in sea.lookout.served(name, when - ON_ITS_WAY, when), (when, name, serial)
