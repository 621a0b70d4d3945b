"""zonegen key roll: whole rolls, with a secondary, a parent and a resolver that is asked, step by step
with a clock that is told; and every reason why a step is refused."""

import calendar
import os
import re
import subprocess
import time

import dns.message
import dns.rdatatype
import pytest

from conftest import SHORT
from support.contactd import Site, program, zone
from support.delegated import DS_TTL, ZONE, ZONE_TTL, World, when
from support.scripted import Scripted

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
ASKING = 30  # more seconds than servers need to be asked, which count as gone by


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
        world.set_ds(world.wanted_ds())
        assert world.validates()
        wait = wait[1:]
    if not wait:
        return world.roll().stdout
    refused = world.roll(code=1).stderr
    assert "come back then" in refused, refused
    ready = re.search(r"until (\S+) (\S+) UTC", refused)
    ready = _seconds(*ready.groups())
    assert world.clock + TTLS[wait] <= ready <= world.clock + TTLS[wait] + ASKING
    world.clock = ready - ASKING
    assert "come back then" in world.roll(code=1).stderr
    world.clock = ready
    assert world.validates()
    return world.roll().stdout


def _seconds(day, hour):
    return calendar.timegm(time.strptime(f"{day} {hour}", "%Y-%m-%d %H:%M:%S"))


@pytest.mark.parametrize("name", list(ROLLS)[::3] if SHORT else ROLLS)
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


def test_a_secondary_that_stays_behind_is_named(world):
    world.roll()
    world.secondary.process.signal(19)  # SIGSTOP: it neither follows nor answers
    world._publish()
    assert "127.0.0.2" in world.roll(code=1).stderr
    world.secondary.process.signal(18)
    world.publish()
    refused = world.roll(code=1).stderr
    assert "come back then" in refused


def test_a_server_that_goes_back_starts_the_wait_again(world):
    world.roll()
    world.publish()
    assert "come back then" in world.roll(code=1).stderr
    port = world.secondary.at
    world.secondary.stop()
    scripted = Scripted(port, world.primary.at, lambda answer, tcp: _without_new_key(world, answer))
    try:
        world.clock += ZONE_TTL + 10
        assert "is without DNSKEY" in world.roll(code=1).stderr
        scripted.change = None
        refused = world.roll(code=1).stderr
        assert f"was everywhere at {time.strftime('%Y-%m-%d %H:%M', time.gmtime(world.clock))}" in refused
    finally:
        scripted.close()


def _without_new_key(world, answer):
    """The answer as an old server would give it: one DNSKEY less."""
    message = dns.message.from_wire(answer)
    for rrset in message.answer:
        if rrset.rdtype == dns.rdatatype.DNSKEY:
            del rrset[1]
    return message.to_wire()


def test_a_roll_waits_for_the_parent_as_long_as_it_takes(world):
    said = world.roll().stdout
    _play_step(world, 1, "zone")
    world.publish()
    old = world.wanted_ds()
    for _ in range(2):
        world.clock += 86400
        refused = world.roll(code=1).stderr
        assert "has a DS of" in refused and "is without a DS of" in refused
    new = world.wanted_ds()
    assert new == old and len(new) == 1
    assert new[0] in refused  # what the parent should have, to be copied
    assert "made the new key" in said


def test_a_parent_that_has_both_is_not_done(world):
    before = world.wanted_ds()
    world.roll()
    _play_step(world, 1, "zone")
    world.publish()
    world.set_ds(before + world.wanted_ds())
    refused = world.roll(code=1).stderr
    assert "has a DS of" in refused and "is without" not in refused
    world.set_ds(world.wanted_ds())
    assert "come back then" in world.roll(code=1).stderr


def test_a_zone_without_any_ds_rolls_without_waiting_for_one(world):
    world.set_ds([])
    world.roll()
    _play_step(world, 1, "zone")
    world.publish()
    assert "step 3 of 4" in world.roll().stdout


def test_the_first_step_can_be_taken_back(world):
    before = {key.to_text() for key in world.dnskeys()}
    world.roll()
    world.publish()
    assert len(world.dnskeys()) == 2
    assert "the roll is taken back" in world.roll("--abort").stdout
    world.publish()
    assert {key.to_text() for key in world.dnskeys()} == before
    assert "takes the spare key" in world.roll().stdout  # and the next one takes its key
    assert "no roll is under way" in world.roll("--abort").stdout + world.status()


def test_abort_is_refused_when_nothing_runs_and_when_it_is_too_late(world):
    assert "no roll is under way" in world.roll("--abort", code=1).stderr
    world.roll()
    _play_step(world, 1, "zone")
    assert "finish this roll" in world.roll("--abort", code=1).stderr


def test_abort_is_refused_when_the_parent_is_ahead(world):
    old = world.wanted_ds()
    world.roll("--double-ds")
    world.publish()
    world.set_ds([ds for ds in world.wanted_ds() if ds not in old])
    assert "put back" in world.roll("--abort", code=1).stderr


def test_a_spare_key_is_taken(world):
    tag = re.search(r"\+(\d{5})", world.zonegen("key", "generate", "--spare").stdout)
    said = world.roll().stdout
    assert "takes the spare key" in said
    assert tag is None or str(int(tag.group(1))) in said


def test_a_roll_that_is_under_way_takes_no_wishes(world):
    world.roll()
    assert "is under way" in world.roll("--double-ds", code=1).stderr


def test_wishes_that_do_not_fit_are_refused(world):
    assert "without --ksk" in world.roll("--ksk", code=1).stderr
    world.roll("--ksk", "--zsk", code=64)
    world.roll("--status", "--abort", code=64)
    world.roll("--status", "--double-ds", code=64)
    world.roll("a.example", "b.example", code=64)
    assert "is not configured" in world.roll("other.example", code=1).stderr


@pytest.mark.parametrize("world", [SPLIT], indirect=True)
def test_of_two_keys_one_must_be_named(world):
    assert "--ksk or --zsk" in world.roll(code=1).stderr
    assert "has no DS" in world.roll("--zsk", "--double-ds", code=1).stderr


def test_a_new_algorithm_has_no_double_ds(world):
    world.policy(algorithm="ed25519")
    assert "after its DNSKEY" in world.roll("--double-ds", code=1).stderr


def test_a_policy_that_asks_for_no_ds_rolls_no_key_that_has_one(world):
    world.policy(cds="delete")
    assert "cds" in world.roll(code=1).stderr


def test_what_was_never_signed_has_nothing_to_roll(tmp_path):
    site = Site(tmp_path, [zone(ZONE)])
    assert "'dnssec' is off" in site.zonegen("key", "roll", code=1).stderr
    site.config["zone"] = [zone(ZONE, dnssec="on")]
    site.write()
    site.zonegen("key", "generate")
    site.config["zone"] = [zone(ZONE)]
    site.write()
    site.publish()
    site.config["zone"] = [zone(ZONE, dnssec="on")]
    site.write()
    assert "was never signed" in site.zonegen("key", "roll", code=1).stderr


def test_a_roll_begins_without_a_network_and_shows_what_is_known(world):
    world.policy(resolver="127.0.0.1@1")
    assert "step 1 of 4" in world.roll().stdout
    assert "waits for 'zonegen publish'" in world.status()
    world.roll("--abort")  # nobody has seen it yet
    assert "cannot be looked up" in world.roll("--double-ds", code=1).stderr


def test_the_old_files_are_kept_apart(world):
    before = world.wanted_ds()[0].split()[0]
    world.set_ds([])
    world.roll()
    for number, wait in enumerate(["zone", "", "zone", ""], 1):
        said = _play_step(world, number, wait) if number != 2 else _without_ds(world)
    assert "roll is done" in said
    removed = os.listdir(os.path.join(world.folder, "keys", "removed"))
    assert any(f"+{int(before):05d}." in name for name in removed), removed
    assert not any(f"+{int(before):05d}." in name
                   for name in os.listdir(os.path.join(world.folder, "keys")))


def _without_ds(world):
    world.publish()
    return world.roll().stdout


def test_report_watches_the_ds_and_the_signatures(world):
    def issues(**more):
        lines = world.zonegen("report", "--now", when(more.get("now", world.clock)), "--format",
                              "csv").stdout.splitlines()
        return [line.split(",")[1] for line in lines if line.startswith(f"{ZONE},")]

    assert issues() == []
    good = world.wanted_ds()
    world.set_ds([])
    assert issues() == ["ds-missing"]
    text = world.zonegen("report", "--now", when(world.clock)).stdout
    assert "zonegen key ds cc.example" in text and "DS missing" in text
    world.set_ds(["12345 13 2 " + "AB" * 32])
    assert issues() == ["ds-wrong"]
    world.set_ds(["12345 13 2 " + "AB" * 32, *good])
    assert issues() == []
    assert issues(now=world.clock + 40 * 86400) == ["signatures"]
    assert issues(now=world.clock + 80 * 86400) == ["signatures"]
    world.policy(resolver="127.0.0.1@1")
    assert issues() == ["ds-unknown"]


def test_two_who_begin_at_once_begin_one_roll(world):
    command = [program("zonegen"), "key", "roll", "--now", when(world.clock), "-c", world.site.path]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(2)]
    said = [process.communicate(timeout=60) for process in both]
    assert sorted(process.returncode for process in both) == [0, 1], said
    refused = next(err for process, (_, err) in zip(both, said) if process.returncode)
    assert "changed meanwhile" in refused or "not published yet" in refused, refused
    assert world.status().count("new key:") == 1
