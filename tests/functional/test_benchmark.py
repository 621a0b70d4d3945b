"""The benchmark's reports, made of figures that are written down here; and the zone files that peers get."""

import json
import os
import re
import subprocess
import sys
import xml.dom.minidom

import dns.rdata
import dns.rdatatype
import pytest

from support.contactd import NOW, Site, zone

BENCH = os.path.join(os.path.dirname(__file__), "..", "bench")
KINDS = {"contactd": "own", "knot": "peer", "gdnsd": "peer", "echo": "limit"}


def figures(figure, value, clean=True):
    return {figure: value, f"{figure}_user": value / 4, f"{figure}_system": value * 3 / 4,
            "clean": clean}


def run_of(*rounds, entries=316, signed=False, **more):
    """A run of one size, in which UDP took each server so many microseconds."""
    return {"date": "2026-11-23", "command": "tests/bench/run", "machine": "a machine",
            "versions": {name: "1" for name in KINDS}, "sizes": [{
                "entries": entries, "signed": signed, "groups": [list(KINDS)], "transfers": {},
                "zone_octets": 1, "rounds": {"udp": list(rounds)}, **more,
                "servers": {name: {"kind": kind, "prepared": {}, "lacks": {}}
                            for name, kind in KINDS.items()}}]}


def udp(dirty=(), **micros):
    return {name: figures("udp", value / 1e6, name not in dirty) for name, value in micros.items()}


@pytest.fixture
def report(tmp_path):
    """Says what the report of some runs is; the drawing is in `picture`."""
    def made(*runs):
        files = []
        for number, run in enumerate(runs):
            files.append(tmp_path / f"{number}.json")
            files[-1].write_text(json.dumps(run))
        return subprocess.run([os.path.join(BENCH, "run"), "--picture", tmp_path / "picture",
                               "--report", *files], check=True, capture_output=True,
                              text=True).stdout
    made.picture = tmp_path / "picture"
    return made


def cells(text, first):
    """The cells of the first row that begins so, the leading one left out."""
    line = next(line for line in text.splitlines() if line.startswith(f"| {first}"))
    return [cell.strip() for cell in line.split("|")[2:-1]]


def test_ratios_are_taken_within_rounds_and_goals_of_medians(report):
    text = report(run_of(udp(contactd=4, knot=8, gdnsd=5, echo=4),
                         udp(contactd=8, knot=12, gdnsd=10, echo=5),
                         udp(contactd=6, knot=12, gdnsd=10, echo=5)))
    assert cells(text, "contactd")[:6] == ["6.00 (4.00–8.00)", "1.5", "4.5", "0.80", "0.50", "1.20"]
    goal = "UDP, CPU per query, 316 entries: "
    assert cells(text, goal + "÷ best peer") == ["≤ 1.00", "0.60", "0.80", "gdnsd", "yes"]
    assert cells(text, goal + "÷ bare echo") == ["≤ 1.15", "1.20", "1.20", "echo", "**no**"]


def test_what_ran_beside_others_is_dropped_while_enough_is_left(report):
    quiet = udp(contactd=4, knot=8)
    loud = udp(contactd=40, knot=8, dirty=["contactd"])
    assert cells(report(run_of(quiet, loud, quiet, quiet)), "contactd")[0] == "4.00 (4.00–4.00)"
    text = report(run_of(quiet, loud, loud))
    assert cells(text, "contactd")[0] == "40.00* (4.00–40.00)"
    assert "udp of contactd" in text


def test_runs_are_reported_together_and_of_a_figure_the_last_counts(report):
    first, again = run_of(udp(contactd=4, knot=8)), run_of(udp(contactd=5, knot=8))
    start = run_of(rounds={"start": [{"contactd": figures("start", 0.02),
                                      "knot": figures("start", 3)}]})
    text = report(first, run_of(udp(contactd=6, knot=8), entries=10000, signed=True), again, start)
    assert re.findall("^## (.*)$", text, re.MULTILINE) == \
        ["All sizes", "316 entries", "10000 entries, signed, asked with DO", "Goals"]
    row = cells(text[text.index("## 316 entries"):], "contactd")
    assert row[0] == "5.00" and any(cell.startswith("20") for cell in row)


def test_servers_that_only_an_earlier_run_has_measured_stay(report):
    earlier = run_of(udp(contactd=9, gdnsd=5), udp(contactd=9, gdnsd=5), udp(contactd=9, gdnsd=5))
    text = report(earlier, run_of(udp(contactd=4, knot=8), udp(contactd=6, knot=8)))
    assert cells(text, "contactd")[0] == "5.00 (4.00–6.00)"
    assert cells(text, "gdnsd")[0] == "5.00 (5.00–5.00)" and cells(text, "knot")[0].startswith("8.00")


def test_all_sizes_stand_in_one_table(report):
    text = report(run_of(udp(contactd=4, knot=8), udp(contactd=5, knot=9)),
                  run_of(udp(contactd=6, knot=8), entries=10000, signed=True))
    assert cells(text, "UDP µs; user, 316") == \
        ["4.50 (4.00–5.00); 1.1", "8.50 (8.00–9.00); 2.1", "", ""]
    assert cells(text, "UDP µs; user, 10000 signed")[:2] == ["6.00; 1.5", "8.00; 2.0"]
    assert "| AXFR ms" not in text, "a figure that was not measured has no row"


def test_one_size_needs_no_table_of_all(report):
    assert "## All sizes" not in report(run_of(udp(contactd=4, knot=8)))


def test_the_drawing_is_xml_with_a_bar_for_each_server(report):
    report(run_of(udp(contactd=4, knot=8, gdnsd=5, echo=4)))
    bars = xml.dom.minidom.parse(str(report.picture)).getElementsByTagName("title")
    assert [bar.firstChild.data for bar in bars] == [
        f"{name}, 316 entries: {value}" for name, value in
        (("contactd", "4.00"), ("knot", "8.00"), ("gdnsd", "5.00"), ("echo", "4.00"))]


def test_generic_forms_hold_the_same_records(tmp_path):
    contacts = tmp_path / "contacts"
    subprocess.run([os.path.join(BENCH, "generate"), "2", contacts, NOW], check=True)
    site = Site(tmp_path, [zone("cc.example")], contacts=str(contacts), tlds="any")
    site.publish()
    exported = tmp_path / "exported"
    exported.write_text(site.export("cc.example"))
    script = "import sys; from servers.generic import convert; convert(*sys.argv[1:], FORMS)"
    subprocess.run([sys.executable, "-B", "-c", "from servers.generic import FORMS\n" + script,
                    exported, tmp_path / "generic"], check=True, cwd=BENCH)
    given, made = (path.read_text().splitlines() for path in (exported, tmp_path / "generic"))
    kinds = set()
    for ours, theirs in zip(given, made, strict=True):
        if ours == theirs:
            continue
        owner, ttl, rrclass, kind, rdata = ours.split(None, 4)
        kinds.add(kind)
        wire = dns.rdata.from_text(rrclass, kind, rdata).to_wire()
        assert theirs == (f"{owner} {ttl} IN TYPE{int(dns.rdatatype.from_text(kind))} "
                          f"\\# {len(wire)} {wire.hex()}")
    assert kinds == {"CERT", "RP", "URI"}
