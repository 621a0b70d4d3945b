"""The past of a zone: `zonegen log` tells it, `rollback` brings it back under a new serial and no
timer undoes that, `purge` forgets it, `verify` checks every record."""

import json
import os
import re
import shutil
import subprocess

import pytest

from support.keys import ldns_complaint, make_keys, moment
from zonegen_fixtures import Site, contact, labels

DAYS = [f"2026-11-{day}" for day in range(22, 30)]


def contents(text):
    """A zone file without what each serial and each signing has of its own."""
    kept = []
    for line in text.splitlines():
        if re.search(r"\s(RRSIG|NSEC|NSEC3|ZONEMD|DNSKEY|CDS|CDNSKEY)\s", line):
            continue
        line = re.sub(r"serial=\d+; published=\S+; ", "", line)
        kept.append(re.sub(r"(\sSOA\s+\S+\s+\S+\s+)\d+", r"\1N", line))
    return kept


def change(site, day, name):
    """Publishes another name of one contact on a day; the serial."""
    site.entry("aa", [contact(name=name)])
    return site.publish(now=day)["cc.example"]


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    made.entries(labels(4))
    return made


@pytest.fixture
def past(site):
    """A site with three serials; what each was as exported."""
    site.past = {}
    for day, name in zip(DAYS, ("Team one", "Team two", "Team three")):
        serial = change(site, day, name)
        site.past[serial] = site.export()
    site.serials = list(site.past)
    return site


# ---- log ----

def test_the_log_says_serial_when_and_what_newest_first(past):
    lines = past.done("log").splitlines()
    first, second, third = past.serials
    assert lines == [
        f"{third} 2026-11-24 00:00:00 UTC publish",
        "    aa: name of security changed from Team two to Team three",
        f"{second} 2026-11-23 00:00:00 UTC publish",
        "    aa: name of security changed from Team one to Team two",
        f"{first} 2026-11-22 00:00:00 UTC and before: not kept",
    ]


def test_the_log_as_json(past):
    entries = json.loads(past.done("log", "--format", "json"))
    assert [entry["serial"] for entry in entries] == past.serials[::-1]
    assert entries[0] == {"serial": past.serials[2], "time": "2026-11-24T00:00:00Z",
                          "cause": "publish",
                          "changes": ["aa: name of security changed from Team two to Team three"]}
    assert entries[2]["cause"] is None and entries[2]["changes"] == []


def test_entries_come_and_go_in_the_log_and_other_records_are_counted(past):
    past.remove("ab")
    past.entry("zz")
    past.publish("--force", now=DAYS[3])
    past.configure(zone="retry: 20m")
    past.publish(now=DAYS[4])
    lines = past.done("log").splitlines()
    assert lines[1] == "    1 name with other records"
    assert lines[3] == "    ab: entry deleted"
    assert lines[4].startswith("    zz: entry added (Registry of zz")


def test_the_log_needs_a_zone_where_several_are(past):
    past.configure(zones=("cc.example", "cc.test"))
    assert "log needs a ZONE, several are configured: cc.example, cc.test" in past.refused("log")
    assert past.done("log", "cc.example").count("publish") == 2
    assert "zone cc.test is not published yet" in past.refused("log", "cc.test")


# ---- rollback ----

def test_each_kept_serial_comes_back_under_a_new_one(past):
    """And a rollback can be rolled back."""
    newest = past.serials[-1]
    for day, serial in zip(DAYS[3:], (past.serials[0], past.serials[1], newest)):
        out = past.done("rollback", str(serial), "--now", day)
        zone, new = out.split()
        assert zone == "cc.example" and int(new) > newest
        newest = int(new)
        assert contents(past.export()) == contents(past.past[serial])
    assert past.done("log").count(" rollback\n") == 3
    assert "all whole" in past.done("verify")


def test_a_serial_that_is_not_kept_is_refused_with_those_that_are(past):
    before = past.export()
    error = past.refused("rollback", "17")
    assert "had no serial 17" in error and f"kept are {past.serials[1]}, {past.serials[0]}" in error
    for text in ("x", "+1", "1.0", "", str(2**32), str(2**64)):
        assert "is not a serial" in past.refused("rollback", text)
    assert past.export() == before


def test_the_present_serial_is_nothing_to_roll_back_to(past):
    before = past.export()
    result = past.run("rollback", str(past.serials[2]))
    assert result.returncode == 0 and "nothing to roll back" in result.stderr
    assert result.stdout == f"cc.example {past.serials[2]}\n"
    assert past.export() == before and past.done("log").count("publish") == 2


def test_one_of_several_zones_is_rolled_back(site):
    site.configure(zones=("cc.example", "cc.test"))
    first = change(site, DAYS[0], "Team one")
    change(site, DAYS[1], "Team two")
    other = site.export("cc.test")
    assert "rollback needs a ZONE" in site.refused("rollback", str(first))
    site.done("rollback", str(first), "cc.example", "--now", DAYS[2])
    assert "Team one" in site.export("cc.example") and site.export("cc.test") == other
    # The other zone still follows the contacts, this one when they change.
    site.publish(now=DAYS[3])
    assert "Team one" in site.export("cc.example")
    change(site, DAYS[4], "Team three")
    assert "Team three" in site.export("cc.example") and "Team three" in site.export("cc.test")


@pytest.mark.parametrize("way", ["rollback", "restore"])
def test_no_publish_undoes_it_until_a_contacts_file_changes(past, way):
    """From a timer (quick or whole), or of named files."""
    past.write("old.zone", past.past[past.serials[0]])
    if way == "rollback":
        past.done("rollback", str(past.serials[0]), "--now", DAYS[3])
    else:
        past.done("restore", "old.zone")
    held = past.export()
    said = "was rolled back" if way == "rollback" else "was restored"
    for arguments, day in (([], DAYS[3]), (["contacts/aa.yaml"], DAYS[3]), (["contacts"], DAYS[3]),
                           ([], DAYS[4])):
        result = past.run("publish", *arguments, now=day)
        assert result.returncode == 0
        assert f"zone cc.example {said} and stays as it is" in result.stderr
        assert past.export() == held
    change(past, DAYS[5], "Team four")
    assert "Team four" in past.export()
    assert said not in past.run("publish", now=DAYS[5]).stderr


def test_what_was_being_edited_does_not_undo_a_rollback(past):
    """Files that differ from what was published, but not from what they were at the rollback."""
    past.entry("ab", [contact(name="Half an edit")])
    past.done("rollback", str(past.serials[0]), "--now", DAYS[3])
    held = past.export()
    for arguments in ([], ["contacts/ab.yaml"], ["contacts"]):
        assert "stays as it is" in past.run("publish", *arguments, now=DAYS[3]).stderr
        assert past.export() == held
    change(past, DAYS[4], "Team four")
    assert "Team four" in past.export() and "Half an edit" in past.export()


@pytest.mark.parametrize("way", ["rollback", "restore"])
def test_force_undoes_it(past, way):
    past.write("old.zone", past.past[past.serials[0]])
    if way == "rollback":
        past.done("rollback", str(past.serials[0]), "--now", DAYS[3])
    else:
        past.done("restore", "old.zone")
    past.publish("--force", now=DAYS[4])
    assert contents(past.export()) == contents(past.past[past.serials[2]])
    assert "stays as it is" not in past.run("publish", now=DAYS[4]).stderr


def test_a_signed_zone_is_signed_anew_when_it_is_rolled_back(tmp_path):
    site = Site(tmp_path)
    site.entries(labels(3))
    site.configure(zone="dnssec: on")
    os.makedirs(site.path("db"))
    make_keys(site.path("db/contacts.mdb-keys"), "cc.example", "csk", "ecdsap256sha256")
    first = change(site, DAYS[0], "Team one")
    old = site.export()
    change(site, DAYS[1], "Team two")
    site.remove("ab")
    site.publish("--force", now=DAYS[2])
    site.done("rollback", str(first), "--now", "2027-03-01")  # all old signatures are over
    assert contents(site.export()) == contents(old)
    site.write("zone", site.export())
    assert ldns_complaint(site.path("zone"), moment("2027-03-01")) == ""
    assert "all whole" in site.done("verify")
    held = contents(site.export())
    result = site.run("publish", now="2027-04-15")  # renews
    assert result.returncode == 0 and "was rolled back and stays as it is" in result.stderr
    assert contents(site.export()) == held
    assert site.done("log").splitlines()[1] == "    signatures renewed"
    site.write("zone", site.export())
    assert ldns_complaint(site.path("zone"), moment("2027-04-15")) == ""


@pytest.mark.parametrize("way", ["rollback", "restore"])
def test_a_publish_that_finds_the_same_contents_changes_no_signature(tmp_path, way):
    """The serial stays, so every record must: secondaries would never hear of another one."""
    site = Site(tmp_path)
    site.entries(labels(3))
    site.configure(zone="dnssec: on")
    os.makedirs(site.path("db"))
    make_keys(site.path("db/contacts.mdb-keys"), "cc.example", "csk", "ecdsap256sha256")
    first = change(site, DAYS[0], "Team one")
    change(site, DAYS[1], "Team two")
    site.entry("aa", [contact(name="Team one")])
    if way == "rollback":
        site.done("rollback", str(first), "--now", DAYS[2])
    else:
        site.write("zone", site.export())
        site.done("restore", "zone")
        site.entry("aa", [contact(name="Team two")])
    held = site.export()
    site.publish("--force", now=DAYS[3])
    assert site.export() == held
    assert "stays as it is" not in site.run("publish", now=DAYS[3]).stderr
    assert "all whole" in site.done("verify")


def test_nothing_is_kept_without_history_and_old_steps_go(site):
    site.configure(zone="history: off")
    first = change(site, DAYS[0], "Team one")
    change(site, DAYS[1], "Team two")
    assert "nothing is kept of what it was before" in site.refused("rollback", str(first))
    site.configure(zone="history: 3d")
    serials = [change(site, day, f"Team {day}") for day in DAYS[2:]]
    lines = [line for line in site.done("log").splitlines() if line[0] != " "]
    assert [int(line.split()[0]) for line in lines] == serials[:0:-1]
    assert "all whole" in site.done("verify")


def test_a_file_whose_serial_is_older_may_be_restored_and_logged(past):
    past.write("old.zone", past.past[past.serials[0]])
    past.done("restore", "old.zone")
    lines = past.done("log").splitlines()
    assert lines[0].startswith(str(past.serials[0])) and lines[0].endswith(" restore")
    past.done("rollback", str(past.serials[2]), "--now", DAYS[4])
    assert contents(past.export()) == contents(past.past[past.serials[2]])


# ---- purge ----

PERSON = dict(name="Jane Doe", email="jane.doe+cc@nic-aa.example", phone="+44 20 7946 0991")
ASKED = ["jane.doe+cc@nic-aa.example", "+442079460991", "(44) 20-7946.0991", "jane doe", "aa/security"]


@pytest.fixture
def person(site):
    site.entry("aa", [contact(**PERSON), contact("dns", 2, email="dns@nic-aa.example")])
    site.publish(now=DAYS[0])
    return site


def take_out(site, day=DAYS[1]):
    site.entry("aa", [contact("dns", 2, email="dns@nic-aa.example")])
    return site.publish(now=day)["cc.example"]


@pytest.mark.parametrize("text", ASKED)
def test_purge_names_every_place_that_still_has_it(person, text):
    take_out(person)
    person.entry("aa", [contact(**PERSON), contact("dns", 2, email="dns@nic-aa.example")])
    error = person.refused("purge", text)
    assert f"still has '{text}'" in error and "nothing is forgotten" in error
    assert re.search(r"contacts/aa\.yaml:\d+:\d+: still has", error)
    assert "zone cc.example" not in error
    take_out(person)
    person.done("restore", "-", input=old_export(person))
    error = person.refused("purge", text)
    assert "zone cc.example, _security.aa.cc.example: still has" in error
    assert "contacts/aa.yaml" not in error
    assert " publish" in person.done("log")


def old_export(site):
    """The zone as it was at first."""
    serial = site.done("log").splitlines()[-1].split()[0]
    site.done("rollback", serial, "--now", DAYS[2])
    return site.export()


@pytest.mark.parametrize("text", ["the", "", "x" * 256, "123"])
def test_what_cannot_be_looked_for_is_refused(person, text):
    assert "cannot be looked for" in person.refused("purge", text)


def test_a_comment_and_a_folded_value_are_found_too(person):
    take_out(person)
    text = person.read("contacts/aa.yaml")
    person.write("contacts/aa.yaml", text + "    comment: once Jane Doe\n")
    assert "contacts/aa.yaml:16:19: still has 'Jane Doe'" in person.refused("purge", "Jane Doe")
    person.write("contacts/aa.yaml", text.replace("name: Team", 'name: "J\\u0061ne Doe"'))
    assert re.search(r"contacts/aa\.yaml:\d+:\d+: still has 'Jane Doe'",
                     person.refused("purge", "Jane Doe"))


@pytest.mark.parametrize("text", [
    "comment: once Jane\n      Doe",
    "comment: >-\n      once Jane\n      Doe",
    'comment: "once Jane\\x20Doe"',
    'comment: "J\\u0061ne Doe"',
    'comment: "Jane \\\n      Doe"',
])
def test_what_is_never_published_is_found_however_it_is_written(person, text):
    take_out(person)
    file = person.read("contacts/aa.yaml")
    person.write("contacts/aa.yaml", f"{file}    {text}\n")
    found = r"contacts/aa\.yaml:\d+:\d+: still has .Jane Doe."
    assert re.search(found, person.refused("purge", "Jane Doe"))
    entry = text.replace("comment:", "authorised:").replace("\n    ", "\n")
    person.write("contacts/aa.yaml", file.replace("contacts:", f"{entry}\ncontacts:"))
    person.done("check")
    assert re.search(found, person.refused("purge", "Jane Doe"))


def test_a_quote_that_is_doubled_hides_nothing(person):
    take_out(person)
    text = person.read("contacts/aa.yaml")
    person.write("contacts/aa.yaml", text + "    comment: 'once O''Brien'\n")
    assert "contacts/aa.yaml:16:14: still has 'O'Brien'" in person.refused("purge", "O'Brien")


def test_purge_forgets_nothing_while_a_contacts_file_cannot_be_read(person):
    take_out(person)
    text = person.read("contacts/aa.yaml")
    person.write("contacts/aa.yaml", text + '    comment: "J\\u0061ne Doe\n')
    assert "contacts/aa.yaml:16:14: error:" in person.refused("purge", "Jane Doe")
    assert " publish" in person.done("log")


def test_purge_forgets_the_past_of_every_zone(person):
    serial = take_out(person)
    out = person.done("purge", *ASKED)
    assert out.startswith(
        f"cc.example: 1 change forgotten; serial {serial} is the oldest known now\n")
    assert "unused parts of" in out and "secondaries and resolvers can hold copies" in out
    assert [line.split()[0] for line in person.done("log").splitlines()] == [str(serial)]
    assert "nothing is kept" in person.refused("rollback", "1")
    assert "all whole" in person.done("verify")
    # The next change is remembered again.
    change(person, DAYS[3], "Somebody else")
    assert str(serial) in person.done("log").splitlines()[-1]


def test_purge_without_operands_asks_nothing(person):
    person.configure(contacts=None)
    assert "0 changes forgotten" in person.done("purge")
    shutil.rmtree(person.path("db"))
    assert "does not exist" in person.refused("purge")
    assert not os.path.exists(person.database)


def test_a_database_that_is_dumped_and_loaded_has_nothing_left(person):
    """zonegen(1), purge: mdb_dump | mdb_load."""
    if shutil.which("mdb_dump") is None:
        pytest.skip("mdb_dump (lmdb-utils) is not installed")
    take_out(person)
    person.done("purge", "Jane Doe")
    before = person.export()
    subprocess.run("mdb_dump -n db/contacts.mdb | mdb_load -n db/new && mv db/new db/contacts.mdb",
                   shell=True, cwd=person.folder, check=True, stderr=subprocess.DEVNULL)
    with open(person.database, "rb") as file:
        octets = file.read()
    assert b"jane" not in octets.lower() and b"2079460991" not in octets
    assert person.export() == before and "all whole" in person.done("verify")


# ---- verify ----

def test_verify_counts_the_records_of_a_whole_database(past):
    assert re.fullmatch(r"\d+ records, all whole\n", past.done("verify"))


def test_verify_names_what_is_damaged(past):
    """A flipped bit of the file, wherever its pages have what people wrote."""
    with open(past.database, "rb") as file:
        octets = file.read()
    said = set()
    for match in re.finditer(rb"Team (one|two|three)", octets):
        with open(past.database, "r+b") as file:
            file.seek(match.start())
            file.write(b"t")
        result = past.run("verify")
        if result.returncode == 1:  # else it was in a page that nothing uses
            assert "1 of them damaged" in result.stderr or "ZONEMD does not fit" in result.stderr
            said.update(line.split(": ", 3)[3] if line.count(": ") > 2 else line
                        for line in result.stderr.splitlines())
        with open(past.database, "r+b") as file:
            file.seek(match.start())
            file.write(b"T")
    text = "\n".join(said)
    assert "the record is damaged" in text and "a record of its past is damaged" in text
    assert "all whole" in past.done("verify")


def test_a_damaged_past_does_not_stop_a_publish(past):
    with open(past.database, "rb") as file:
        octets = file.read()
    with open(past.database, "r+b") as file:
        file.write(octets.replace(b"Team two", b"team two"))
    assert past.run("verify").returncode == 1
    change(past, DAYS[4], "Team four")
    assert "Team four" in past.export()
    past.done("purge")
    change(past, DAYS[5], "Team five")
    assert "all whole" in past.done("verify")
