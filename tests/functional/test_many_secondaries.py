"""Two hundred secondaries: all are told of a publish at once, all get it, none is refused, and no
query waits or is lost meanwhile."""

import json
import time

import pytest

from conftest import SHORT
from support import client, wire
from support.beside import Beside
from support.contactd import Contactd, Site, program, zone
from support.interop import Desk
from support.process import SLOW, run, wait_until
from support.secondaries import exported
from support.swarm import Swarm

DOMAIN = "cc.example"
SIZE = 50 if SHORT or SLOW > 1 else 200
PATIENCE = 60


class Client(Beside):
    """Asks one question after the other in a thread, each once; `unanswered` counts."""

    def __init__(self, at):
        super().__init__(0.002)
        self.at, self.asked, self.unanswered, self.slowest = at, 0, 0, 0.0
        self._octets = wire.query("_index." + DOMAIN, "TXT", additional=[wire.opt()])

    def step(self):
        start = time.monotonic()
        self.unanswered += client.udp(self.at, self._octets, timeout=5, tries=1) is None
        self.slowest = max(self.slowest, time.monotonic() - start)
        self.asked += 1


@pytest.fixture(scope="module")
def swarm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("swarm")
    made = Swarm(SIZE, DOMAIN)
    made.desk = Desk(folder / "contacts", seed=200, files=20)
    names = [remote["id"] for remote in made.remotes()]
    made.site = Site(folder, [zone(DOMAIN, notify=names, acl=["swarm"])], contacts=made.desk.folder,
                     remote=made.remotes(), server={"control": str(folder / "control")},
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
    assert {len(member.transfers) for member in swarm.members} == {1}
    whole = len(received(swarm, 0))
    with Client(swarm.server.at) as asking:
        for number in (1, 2, 3):
            swarm.desk.few()
            start = time.monotonic()
            serial = swarm.site.publish("--force")[DOMAIN]
            wait_until(lambda: swarm.have(serial, number + 1), PATIENCE, f"all have {serial}",
                       swarm.server.process)
            last = max(member.transfers[-1][1] for member in swarm.members) - start
            records = len(received(swarm, number))
            assert records < whole / 2
            print(f"{SIZE} have {serial} after {last:.2f} s, {records} records")
    print(f"{asking.asked} queries, slowest {asking.slowest * 1000:.1f} ms")
    assert swarm.problems() == []
    assert asking.asked > 20 and asking.unanswered == 0
    assert "refused" not in swarm.server.log()


def test_contactctl_sees_them_all_in_step(swarm):
    """Each as an operator would ask for it: what it serves, and the difference that it fetched."""
    def seen():
        said = run([program("contactctl"), "-c", swarm.site.path, "secondaries", "--json"])
        assert said.returncode == 0, said.stderr
        entries = json.loads(said.stdout)
        return all(entry["state"] == "in step" for entry in entries) and entries
    entries = wait_until(seen, PATIENCE, "all are in step", swarm.server.process)
    serial, = swarm.serials()
    assert len(entries) == SIZE
    for entry in entries:
        assert (entry["serial"], entry["wanted"], entry["lag"]) == (serial, serial, 0)
        assert (entry["transfer"]["type"], entry["transfer"]["to"]) == ("IXFR", serial), entry
