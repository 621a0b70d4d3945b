"""zonegen export and restore: a zone out of the database and back in, octet by octet."""

import csv
import io
import json
import os
import random
import resource
import subprocess

import dns.rdatatype
import dns.zone
import pytest

from zonegen_fixtures import Site, contact, labels, published, site, zonegen  # noqa: F401


def test_an_export_is_a_zone_that_others_read(published):
    zone = dns.zone.from_text(published.export(), "cc.example.", relativize=False)
    zone.check_origin()
    names = {str(name) for name in zone.nodes}
    assert {"aa.cc.example.", "*.aa.cc.example.", "_security.aa.cc.example."} <= names


def test_exporting_twice_is_the_same(published):
    assert published.export() == published.export()


def test_one_zone_needs_no_name_several_do(site):
    site.publish()
    assert site.done("export") == site.done("export", "cc.example") == \
        site.done("export", "CC.Example.")
    site.configure(zones=("cc.example", "b.example"))
    error = site.refused("export")
    assert "needs a ZONE" in error and "cc.example, b.example" in error


@pytest.mark.parametrize("name", ["b\u00fccher.example", "B\u00dcCHER.example.",
                                  "xn--bcher-kva.example"])
def test_a_zone_is_named_in_any_script_as_in_the_configuration(site, name):
    site.configure(zones=("b\u00fccher.example", "b.example"))
    serial = site.publish()["xn--bcher-kva.example"]
    text = site.done("export", name)
    assert "xn--bcher-kva.example. 14400 IN SOA" in text
    assert site.done("log", name).startswith(str(serial))
    assert site.done("restore", "-", name, input=text) == f"xn--bcher-kva.example {serial}\n"


def test_what_cannot_be_exported_is_said(site):
    error = site.refused("export")
    assert "db/contacts.mdb does not exist" in error and "zonegen publish" in error
    site.publish()
    assert "zone 'b.example' is not configured" in site.refused("export", "b.example")
    assert "is not a domain name" in site.refused("export", "a..b")
    site.configure(zones=("cc.example", "b.example"))
    assert "not published yet" in site.refused("export", "b.example")


def test_a_database_that_may_not_be_read_is_named(published):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    os.chmod(published.database, 0)
    assert "db/contacts.mdb: Permission denied" in published.refused("export")


def test_restore_of_an_export_is_the_same_export(published, tmp_path):
    published.entry("aa", [contact(email="x+y@registry.example"),
                           contact("csirt", 2, "CSIRT \"quoted\" \\ back", "sms:+44 20 7946 0102")])
    serial = published.publish(now="2026-11-23")["cc.example"]
    text = published.export()
    published.write("zone", text)
    other = Site(tmp_path / "other")
    other.configure(contacts=None)  # it does not look at contacts
    assert other.done("restore", published.path("zone")) == f"cc.example {serial}\n"
    assert other.export() == text
    assert other.done("restore", published.path("zone"), "cc.example") == f"cc.example {serial}\n"
    assert other.export() == text


def test_restore_reads_standard_input(published, tmp_path):
    text = published.export()
    other = Site(tmp_path / "other")
    other.done("restore", "-", input=text)
    assert other.export() == text


def shuffled(text):
    lines = text.splitlines(keepends=True)
    random.Random(6).shuffle(lines)
    return "".join(lines)


def test_names_in_any_order_are_the_same_zone(published, tmp_path):
    text = published.export()
    other = Site(tmp_path / "other")
    other.done("restore", "-", input=shuffled(text))  # there is no folder of a database yet
    assert other.export() == text
    assert sorted(os.listdir(os.path.dirname(other.database))) == \
        ["contacts.mdb", "contacts.mdb-lock"]


@pytest.mark.parametrize("order", [str, shuffled])
def test_an_error_in_the_last_line_restores_nothing(published, order):
    before = published.export()
    text = order(before.replace("csirt@", "desk@"))
    published.write("zone", text + 'x.cc.example. 60 IN TXT "open\n')
    error = published.refused("restore", "zone")
    assert f"zone:{text.count(chr(10)) + 1}:25: error: the text that starts here has no" in error
    assert published.export() == before


def test_no_room_for_what_is_read_is_told_with_its_folder(published):
    """Names in no order are sorted by way of a file beside the database."""
    before = published.export()
    published.write("zone", shuffled(before.replace("csirt@", "desk@")))
    result = published.run("restore", "zone", preexec_fn=lambda: resource.setrlimit(
        resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY)))
    assert result.returncode == 1
    assert result.stderr == "zonegen: db: what is read of the zone file finds no place there: " \
                            "File too large\n"
    assert published.export() == before


def test_a_folder_is_no_zone_file(published):
    assert published.refused("restore", "contacts") == "zonegen: contacts: Is a directory\n"


def test_a_zone_whose_digest_is_wrong_needs_force(published):
    before = published.export()
    published.write("zone", before.replace("+442079460101", "+442079460666"))
    error = published.refused("restore", "zone")
    assert "zone: its ZONEMD does not fit" in error and "--force" in error
    assert published.export() == before
    result = published.run("restore", "zone", "--force")
    assert result.returncode == 0
    assert "warning" in result.stderr
    assert "+442079460666" in published.export()


def test_a_zone_without_digest_is_restored(published):
    text = "".join(line + "\n" for line in published.export().splitlines()
                   if " ZONEMD " not in line)
    published.write("zone", text)
    published.done("restore", "zone")
    assert published.export() == text


@pytest.mark.parametrize("text,message", [
    ("", "SOA"),
    ("cc.example. 60 IN SOA ns1.cc.example. h.cc.example. 7 60 60 60 60\n"
     "other.example. 60 IN A 192.0.2.1\n", "zone:2:"),
    ("cc.example. 60 IN SOA ns1.cc.example.\n", "zone:1:"),
    ("other.example. 60 IN SOA ns1.other.example. h.other.example. 7 60 60 60 60\n", "zone:1:"),
])
def test_a_file_that_is_no_such_zone_is_refused_with_its_place(published, text, message):
    before = published.export()
    published.write("zone", text)
    assert message in published.refused("restore", "zone")
    assert published.export() == before


def test_a_missing_file_is_one_line(published):
    error = published.refused("restore", "nowhere")
    assert error.startswith("zonegen: ") and error.count("\n") == 1 and "nowhere" in error


def test_the_zone_must_be_configured(published):
    published.write("zone", published.export())
    assert "zone 'b.example' is not configured" in published.refused("restore", "zone", "b.example")
    published.configure(zones=("cc.example", "b.example"))
    assert "restore needs a ZONE" in published.refused("restore", "zone")
    published.done("restore", "zone", "cc.example.")


def test_a_serial_that_is_not_newer_is_a_warning(published):
    published.write("zone", published.export())
    published.entry("aa", registry="Another name")
    published.publish(now="2026-11-23")
    result = published.run("restore", "zone")
    assert result.returncode == 0
    assert "which is not newer than 1795392000, that it has had: secondaries keep what they have " \
           "until a publish makes a newer one" in result.stderr


@pytest.mark.parametrize("rule", ["counter", "unixtime", "date"])
def test_after_a_restore_no_serial_is_given_out_twice(site, rule):
    """Nor after a second one, nor when the past is gone."""
    site.configure(zone=f"serial: {rule}")
    serials, texts = [], []
    for day in range(5):
        site.entry("aa", registry=f"Name {day}")
        serials += site.publish(now="2026-11-22").values()
        texts.append(site.export())
    assert serials == list(range(serials[0], serials[0] + 5))
    for n, text in enumerate((texts[1], texts[2], texts[0])):
        site.write("zone", text)
        result = site.run("restore", "zone")
        assert f"which is not newer than {serials[-1]}, that it has had" in result.stderr
        assert site.export() == text
        if n == 2:
            site.done("purge")
        site.entry("aa", registry=f"Another name {n}")
        serials += site.publish(now="2026-11-22").values()
        assert serials[-1] == serials[-2] + 1
    assert site.done("rollback", str(serials[0]), "--now", "2026-11-22") == \
        f"cc.example {serials[-1] + 1}\n"  # what the last restore had brought
    assert "all whole" in site.done("verify")


def test_after_a_restore_publish_waits_for_a_changed_contacts_file(published):
    old = published.export()
    published.write("zone", old)
    published.entry("aa", registry="Another name")
    published.publish(now="2026-11-23")
    published.done("restore", "zone")

    result = published.run("publish", now="2026-11-24")
    assert result.returncode == 0
    assert "zone cc.example was restored and stays as it is" in result.stderr
    assert result.stdout == "cc.example 1795305600\n"
    assert published.export() == old
    plan = published.run("plan", now="2026-11-24")
    assert (plan.returncode, plan.stdout) == (0, "")
    assert "was restored" in plan.stderr

    published.entry("ab", registry="A third name")
    assert "Another name" not in published.export()
    published.publish(now="2026-11-24")
    assert "Another name" in published.export() and "A third name" in published.export()
    assert "restored" not in published.run("publish", now="2026-11-25").stderr


def test_after_a_restore_force_publishes(published):
    old = published.export()
    published.write("zone", old)
    published.entry("aa", registry="Another name")
    new = published.publish(now="2026-11-23")["cc.example"]
    published.done("restore", "zone")
    again = published.publish("--force", now="2026-11-24")["cc.example"]
    assert again > new  # the old file's serial, then today's
    assert "Another name" in published.export()


def test_into_an_empty_database_the_first_publish_only_remembers(published, tmp_path):
    text = published.export()
    published.write("zone", text)
    other = Site(tmp_path / "other")
    other.entries(labels(3))
    other.done("restore", published.path("zone"))
    for _ in range(2):
        result = other.run("publish")
        assert result.returncode == 0
        assert "was restored" in result.stderr
        assert other.export() == text
    other.entry("zz")
    assert "would lose" in other.refused("publish")  # 3 entries and zz instead of 12
    other.publish("--force")
    assert "zz.cc.example." in other.export()


def test_other_zones_are_published_beside_a_restored_one(site):
    site.configure(zones=("a.example", "b.example"))
    site.publish()
    site.write("zone", site.export("a.example"))
    site.done("restore", "zone", "a.example")
    before = site.export("b.example")
    result = site.run("publish", now="2027-05-01")  # all become stale
    assert "zone a.example was restored" in result.stderr
    assert "STALE" not in site.export("a.example")
    assert "STALE" in site.export("b.example") and site.export("b.example") != before


def test_an_unchanged_restored_zone_may_be_published_with_force_without_a_new_serial(published):
    text = published.export()
    published.write("zone", text)
    published.done("restore", "zone")
    published.publish("--force", now="2026-11-24")
    assert published.export() == text
    assert "restored" not in published.run("publish", now="2026-11-24").stderr


@pytest.mark.parametrize("form", ["text", "csv", "json"])
def test_other_forms_hold_every_contact(published, form):
    out = published.done("export", "--format", form)
    for label in labels(12):
        assert f"csirt@registry-{label}.example" in out
    assert out == published.done("export", "--format", form)
    assert " IN SOA " not in out


def test_json_and_csv_are_what_they_say(published):
    zone = json.loads(published.done("export", "--format", "json"))
    assert [entry["label"] for entry in zone["entries"]] == labels(12)
    rows = list(csv.reader(io.StringIO(published.done("export", "--format", "csv"))))
    assert len(rows) == 1 + 24


def test_a_database_cut_short_is_no_crash(published):
    size = os.stat(published.database).st_size
    for cut in (0, 1, 100, 4096, size // 2):
        with open(published.database, "rb") as file:
            octets = file.read(cut)
        damaged = published.path(f"cut-{cut}.mdb")
        with open(damaged, "wb") as file:
            file.write(octets)
        text = published.read("site.conf").replace("db/contacts.mdb", f"cut-{cut}.mdb")
        published.write("cut.conf", text)
        result = subprocess.run([zonegen(), "export", "-c", "cut.conf"], cwd=published.folder,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        said = result.stderr.decode()
        assert result.returncode == 1 and said.count("\n") == 1 and f"cut-{cut}.mdb" in said, said


def test_a_damaged_record_ends_the_export_with_a_message(published):
    with open(published.database, "rb") as file:
        octets = bytearray(file.read())
    at = octets.rfind(b"csirt@registry-af.example")
    while at >= 0:  # every copy: old pages too
        octets[at] ^= 1
        at = octets.rfind(b"csirt@registry-af.example")
    with open(published.database, "wb") as file:
        file.write(octets)
    result = published.run("export")
    assert result.returncode == 1
    assert "zone cc.example is damaged" in result.stderr
