"""zonegen report: what the secretariat has to do, in three formats."""

import csv
import io
import json

import pytest

from zonegen_fixtures import Site, contact, published, site  # noqa: F401


@pytest.fixture
def mixed(tmp_path):
    """Entries of every kind; three delegated ccTLDs."""
    made = Site(tmp_path)
    made.write("tlds.tsv", "a_label\tu_label\tkind\tterritory_code\tterritory\tmanager\n" + "".join(
        f"{label}\t\tcountry-code\tXX\tLand of {label}\t\n"
        for label in ("aa", "ab", "ac", "ad", "ae", "af", "ag", "zy", "zz")))
    made.configure(tlds="tlds.tsv")
    made.entry("aa")
    made.entry("ab", verified="2026-06-24")  # 151 days
    made.entry("ac", verified="2026-05-25")  # 181 days
    made.entry("ad", verified="2026-05-01")
    made.entry("ae", verified="2025-10-17", registry='Registry "E", Ltd')  # 401 days
    made.entry("af", [contact(hours="Mo-Fr 08:00-18:00")])
    made.entry("ag", [contact(email="csirt@nic.ag")])
    return made


def test_text_has_a_section_for_each_issue_oldest_first(mixed):
    lines = mixed.done("report").splitlines()
    sections = {}
    for line in lines:
        if line.startswith("    "):
            sections[heading].append(line.split()[0])
        else:
            heading = line.split(",")[0]
            sections[heading] = []
    assert sections == {"due": ["ab"], "stale": ["ad", "ac"], "expired": ["ae"],
                        "missing": ["zy", "zz"], "without 24x7": ["af"],
                        "inside their own TLD": ["ag"]}
    assert '    ae  2025-10-17   401 days  Registry "E", Ltd' in lines
    assert "    zy  Land of zy" in lines


def test_csv_has_a_heading_and_one_line_each(mixed):
    rows = list(csv.reader(io.StringIO(mixed.done("report", "--format", "csv"))))
    assert rows == [
        ["label", "issue", "verified", "days", "detail"],
        ["ab", "due", "2026-06-24", "151", "Registry of ab"],
        ["ad", "stale", "2026-05-01", "205", "Registry of ad"],
        ["ac", "stale", "2026-05-25", "181", "Registry of ac"],
        ["ae", "expired", "2025-10-17", "401", 'Registry "E", Ltd'],
        ["zy", "missing", "", "", "Land of zy"],
        ["zz", "missing", "", "", "Land of zz"],
        ["af", "without-24x7", "2026-11-01", "21", "Registry of af"],
        ["ag", "inside-tld", "2026-11-01", "21", "Registry of ag"]]


def test_json_says_the_same_as_csv(mixed):
    rows = list(csv.DictReader(io.StringIO(mixed.done("report", "--format", "csv"))))
    items = json.loads(mixed.done("report", "--format", "json"))
    assert [{key: "" if value is None else str(value) for key, value in item.items()}
            for item in items] == rows


def test_nothing_to_do_is_empty_in_every_format(site):
    assert site.done("report", "--format", "csv") == "label,issue,verified,days,detail\n"
    assert json.loads(site.done("report", "--format", "json")) == []
    assert all(line.endswith(": 0") for line in site.done("report").splitlines())


def test_now_is_a_rehearsal(site):
    rows = list(csv.DictReader(io.StringIO(
        site.done("report", "--format", "csv", now="2027-05-01"))))
    assert {(row["issue"], row["days"]) for row in rows} == {("stale", "181")}
    assert len(rows) == 12


def test_thresholds_are_settings(site):
    site.configure(top="freshness:\n    due: 5d\n    stale: 10d\n    expired: 15d")
    assert site.done("report", "--format", "csv").count(",expired,") == 12


def test_a_report_without_the_wrong_files_is_not_whole(mixed):
    mixed.entry("ab", [contact(phone="12")])
    result = mixed.run("report", "--format", "csv")
    assert result.returncode == 1
    assert "1 error in contacts files" in result.stderr
    assert "ac,stale" in result.stdout


def test_no_database_is_needed(mixed):
    mixed.done("report")


def test_the_built_in_list_says_who_is_missing(tmp_path):
    site = Site(tmp_path)
    site.configure(tlds=None)
    site.entry("uk")
    rows = list(csv.DictReader(io.StringIO(site.done("report", "--format", "csv"))))
    missing = {row["label"] for row in rows if row["issue"] == "missing"}
    assert "uk" not in missing and {"de", "nl", "xn--p1ai"} <= missing
