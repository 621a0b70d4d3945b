"""zonegen plan: what a publish would change, in words and as records, and that nothing does."""

import os
import re

import pytest

from zonegen_fixtures import Site, contact, labels, published, site  # noqa: F401


def plan(site, **more):
    """Runs plan where something changes: its lines for people, its records by zone."""
    result = site.run("plan", **more)
    assert result.returncode == 2, (result.stdout, result.stderr)
    people, records, zone = [], {}, None
    for line in result.stdout.splitlines():
        heading = re.fullmatch(r"records of (.*):", line)
        if heading:
            zone = heading.group(1)
            records[zone] = []
        elif zone is not None:
            records[zone].append(line)
        else:
            people.append(line)
    return people, records, result.stderr


def apply(records, lines):
    """The records of a zone after the `- ` and `+ ` lines of a plan."""
    after = list(records)
    for line in lines:
        if line.startswith("- "):
            after.remove(line[2:])
        else:
            assert line.startswith("+ "), line
            assert line[2:] not in after
            after.append(line[2:])
    return sorted(after)


def test_nothing_to_do_is_exit_0_and_no_output(published):
    result = published.run("plan")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == "zonegen: nothing would change\n"


def test_before_the_first_publish_all_is_new_and_no_database_is_made(site):
    people, records, _ = plan(site)
    assert people == ["zone cc.example: new, 12 entries"]
    assert not os.path.exists(site.path("db"))
    site.publish()
    assert apply([], records["cc.example"]) == sorted(site.export().splitlines())


def test_a_plan_changes_nothing(published):
    before = published.export()
    published.remove("aa")
    plan(published)
    assert published.export() == before


def test_the_records_of_a_plan_are_exactly_what_a_publish_does(published):
    before = published.export().splitlines()
    published.entry("ab", [contact("security", phone="+44 20 7946 0999"),
                           contact("csirt", 2, "CSIRT", email="x+y@registry.example")])
    published.entry("xn--p1ai", registry="Coordination Center")
    published.remove("ac")
    _, records, _ = plan(published, now="2026-11-23")
    published.publish(now="2026-11-23")
    assert apply(before, records["cc.example"]) == sorted(published.export().splitlines())


def test_a_changed_phone_has_its_line(published):
    published.entry("aa", [contact(phone="+44 20 7946 0999", email="csirt@registry-aa.example"),
                           contact("dns", 2, "DNS operations", "+44 20 7946 0102",
                                   "dns@registry-aa.example", "Mo-Fr 08:00-18:00")])
    people, _, _ = plan(published)
    assert people[1:] == ["aa: phone of security changed from +442079460101 to +442079460999"]
    assert re.fullmatch(r"zone cc\.example: serial \d+ -> \d+; "
                        r"names: 0 added, 3 changed, 0 deleted", people[0])


def test_contacts_that_come_and_go_are_described(published):
    published.entry("aa", [contact(email="csirt@registry-aa.example"),
                           contact("csirt", 3, "CSIRT desk", "+44 20 7946 0103",
                                   "irt@registry-aa.example")])
    people, _, _ = plan(published)
    assert people[1:] == [
        "aa: contact csirt added (order 3, 24x7, +442079460103, irt@registry-aa.example, "
        "CSIRT desk)",
        "aa: contact dns removed (order 2, Mo-Fr 08:00-18:00, +442079460102, "
        "dns@registry-aa.example, DNS operations)"]


def test_entries_that_come_and_go_are_one_line_each(published):
    published.remove("ab")
    published.entry("zz")
    people, _, _ = plan(published)
    assert people[1:] == ["ab: entry deleted",
                          "zz: entry added (Registry of zz (.zz, Territory of zz), 2 contacts)"]


def test_a_confirmation_is_one_line(published):
    published.entry("aa", verified="2026-11-20", by="meeting")
    people, _, _ = plan(published)
    assert people[1:] == ["aa: verified 2026-11-01 -> 2026-11-20",
                          "aa: verified by meeting instead of callback"]


def test_now_shows_what_will_be_stale(published):
    people, _, _ = plan(published, now="2027-05-01")
    assert people[1:] == [f"{label}: now STALE, verified 2026-11-01" for label in labels(12)]


def test_zones_that_change_alike_share_their_lines(site):
    site.configure(zones=("a.example", "b.example", "members.example"))
    site.publish()
    site.entry("aa", verified="2026-11-20")
    secret = contact("csirt", 2, "CSIRT desk", "+44 20 7946 0103", "irt@registry.example",
                     visibility="members")
    site.entry("ab", [contact(email="csirt@registry-ab.example"), secret])
    people, records, _ = plan(site)
    assert [line.split(":")[0] for line in people[:3]] == [
        "zone a.example", "zone b.example", "zone members.example"]
    assert people[3:] == [
        "in a.example, b.example, members.example:",
        "aa: verified 2026-11-01 -> 2026-11-20",
        "ab: contact dns removed (order 2, Mo-Fr 08:00-18:00, +442079460102, "
        "dns@registry-ab.example, DNS operations)",
        "in members.example:",
        "ab: contact csirt added (order 2, 24x7, +442079460103, irt@registry.example, CSIRT desk)"]
    assert list(records) == ["a.example", "b.example", "members.example"]


def test_a_changed_name_server_is_said(published):
    published.configure()
    text = published.read("site.conf").replace("192.0.2.1", "192.0.2.2")
    published.write("site.conf", text)
    people, _, _ = plan(published)
    assert people[1:] == ["ns1: A records changed"]


def test_what_publish_will_refuse_is_announced(published):
    for label in labels(2):
        published.remove(label)
    _, _, error = plan(published)
    assert "zonegen: warning: publish will refuse this without --force: " \
           "zone cc.example would lose 2 of 12 entries: aa, ab" in error


def test_a_zone_that_left_is_announced(site):
    site.configure(zones=("a.example", "b.example"))
    site.publish()
    site.configure(zones=("a.example",))
    people, records, error = plan(site)
    assert people == ["zone b.example: removed with 12 entries, it left the configuration"]
    assert apply(site.export("b.example").splitlines(), records["b.example"]) == []
    assert "publish will refuse this without --force: zone b.example" in error


def test_errors_make_no_plan(published):
    published.entry("aa", [contact(phone="12")])
    result = published.run("plan")
    assert (result.returncode, result.stdout) == (1, "")
    assert "contacts/aa.yaml:" in result.stderr
    assert result.stderr.endswith("1 error, 0 warnings; no plan\n")


def test_temporary_files_do_not_stay(site, tmp_path):
    folder = tmp_path / "tmp"
    folder.mkdir()
    plan(site, env={**os.environ, "TMPDIR": str(folder)})
    assert list(folder.iterdir()) == []
