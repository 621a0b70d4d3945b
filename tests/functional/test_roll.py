"""zonegen key roll: whole rolls, with a secondary, a parent and a resolver that is asked, step by step
with a clock that is told; and every reason why a step is refused."""

import calendar
import re
import time

import pytest

from support.delegated import DS_TTL, START, World, ZONE, ZONE_TTL, when

CSK = {"keys": "csk"}
SPLIT = {"keys": "ksk-zsk"}

# What rolls: the policy, the arguments of the first call, changes of the policy before it, the waits
# of the steps: "zone" and "ds" a TTL, "" none; a step of the parent begins with "!".
ROLLS = {
    "csk": (CSK, [], {}, ["zone", "!ds", "zone", ""]),
    "csk double-ds": (CSK, ["--double-ds"], {}, ["!ds", "zone", "!zone", ""]),
    "zsk": (SPLIT, ["--zsk"], {}, ["zone", "zone", ""]),
    "ksk": (SPLIT, ["--ksk"], {}, ["zone", "!ds", ""]),
    "ksk double-ds": (SPLIT, ["--ksk", "--double-ds"], {}, ["!ds", "zone", "!"]),
    "algorithm": (CSK, [], {"algorithm": "ed25519"}, ["zone", "zone", "!ds", "zone", ""]),
    "algorithm of both": (SPLIT, [], {"algorithm": "ed25519"},
                          ["zone", "zone", "!ds", "zone", ""]),
    "csk to ksk-zsk": (CSK, [], SPLIT, ["zone", "!ds", "zone", ""]),
}
TTLS = {"zone": ZONE_TTL, "ds": DS_TTL}


@pytest.fixture
def world(tmp_path, request):
    made = World(tmp_path, **getattr(request, "param", CSK))
    yield made
    made.close()


def _play_step(world, number, wait):
    """One step, with every refusal on its way; ends when the next one was begun."""
    assert f"step {number} is not published" in world.roll(code=1).stderr
    world.publish()
    assert world.validates()
    if wait.startswith("!"):
        refused = world.roll(code=1).stderr
        assert "is not to be seen everywhere" in refused and "parent" in refused, refused
        world.parent.publish(world.wanted_ds())
        assert world.validates()
        wait = wait[1:]
    if not wait:
        return world.roll().stdout
    refused = world.roll(code=1).stderr
    assert "come back then" in refused, refused
    ready = re.search(r"until (\S+) (\S+) UTC", refused)
    assert world.clock + TTLS[wait] <= _seconds(*ready.groups()) <= world.clock + TTLS[wait] + 3
    world.clock = _seconds(*ready.groups()) - 1
    assert "come back then" in world.roll(code=1).stderr
    world.clock += 1
    assert world.validates()
    return world.roll().stdout


def _seconds(day, hour):
    return calendar.timegm(time.strptime(f"{day} {hour}", "%Y-%m-%d %H:%M:%S"))


@pytest.mark.parametrize("name", ROLLS)
def test_a_whole_roll(tmp_path, name):
    policy, arguments, changes, waits = ROLLS[name]
    world = World(tmp_path, **policy)
    try:
        before = {key.to_text() for key in world.dnskeys()}
        world.policy(**changes)
        world.publish()  # goes on with the old keys until the roll
        assert {key.to_text() for key in world.dnskeys()} == before
        said = world.roll(*arguments).stdout
        for number, wait in enumerate(waits, 1):
            assert f"step {number} of {len(waits)}" in said, said
            assert f"step {number} of {len(waits)}" in world.status()
            said = _play_step(world, number, wait)
        assert "roll is done" in said
        after = {key.to_text() for key in world.dnskeys()}
        gone = before - after
        assert len(gone) == (1 if "zsk" == name or name.startswith("ksk") else len(before))
        assert "no roll is under way" in world.status()
        world.publish()
        assert world.validates()
    finally:
        world.close()
