"""zonegen publish where little has changed: only that is looked at, and what is left is what a publish
of everything leaves, octet for octet."""

import datetime
import os
import random
import re
import shutil
import time

import pytest

from conftest import LONG, SHORT
from support.peers import tool
from support.process import run
from zonegen_fixtures import Site, contact, labels, published, site  # noqa: F401

MIDNIGHT = 1795305600  # 2026-11-22T00:00:00Z

# An entry that always has a warning: who sees it knows that all files were read.
WARNED = "zz"
SIGNED = {"top": "policy:\n  - id: default\n    algorithm: ed25519", "zone": "dnssec: on"}


def moment(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ")


def warn(site):
    site.entry(WARNED, [contact(hours="Mo-Fr 08:00-18:00")])


def settle(site):
    """Publishes when no file was changed within the last two seconds, of which times are not trusted.
    Nobody can set back a ctime, so this waits."""
    last = max(os.stat(entry.path).st_ctime for entry in os.scandir(site.contacts))
    time.sleep(max(0.0, last + 2.1 - time.time()))
    site.publish()


def saw_all(result):
    return f"contacts/{WARNED}.yaml:" in result.stderr


@pytest.fixture
def warned(site):
    """A site of thirteen entries, one of them with a warning, published."""
    warn(site)
    assert saw_all(site.run("publish"))
    return site


def published_tables(site):
    """What the database has of zones and their names, as key and value."""
    lines = run([tool("mdb_dump"), "-n", site.database]).stdout.split("\n")
    lines = [line.strip() for line in lines if line.startswith(" ")]
    return {key: value for key, value in zip(lines[::2], lines[1::2]) if key[:2] in ("01", "02", "06")}


# ---- which files are looked at ----

def test_what_did_not_change_is_not_read_again(warned):
    settle(warned)
    result = warned.run("publish")
    assert (result.stdout, result.stderr) == (f"cc.example {MIDNIGHT}\n", "")
    warned.entry("aa", registry="Another name")
    result = warned.run("publish")
    assert (result.stdout, result.stderr) == (f"cc.example {MIDNIGHT + 1}\n", "")
    assert "0 Another name " in warned.export()


def test_a_change_of_the_same_size_under_the_same_time_is_found(warned):
    settle(warned)
    path = warned.path("contacts/aa.yaml")
    before = os.stat(path)
    text = warned.read("contacts/aa.yaml")
    warned.write("contacts/aa.yaml", text.replace("Registry of aa", "registry OF AA"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert os.stat(path).st_size == before.st_size
    result = warned.run("publish")
    assert not saw_all(result)
    assert "0 registry OF AA " in warned.export()


def test_two_changes_within_a_tick_of_the_clock_are_both_found(published):
    for turn in range(20):
        published.entry("aa", registry=f"Turn {turn:02d}")
        published.publish()
        assert f"Turn {turn:02d} " in published.export()


def test_touched_files_are_no_change(warned):
    settle(warned)
    for label in labels(12):
        os.utime(warned.path(f"contacts/{label}.yaml"))
    result = warned.run("publish")
    assert (result.stdout, result.stderr) == (f"cc.example {MIDNIGHT}\n", "")


@pytest.mark.parametrize("later,all_files", [("2026-11-22T12:00:00Z", False),
                                             ("2026-11-22T12:00:01Z", True),
                                             ("2026-11-21T23:59:59Z", True)])
def test_after_half_a_day_all_files_are_looked_at(warned, later, all_files):
    assert saw_all(warned.run("publish", now=later)) is all_files


def test_force_looks_at_all_files(warned):
    assert saw_all(warned.run("publish", "--force"))


@pytest.mark.parametrize("changed", [
    {"zone": "ttl: 1h"}, {"zones": ("cc.example", "b.example")},
    {"top": "freshness:\n  due: 100d\n  stale: 180d\n  expired: 400d"}])
def test_other_settings_make_all_files_count(warned, changed):
    warned.configure(**changed)
    result = warned.run("publish")
    assert result.returncode == 0 and saw_all(result)
    assert not saw_all(warned.run("publish"))


def test_an_entry_that_crosses_a_threshold_is_read_again(warned):
    warned.entry("aa", verified="2026-05-26")  # 180 days before the 22nd of November
    warned.publish()
    assert "STALE" not in warned.export()
    warned.publish("--force", now="2026-11-22T19:00:00Z")
    result = warned.run("publish", now="2026-11-23")
    assert not saw_all(result) and "contacts/aa.yaml:" in result.stderr
    zone = warned.export()
    assert re.search(r'^aa\.cc\.example\. .* STALE', zone, re.M)
    assert re.search(r'^_stale\.cc\.example\. .* "aa', zone, re.M) and "stale=1" in zone


def test_an_error_is_shown_beside_all_that_is_wrong(warned):
    before = warned.export()
    warned.entry("aa", [contact(phone="12")])
    result = warned.run("publish")
    assert result.returncode == 1 and saw_all(result)
    assert "contacts/aa.yaml:" in result.stderr
    assert "13 files, " in result.stderr and result.stderr.endswith("nothing published\n")
    assert warned.export() == before


def test_a_label_that_another_file_has_is_found(warned):
    text = warned.read("contacts/aa.yaml")
    warned.write("contacts/aa.yaml", text + "also: [ab]\n")
    assert "'ab' stands in" in warned.refused("publish")
    assert "'ab' stands in" in warned.refused("publish", "contacts/aa.yaml")


def test_an_alias_goes_over_to_who_else_has_it(warned):
    warned.entry("xn--9ca")
    warned.entry("xn--9ca0a")
    warned.publish()
    warned.remove("xn--9ca")
    warned.publish()
    twin = Site(warned.path("twin"))
    shutil.copytree(warned.contacts, twin.contacts, dirs_exist_ok=True)
    twin.publish()
    assert {key: value for key, value in published_tables(warned).items() if key[:2] == "02"
            }.keys() == {key for key in published_tables(twin) if key[:2] == "02"}


# ---- publish PATH ----

def test_only_named_files_are_looked_at(warned):
    warned.entry("aa", registry="Named")
    warned.entry("ab", registry="Not named")
    warned.entry("qq")
    result = warned.run("publish", "contacts/aa.yaml")
    assert (result.stdout, result.stderr) == (f"cc.example {MIDNIGHT + 1}\n", "")
    zone = warned.export()
    assert "0 Named " in zone and "Not named" not in zone and "qq.cc.example." not in zone
    warned.publish()
    zone = warned.export()
    assert "0 Named " in zone and "0 Not named " in zone and "qq.cc.example." in zone


def test_named_files_may_come_and_go(warned):
    warned.entry("qq")
    warned.publish("contacts/qq.yaml", warned.path("contacts/qq.yaml"))
    assert "\nqq.cc.example." in warned.export()
    warned.remove("qq")
    warned.publish("contacts/qq.yaml")
    assert "qq.cc.example." not in warned.export()
    assert not saw_all(warned.run("publish"))  # it is known that it has gone


def test_a_named_file_is_looked_at_long_after(warned):
    warned.entry("aa", registry="Later")
    result = warned.run("publish", "contacts/aa.yaml", now="2026-12-24")
    assert result.stderr == ""
    assert "0 Later " in warned.export()


def test_named_files_leave_the_thresholds_of_others_alone(warned):
    warned.entry("ab", verified="2026-05-26")
    warned.publish()
    warned.entry("aa", registry="Later")
    warned.publish("contacts/aa.yaml", now="2026-11-25")
    zone = warned.export()
    assert "STALE" not in zone and "stale=0" in zone  # the card and the lists agree
    warned.publish(now="2026-11-25")
    zone = warned.export()
    assert "STALE" in zone and "stale=1" in zone


def test_the_folder_itself_stands_for_all(warned):
    warned.entry("ab", registry="Another name")
    assert warned.run("publish", "contacts").stderr == ""
    assert "0 Another name " in warned.export()


def test_errors_in_named_files_are_theirs_alone(warned):
    before = warned.export()
    warned.entry("aa", [contact(phone="12")])
    warned.entry("ab", [contact(phone="13")])
    error = warned.refused("publish", "contacts/aa.yaml")
    assert "contacts/aa.yaml:" in error and "ab.yaml" not in error
    assert error.endswith("1 file, 0 contacts: 1 error, 0 warnings; nothing published\n")
    assert warned.export() == before


@pytest.mark.parametrize("path", ["elsewhere/aa.yaml", "site.conf", "contacts/notes.txt",
                                  "contacts/.aa.yaml", "/"])
def test_files_of_elsewhere_are_refused(warned, path):
    os.makedirs(warned.path("elsewhere"))
    warned.write("elsewhere/aa.yaml", warned.read("contacts/aa.yaml"))
    warned.write("contacts/notes.txt", "nothing")
    error = warned.refused("publish", path)
    assert error == f"zonegen: '{path}' is none of the configured contacts; name files of contacts\n"


def test_a_misspelt_file_is_refused(warned, site):
    expected = "zonegen: contacts/aaa.yaml: no such file, and nothing was published from it\n"
    assert warned.refused("publish", "contacts/aaa.yaml") == expected
    os.unlink(warned.database)
    assert warned.refused("publish", "contacts/aaa.yaml") == expected
    assert not os.path.exists(warned.database)


def test_more_than_a_tenth_of_named_files_needs_force(warned):
    warned.remove("aa")
    warned.remove("ab")
    names = ["contacts/aa.yaml", "contacts/ab.yaml"]
    assert "would lose 2 of 13 entries: aa, ab" in warned.refused("publish", *names)
    warned.publish("--force", *names)
    assert "\naa.cc.example." not in warned.export()


def fall_back_new(site):
    os.unlink(site.database)
    return "nothing has been published yet"


def fall_back_settings(site):
    site.configure(zone="ttl: 1h")
    return ("the configuration, the list of ccTLDs or the version of zonegen has changed since the "
            "last publish")


def fall_back_restored(site):
    site.write("zone", site.export())
    site.done("restore", "zone")
    return "zone cc.example was restored"


@pytest.mark.parametrize("prepare", [fall_back_new, fall_back_settings, fall_back_restored])
def test_where_named_files_are_not_enough_all_are_published_and_that_is_said(warned, prepare):
    reason = prepare(warned)
    warned.entry("aa", registry="Named")
    warned.entry("ab", registry="Not named")
    result = warned.run("publish", "contacts/aa.yaml")
    assert result.returncode == 0 and saw_all(result)
    assert result.stderr.startswith(
        f"zonegen: all contacts are published, not only those that were named: {reason}\n")
    zone = warned.export()
    assert "0 Named " in zone and "0 Not named " in zone


def test_contacts_in_one_file_can_be_named(tmp_path):
    site = Site(tmp_path)
    site.entry("aa")
    site.configure(contacts="contacts/aa.yaml")
    site.publish()
    site.entry("aa", registry="Another name")
    result = site.run("publish", "contacts/aa.yaml")
    assert result.stderr == "" and "0 Another name " in site.export()
    site.entry("aa", registry="A third name")
    site.publish()
    assert "0 A third name " in site.export()
    site.entry("ab")
    assert "none of the configured contacts" in site.refused("publish", "contacts/ab.yaml")


# ---- signed zones ----

@pytest.fixture
def signed(site):
    warn(site)
    site.configure(**SIGNED)
    site.done("key", "generate")
    assert saw_all(site.run("publish"))
    return site


def verify(site, now):
    site.write("zone", site.export())
    result = run([tool("ldns-verify-zone"), "-t", moment(now).translate(str.maketrans("", "", "-:TZ")),
                  site.path("zone")])
    assert result.returncode == 0, (result.stdout, result.stderr)


def test_a_signed_zone_stays_whole(signed):
    signed.entry("aa", registry="Another name")
    signed.entry("ca")
    signed.remove("al")
    assert not saw_all(signed.run("publish"))
    verify(signed, MIDNIGHT)
    signed.entry("qq")
    assert signed.run("publish", "contacts/qq.yaml").stderr == ""
    verify(signed, MIDNIGHT)


def test_another_key_signs_everything(site):
    warn(site)
    site.configure(top="policy:\n  - id: default\n    keys: ksk-zsk", zone="dnssec: on")
    site.done("key", "generate")
    site.publish()
    site.done("key", "roll", "--zsk", "--now", moment(MIDNIGHT))
    result = site.run("publish", "contacts/aa.yaml")
    assert result.stderr.startswith("zonegen: all contacts are published, not only those that were "
                                    "named: the keys of a zone have changed\n")
    assert site.export().count(" IN DNSKEY ") == 3
    verify(site, MIDNIGHT)
    assert site.run("publish", "contacts/aa.yaml").stderr == ""


def test_with_nsec3_all_is_published(site):
    warn(site)
    site.configure(top=SIGNED["top"] + "\n    denial: nsec3", zone="dnssec: on")
    site.done("key", "generate")
    assert saw_all(site.run("publish"))
    site.entry("aa", registry="Another name")
    result = site.run("publish", "contacts/aa.yaml")
    assert result.stderr.startswith("zonegen: all contacts are published, not only those that were "
                                    "named: zone cc.example has NSEC3\n")
    verify(site, MIDNIGHT)


# ---- the proof: whatever is changed, what is left is the same ----

class Twins:
    """A site that is published as it comes, and one that has what the first one is to have published,
    and is published whole each time."""

    IDNS = ("xn--9ca", "xn--3xa", "xn--wgbh1c")

    def __init__(self, folder, chance, **settings):
        self.chance, self.now = chance, MIDNIGHT
        self.quick, self.whole = Site(folder / "quick"), Site(folder / "whole")
        for one in (self.quick, self.whole):
            one.configure(zones=("cc.example", "members.example"), **settings)
        warn(self.quick)
        self.quick.entries(labels(100)[30:])  # so that no round deletes more than a tenth
        self.pool = labels(24) + list(self.IDNS)
        self.names = {}  # of files, by label
        for label in self.pool[::2]:
            self.write(label)
            self.mend(label)
        self.quick_rounds = 0

    def sign(self):
        self.quick.done("key", "generate", "cc.example")
        self.quick.done("key", "generate", "members.example")
        shutil.copytree(self.quick.database + "-keys", self.whole.database + "-keys")

    def write(self, label):
        chance = self.chance
        old = self.names.get(label)
        if old is not None:
            os.unlink(self.quick.path("contacts/" + old))
        self.names[label] = label + chance.choice((".yaml", ".yaml", ".yml", ".json"))
        roles = ["security", "dns", "registration"][:chance.randint(1, 3)]
        items = [contact(role, n + 1, f"Team {chance.randint(1, 9)}",
                         visibility=chance.choice(("public", "public", "members", "internal")))
                 for n, role in enumerate(roles)]
        today = datetime.date.fromisoformat(moment(self.now)[:10])
        age = chance.choice((0, 20, 149, 150, 179, 180, 181, 399, 400))
        self.quick.entry(label, items, registry=f"Registry {chance.randint(1, 99)}",
                         verified=str(today - datetime.timedelta(days=age)))
        text = self.quick.read(f"contacts/{label}.yaml")
        if chance.random() < 0.3:  # labels that others may come to have
            text += f"also: [w{label[-1]}, {chance.choice(('vv', 'v' + label[-1]))}]\n"
        os.unlink(self.quick.path(f"contacts/{label}.yaml"))
        self.quick.write("contacts/" + self.names[label], text)

    def mend(self, label):
        """Leaves the file, where there is one, no label that others may have."""
        if label in self.names:
            text = self.quick.read("contacts/" + self.names[label])
            self.quick.write("contacts/" + self.names[label], re.sub(r"also: .*\n", "", text))

    def remove(self, label):
        os.unlink(self.quick.path("contacts/" + self.names.pop(label)))

    def change(self, label):
        """Something about one file; its name, and what it was called before."""
        before = self.names.get(label)
        what = self.chance.random()
        if before is None or what < 0.6:
            self.write(label)
        elif what < 0.75:
            self.remove(label)
        elif what < 0.85:
            os.utime(self.quick.path("contacts/" + before))
        else:
            text = self.quick.read("contacts/" + before)
            self.quick.write("contacts/" + before, "# a comment\n" + text)
        return {name for name in (before, self.names.get(label)) if name is not None}

    def copy(self, names):
        for name in names:
            source, target = (one.path("contacts/" + name) for one in (self.quick, self.whole))
            if os.path.exists(source):
                shutil.copyfile(source, target)
            elif os.path.exists(target):
                os.unlink(target)

    def copy_all(self):
        self.copy(set(os.listdir(self.quick.contacts)) | set(os.listdir(self.whole.contacts)))

    def publish(self, *names):
        """Publishes on both sides: the named files, or all. What they said must agree."""
        self.copy(names) if names else self.copy_all()
        mine = self.quick.run("publish", *["contacts/" + name for name in names],
                              now=moment(self.now))
        if "all contacts are published" in mine.stderr:
            self.copy_all()
        theirs = self.whole.run("publish", "--force", now=moment(self.now))
        self.quick_rounds += mine.returncode == 0 and not saw_all(mine)
        assert mine.returncode == theirs.returncode, (names, mine.stderr, theirs.stderr)
        assert mine.stdout == theirs.stdout
        return mine.returncode == 0

    def compare(self):
        assert published_tables(self.quick) == published_tables(self.whole)
        assert self.quick.run("plan", now=moment(self.now)).returncode == 0

    def round(self):
        whole = self.chance.random() < 0.6
        if whole:
            self.now += self.chance.choice((1, 60, 3600, 9 * 3600, 19 * 3600))
        touched = set()
        picked = self.chance.sample(self.pool, self.chance.choice((0, 1, 1, 1, 2)))
        for label in picked:
            touched |= self.change(label)
        self.now += 1
        if whole or not touched:
            done = self.publish()
        else:
            done = self.publish(*sorted(touched))
        if not done:  # two files with one label: mend it
            for label in picked:
                self.mend(label)
            assert self.publish()
        return whole


@pytest.mark.parametrize("seed,settings", [(1, {}), (2, {"zone": "zonemd: off"}), (3, SIGNED),
                                           (4, {**SIGNED, "zone": "dnssec: on\nzonemd: off"})])
def test_random_changes_leave_what_a_publish_of_everything_leaves(tmp_path, seed, settings):
    tool("mdb_dump")
    twins = Twins(tmp_path, random.Random(seed), **settings)
    if settings.get("top"):
        twins.sign()
    assert twins.publish()
    rounds = 15 if SHORT else 100 if LONG else 25
    whole = False
    for turn in range(rounds):
        whole = twins.round()
        if whole:
            assert published_tables(twins.quick) == published_tables(twins.whole), turn
    twins.publish()
    twins.compare()
    assert twins.quick_rounds > rounds / 3
    if settings.get("top"):
        verify(twins.quick, twins.now)
