"""zonegen check: what is wrong with contacts, in three formats, with and without configuration."""

import json
import re

import pytest

from zonegen_fixtures import Site, contact, labels, site  # noqa: F401


def break_phone(site, label="aa"):
    site.entry(label, [contact(phone="+44 (0)20 7946 0101")])


def test_clean_contacts_are_counted(site):
    assert site.done("check") == "12 files, 24 contacts: 0 errors, 0 warnings\n"


def test_one_of_each_is_singular(tmp_path):
    site = Site(tmp_path)
    site.entry("aa", [contact(hours="Mo-Fr 08:00-18:00")])
    assert site.done("check").splitlines()[-1] == "1 file, 1 contact: 0 errors, 1 warning"


def test_an_error_is_shown_with_its_place_and_rule(site):
    break_phone(site)
    result = site.run("check")
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert re.fullmatch(r"contacts/aa\.yaml:12:12: error: .*'\+44 \(0\)20 7946 0101'.*"
                        r"\[phone-e164\]", lines[0])
    assert re.fullmatch(r"12 files, \d+ contacts: 1 error, 0 warnings; nothing published",
                        lines[-1])


def test_every_error_of_every_file_in_one_run(site):
    for label in ("aa", "ab", "ac"):
        break_phone(site, label)
    result = site.run("check")
    assert result.returncode == 1
    assert [line.split(":")[0] for line in result.stdout.splitlines()[:-1]] == [
        "contacts/aa.yaml", "contacts/ab.yaml", "contacts/ac.yaml"]


def test_warnings_do_not_fail(site):
    site.entry("aa", verified="2026-01-01")
    result = site.run("check")
    assert result.returncode == 0
    assert "warning:" in result.stdout
    assert result.stdout.endswith("0 errors, 1 warning\n")


def test_json_is_one_object_per_line_and_nothing_else(site):
    break_phone(site)
    result = site.run("check", "--format", "json")
    assert result.returncode == 1
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(item["file"], item["line"], item["severity"], item["rule"]) for item in found] == [
        ("contacts/aa.yaml", 12, "error", "phone-e164")]
    assert result.stderr.startswith("12 files, ")


def test_github_commands_name_file_and_line(site):
    break_phone(site)
    result = site.run("check", "--format", "github")
    assert result.returncode == 1
    assert result.stdout.startswith(
        "::error file=contacts/aa.yaml,line=12,col=12,title=phone-e164::")
    assert result.stderr.startswith("12 files, ")


def test_paths_need_no_configuration(site):
    site.entry("uk")
    site.entry("zz")  # not delegated: without configuration the built-in list holds
    result = site.run("check", "contacts/uk.yaml", config=None)
    assert result.returncode == 0, result.stdout
    assert result.stdout.endswith("1 file, 2 contacts: 0 errors, 0 warnings\n")
    result = site.run("check", "contacts/zz.yaml", config=None)
    assert result.returncode == 1
    assert "contacts/zz.yaml:1:6: error:" in result.stdout


def test_with_paths_a_named_configuration_is_used(site):
    site.entry("zz")
    assert site.run("check", "contacts/zz.yaml").returncode == 0


def test_several_paths_are_one_check(site):
    stdout = site.done("check", "contacts/aa.yaml", "contacts/ab.yaml")
    assert stdout.startswith("2 files, 4 contacts:")


def test_a_missing_path_is_an_error_beside_the_others(site):
    result = site.run("check", "contacts/aa.yaml", "contacts/none.yaml")
    assert result.returncode == 1
    assert "contacts/none.yaml" in result.stdout + result.stderr


@pytest.mark.parametrize("form", ["json", "github"])
def test_machines_get_an_unreadable_configuration_as_a_diagnostic(site, form):
    result = site.run("check", "--format", form, config="nowhere.conf")
    assert result.returncode == 1
    assert "nowhere.conf" in result.stdout
    assert result.stderr.startswith("zonegen: ")


def long_entry(site, label="aa"):
    site.entry(label, [contact(role, order, f"A rather long name of team number {order} of {label}",
                               f"+44 20 7946 010{order}", f"team-{order}@registry-{label}.example")
                       for order, role in enumerate(
                           ["security", "dns", "registration", "management", "csirt"], 1)],
               registry="The Registry of a Country with a Rather Long Name")


def test_shortened_cards_are_notes(site):
    long_entry(site)
    result = site.run("check")
    assert result.returncode == 0
    assert re.search(r"^contacts/aa\.yaml:\d+:\d+: note: .*shortened.*\[card-shortened\]$",
                     result.stdout, re.M)


def test_what_is_true_of_several_zones_is_said_once(site):
    long_entry(site)
    site.configure(zones=("cc.example", "a-much-longer-name.cc.example", "members.example"))
    notes = [line for line in site.done("check").splitlines() if "[card-shortened]" in line]
    assert len(notes) == 1


def test_records_are_checked_too(site):
    phones = "[+44 20 7946 0101, +44 20 7946 0102, +44 20 7946 0103, +44 20 7946 0104]"
    site.entry("aa", [contact(role, order, "Team", phones, f"t{order}@registry.example",
                              "Mo-Fr 08:00-18:00")
                      for order, role in enumerate(["security", "dns", "registration",
                                                    "management", "csirt"], 1)])
    result = site.run("check")
    assert result.returncode == 1
    assert re.search(r"contacts/aa\.yaml:\d+:\d+: error: .*\[card-too-long\]", result.stdout)
    assert "nothing published" in site.refused("publish")


def test_now_moves_freshness(site):
    assert site.done("check", now="2027-03-31").endswith(" 0 warnings\n")
    stdout = site.done("check", now="2027-04-01")  # 151 days after 2026-11-01
    assert stdout.endswith(" 12 warnings\n")
    assert "due after 150" in stdout


def test_today_is_where_the_day_begins_first(site):
    """In Auckland 2026-11-24 begins at 11:00 UTC, and nowhere before 10:00."""
    site.entry("aa", verified="2026-11-24")
    assert site.done("check", now="2026-11-23T12:00:00Z").endswith(" 0 warnings\n")
    result = site.run("check", now="2026-11-23T09:59:59Z")
    assert result.returncode == 1 and "[verified-future]" in result.stdout


def test_checking_twice_says_the_same(site):
    for label in labels(12)[::2]:
        break_phone(site, label)
    assert site.run("check").stdout == site.run("check").stdout
