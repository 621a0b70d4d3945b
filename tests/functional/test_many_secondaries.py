"""Two hundred secondaries: all are told of a publish at once, all get it, none is refused, and no
query waits or is lost meanwhile."""

import threading
import time

import pytest

from conftest import SHORT
from support import client, wire
from support.contactd import Contactd, Site, zone
from support.interop import Desk
from support.process import wait_until
from support.secondaries import exported
from support.swarm import Swarm

DOMAIN = "cc.example"
SIZE = 50 if SHORT else 200
PATIENCE = 60


class Client:
    """Asks one question after the other in a thread, each once; `unanswered` counts."""

    def __init__(self, at):
        self.at, self.asked, self.unanswered, self.slowest = at, 0, 0, 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join(10)

    def _run(self):
        octets = wire.query("_index." + DOMAIN, "TXT", additional=[wire.opt()])
        while not self._ended.wait(0.002):
            start = time.monotonic()
            self.unanswered += client.udp(self.at, octets, timeout=5, tries=1) is None
            self.slowest = max(self.slowest, time.monotonic() - start)
            self.asked += 1


@pytest.fixture(scope="module")
def swarm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("swarm")
    made = Swarm(SIZE, DOMAIN)
    made.desk = Desk(folder / "contacts", seed=200, files=20)
    names = [remote["id"] for remote in made.remotes()]
    made.site = Site(folder, [zone(DOMAIN, notify=names, acl=["swarm"])], contacts=made.desk.folder,
                     remote=made.remotes(),
                     acl=[{"id": "swarm", "remote": names, "action": "transfer"}])
    made.site.publish()
    with Contactd(made.site) as primary:
        made.server = primary
        try:
            made.start(primary.at)
            yield made
        finally:
            made.stop()


def received(swarm, number):
    """What every secondary got in its transfer of that number: the same octets. The records."""
    bodies = {b"".join(message[2:] for message in member.transfers[number][3])
              for member in swarm.members}
    assert len(bodies) == 1
    return [record for octets in swarm.members[0].transfers[number][3]
            for record in wire.Message(octets).answer]


def test_all_transfer_the_zone_at_once(swarm):
    assert swarm.problems() == []
    records = received(swarm, 0)
    assert sorted((r.owner, r.type, r.ttl, r.rdata) for r in records[:-1]) == \
        exported(swarm.site.export(DOMAIN))


def test_all_are_told_and_served_at_once_while_queries_are_answered(swarm):
    before = {len(member.transfers) for member in swarm.members}
    assert before == {1}
    with Client(swarm.server.at) as asking:
        for number in (1, 2, 3):
            swarm.desk.few()
            start = time.monotonic()
            serial = swarm.site.publish("--force")[DOMAIN]
            wait_until(lambda: swarm.serials() == {serial}, PATIENCE, f"all have {serial}",
                       swarm.server.process)
            last = max(member.transfers[-1][1] for member in swarm.members) - start
            print(f"{SIZE} have {serial} after {last:.2f} s, {len(received(swarm, number))} records")
    print(f"{asking.asked} queries, slowest {asking.slowest * 1000:.1f} ms")
    assert swarm.problems() == []
    assert asking.asked > 20 and asking.unanswered == 0
    assert "refused" not in swarm.server.log()
