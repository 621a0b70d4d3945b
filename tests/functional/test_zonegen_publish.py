"""zonegen publish: one transaction, serials, mass deletion, what a kill or a full disk leaves."""

import os
import random
import resource
import signal
import stat
import subprocess
import time

import pytest

from zonegen_fixtures import Site, contact, labels, published, site, zonegen  # noqa: F401

SHORT = os.environ.get("SHORT") == "1"
MIDNIGHT = 1795305600  # 2026-11-22T00:00:00Z


def test_each_zone_is_named_with_its_serial_in_order(site):
    site.configure(zones=("z.example", "a.example"))
    expected = f"z.example {MIDNIGHT}\na.example {MIDNIGHT}\n"
    assert site.done("publish") == expected
    assert site.done("publish", now="2026-12-01") == expected  # unchanged, named all the same


@pytest.mark.parametrize("rule,first,second,third", [
    ("unixtime", MIDNIGHT, MIDNIGHT + 1, MIDNIGHT + 86400),
    ("counter", 1, 2, 3),
    ("date", 2026112200, 2026112201, 2026112300),
])
def test_serials_follow_the_rule_and_never_go_back(site, rule, first, second, third):
    site.configure(zone=f"serial: {rule}")
    assert site.publish() == {"cc.example": first}
    assert site.publish(now="2026-11-23") == {"cc.example": first}  # nothing changed
    site.entry("aa", registry="Another name")
    assert site.publish() == {"cc.example": second}  # same moment: old + 1 where it must be
    site.entry("aa", registry="A third name")
    assert site.publish(now="2026-11-23") == {"cc.example": third}


def test_only_zones_that_change_get_a_new_serial(site):
    site.configure(zones=("a.example", "members.example"))
    before = site.publish()
    site.entry("aa", [contact(email="csirt@registry-aa.example"),
                      contact("dns", 2, "DNS operations", "+44 20 7946 0102",
                              "dns@registry-aa.example", "Mo-Fr 08:00-18:00"),
                      contact("csirt", 3, visibility="members")])
    after = site.publish(now="2026-11-23")
    assert after["a.example"] == before["a.example"]
    assert after["members.example"] > before["members.example"]


def test_a_crossed_threshold_is_a_change(published):
    first = published.publish(now="2027-04-30")  # 180 days: not older than 180
    assert first == {"cc.example": MIDNIGHT}
    assert published.publish(now="2027-05-01")["cc.example"] > MIDNIGHT
    assert "STALE" in published.export()


def test_a_comment_in_a_file_is_no_change(published):
    text = published.read("contacts/aa.yaml")
    published.write("contacts/aa.yaml", "# nothing\n" + text)
    assert published.publish(now="2026-11-23") == {"cc.example": MIDNIGHT}


def test_errors_publish_nothing_not_even_the_rest(published):
    before = published.export()
    published.entry("aa", [contact(phone="12")])
    published.entry("ab", registry="Another name")
    error = published.refused("publish")
    assert "contacts/aa.yaml:" in error
    assert error.endswith("1 error, 0 warnings; nothing published\n")
    assert published.export() == before


def test_warnings_are_shown_and_published(site):
    site.entry("aa", verified="2026-01-01")
    result = site.run("publish")
    assert result.returncode == 0
    assert "contacts/aa.yaml:" in result.stderr and "warning:" in result.stderr


def test_up_to_a_tenth_may_go(tmp_path):
    site = Site(tmp_path)
    site.entries(labels(20))
    site.publish()
    site.remove("aa")
    site.remove("ab")
    site.publish()


def test_more_than_a_tenth_needs_force(published):
    before = published.export()
    for label in labels(12)[:11]:
        published.remove(label)
    error = published.refused("publish")
    assert error == ("zonegen: nothing published without --force: zone cc.example would lose "
                     "11 of 12 entries: aa, ab, ac, ad, ae, af, ag, ah, ai, aj and 1 more\n")
    assert published.export() == before
    published.publish("--force")
    assert "aa.cc.example." not in published.export()


def test_a_zone_that_left_the_configuration_needs_force(site):
    site.configure(zones=("a.example", "b.example"))
    site.publish()
    site.configure(zones=("a.example",))
    error = site.refused("publish")
    assert "zone b.example left the configuration" in error and "12 of 12 entries" in error
    assert site.export("b.example")
    assert list(site.publish("--force")) == ["a.example"]
    assert "not configured" in site.refused("export", "b.example")


def test_a_zone_may_join(published):
    published.configure(zones=("cc.example", "b.example"))
    assert published.publish(now="2026-11-23") == {
        "cc.example": MIDNIGHT, "b.example": MIDNIGHT + 86400}


def test_from_scratch_twice_is_the_same(tmp_path):
    exports = []
    for name in ("one", "two"):
        site = Site(tmp_path / name)
        for label in sorted(labels(12), reverse=name == "two"):
            site.entry(label)
        site.publish()
        exports.append(site.export())
    assert exports[0] == exports[1]


def test_one_by_one_or_at_once_is_the_same_but_for_the_serial(tmp_path):
    at_once, by_steps = Site(tmp_path / "one"), Site(tmp_path / "two")
    at_once.entries(labels(12))
    at_once.publish()
    for label in labels(12):
        by_steps.entry(label)
        by_steps.publish()

    def contents(site):
        return [line for line in site.export().splitlines()
                if " SOA " not in line and " ZONEMD " not in line and "serial=" not in line]
    assert contents(at_once) == contents(by_steps)


def test_a_clock_that_was_never_set_publishes_nothing(site):
    assert "before 2020" in site.refused("publish", now="2019-12-31")
    assert not os.path.exists(site.path("db"))


def test_the_database_is_private_and_its_folder_is_made(published):
    assert stat.S_IMODE(os.stat(published.database).st_mode) == 0o600


def test_with_a_user_its_group_may_read(site):
    if os.geteuid() != 0:
        pytest.skip("needs root to give files to a group")
    site.configure(top="server:\n    user: nobody")
    site.publish()
    about = os.stat(site.database)
    assert stat.S_IMODE(about.st_mode) == 0o640 and about.st_gid != 0
    assert stat.S_IMODE(os.stat(site.database + "-lock").st_mode) == 0o660


def limit_files(octets):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))
    return limit


def test_a_disk_that_is_full_leaves_what_was_published(published):
    before = published.export()
    size = os.stat(published.database).st_size
    for label in labels(400)[12:]:
        published.entry(label)
    result = published.run("publish", preexec_fn=limit_files(size), restore_signals=False)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("zonegen: ") and "db/contacts.mdb" in result.stderr
    assert published.export() == before
    published.publish()


def test_a_disk_that_is_full_is_called_so(published):
    """A file system of 1 MB of its own, where the machine lets us make one."""
    os.mkdir(published.path("small"))
    published.write("small.conf", published.read("site.conf").replace("db/", "small/"))
    for label in labels(676):
        published.entry(label)
    script = ("mount -t tmpfs -o size=1m tmpfs small || exit 77; "
              '"$0" publish -c small.conf --now 2026-11-22')
    result = subprocess.run(["unshare", "-rm", "sh", "-c", script, zonegen()], timeout=120,
                            cwd=published.folder, text=True, capture_output=True)
    if result.returncode == 77 or "unshare" in result.stderr:
        pytest.skip("no file system of its own may be made here")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == ("zonegen: database small/contacts.mdb: no space is left on its disk; "
                             "nothing has changed\n")


def test_a_kill_leaves_the_old_contents_or_the_new(tmp_path):
    site = Site(tmp_path)
    site.entries(labels(60 if SHORT else 200))
    started = time.monotonic()
    site.publish()
    whole = time.monotonic() - started
    chance = random.Random(7)
    known = {}
    for turn in range(10 if SHORT else 60):
        site.entry("aa", registry=f"Name {turn}")
        before = site.export()
        child = subprocess.Popen([zonegen(), "publish", "-c", "site.conf"], cwd=site.folder,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        time.sleep(chance.random() * whole)
        child.kill()
        output = child.communicate()[0]
        after = site.export()
        changed = f"Name {turn} " in after
        known[changed] = known.get(changed, 0) + 1
        if not changed:
            assert after == before
            assert output == b""
        else:
            assert site.run("plan", now=None).returncode == 0  # all of it is there
    assert known  # how many of each depends on the machine


def test_two_at_once_wait_for_each_other(site):
    site.entries(labels(40))
    children = [subprocess.Popen([zonegen(), "publish", "-c", "site.conf", "--now", "2026-11-22"],
                                 cwd=site.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                for _ in range(4)]
    outputs = {child.communicate(timeout=120)[0] for child in children}
    assert {child.returncode for child in children} == {0}
    assert outputs == {f"cc.example {MIDNIGHT}\n".encode()}
