"""Signed zones as exported (RFC 4035 §2): verified by ldns-verify-zone, dnssec-verify and kzonecheck,
each with code of its own; what stands at the apex for the parent; answers that still fit."""

import datetime
import os
import re
import shutil
import time

import pytest

from conftest import SHORT
from support import client, wire
from support.contactd import NOW, SAMPLES, ZONES, Contactd, zone
from support.contacts import sample_of, write_entries
from support.keys import (Copy, Key, SignedSite, bind_complaint, key_tag, knot_complaint,
                          ldns_complaint)
from support.peers import need
from support.process import find_program, run

TODAY = datetime.datetime.now(datetime.timezone.utc).date()
LABELS = ["aa", "ab", "ac"]
DO = wire.opt(1232, flags=0x8000)


def publish_now(site, *arguments):
    """By the machine's clock: dnssec-verify has no other."""
    said = site.zonegen("publish", *arguments)
    return {name: int(serial) for name, serial in re.findall(r"(?m)^(\S+) (\d+)$", said.stdout)}


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The sample, moved to today, in two signed zones."""
    folder = tmp_path_factory.mktemp("signed")
    site = SignedSite(folder, [zone("cc.example"), zone("cc-contacts.test")],
                      contacts=sample_of(folder / "contacts", TODAY))
    publish_now(site)
    return site


def test_three_verifiers_have_nothing_to_say_of_the_sample(sample):
    """All 309 entries; their aliases in raw UTF-8 and the wildcards too."""
    need("ldns-verify-zone", "kzonecheck", "dnssec-verify")
    assert sample.complaints("cc.example") == []
    copy = Copy(sample.export("cc.example"))
    assert copy.unsigned() == []
    assert any(rb"\2" in owner.encode() for owner, kind in copy.rrsets if kind == "CNAME")


def outside(domain, **items):
    return {**zone(domain, **items), "nameservers": ["ns1.dns.test", "ns2.elsewhere.example"]}


def mixed(domain, **items):
    return {**zone(domain, **items),
            "nameservers": [f"ns1.{domain} 192.0.2.1 2001:db8::1", f"a.b.ns.{domain} 192.0.2.2",
                            "ns2.elsewhere.example"]}


CORNERS = {
    "one-entry": ({}, [zone("cc.example")]),
    "ksk-zsk": ({"keys": "ksk-zsk"}, [zone("cc.example")]),
    "nsec3": ({"denial": "nsec3"}, [zone("cc.example"), zone("b.test", zonemd="off")]),
    "nsec3-split": ({"denial": "nsec3", "keys": "ksk-zsk", "algorithm": "ed25519"},
                    [mixed("cc.example")]),
    "ed25519": ({"algorithm": "ed25519"}, [zone("cc.example")]),
    "ed25519-split": ({"algorithm": "ed25519", "keys": "ksk-zsk"}, [zone("cc.example")]),
    "counter": ({}, [zone("cc.example", serial="counter")]),
    "date": ({}, [zone("cc.example", serial="date")]),
    "zonemd-off": ({}, [zone("cc.example", zonemd="off")]),
    "zonemd-off-split": ({"keys": "ksk-zsk"}, [zone("cc.example", zonemd="off")]),
    "cds-off": ({"cds": "off"}, [zone("cc.example")]),
    "cds-delete": ({"cds": "delete"}, [zone("cc.example")]),
    "several": ({}, [zone("cc.example"), zone("b.test"), zone("sub.cc.example"),
                     zone("a-rather-longer-name.that-has-more.labels-than-others.example")]),
    "upper-case": ({}, [zone("CC.Example")]),
    "outside": ({}, [outside("cc.example")]),
    "mixed": ({}, [mixed("cc.example")]),
    "ttls": ({}, [zone("cc.example", ttl="30m", **{"negative-ttl": "2h"})]),
    "short-lived": ({"rrsig-lifetime": "4d", "rrsig-refresh": "2d"},
                    [zone("cc.example", expire="12h", ttl="1h")]),
}


@pytest.mark.parametrize("corner", CORNERS)
def test_corner_configurations_verify(tmp_path, corner):
    policy, zones = CORNERS[corner]
    entries = 1 if corner == "one-entry" else 3
    site = SignedSite(tmp_path, [dict(item) for item in zones], policy, tlds="any",
                      contacts=write_entries(tmp_path / "contacts", LABELS[:entries]))
    publish_now(site)
    for item in zones:
        zonemd = item.get("zonemd") != "off"
        assert site.complaints(item["domain"], zonemd=zonemd) == []
        copy = Copy(site.export(item["domain"]))
        assert copy.unsigned() == []
        assert (copy.apex, "ZONEMD") in copy.rrsets or not zonemd


def test_keys_sign_what_they_are_for(tmp_path):
    """RFC 7344 §4.1: CDS and CDNSKEY by the key that the DS is of; the ZSK all the rest."""
    site = SignedSite(tmp_path, [zone("cc.example")], {"keys": "ksk-zsk"}, tlds="any",
                      contacts=write_entries(tmp_path / "contacts", LABELS))
    publish_now(site)
    ksk, zsk = (str(key.tag) for key in site.keys["cc.example"])
    for (_, covered), found in Copy(site.export("cc.example")).signatures.items():
        expected = ksk if covered in ("DNSKEY", "CDS", "CDNSKEY") else zsk
        assert {tag for tag, _ in found} == {expected}, covered


RESTORED = {"corner.example": "csk", "star.example": "ksk-zsk"}


@pytest.mark.parametrize("denial", ["nsec", "nsec3"])
@pytest.mark.parametrize("domain", RESTORED)
def test_a_zone_file_with_every_corner_is_signed_where_it_is_ours(tmp_path, domain, denial):
    """RFC 4035 §2.2, §2.3: delegations and what lies below them are not signed, empty non-terminals
    have no NSEC, wildcards do; contents stay as they were restored."""
    site = SignedSite(tmp_path, [zone(domain, zonemd="off")], {"keys": RESTORED[domain], "denial": denial},
                      tlds="any", contacts=write_entries(tmp_path / "contacts", LABELS))
    site.restore(f"{ZONES}/{domain}", domain)
    before = Copy(site.export(domain))
    said = site.zonegen("publish").stderr
    assert f"zone {domain} was restored and stays as it is" in said
    assert site.complaints(domain, zonemd=False) == []
    after = Copy(site.export(domain))
    added = {"NSEC", "NSEC3", "NSEC3PARAM", "DNSKEY", "CDS", "CDNSKEY"}
    left = {key: value for key, value in after.rrsets.items() if key[1] not in added | {"SOA"}}
    assert left == {key: value for key, value in before.rrsets.items() if key[1] != "SOA"}


@pytest.mark.parametrize("denial", ["nsec", "nsec3"])
@pytest.mark.parametrize("ttl,negative,expected", [("4h", "5m", 300), ("30m", "2h", 1800)])
def test_denials_live_as_long_as_negative_answers(tmp_path, denial, ttl, negative, expected):
    """RFC 9077 §3: the smaller of the SOA's TTL and its last field."""
    items = {"ttl": ttl, "negative-ttl": negative}
    site = SignedSite(tmp_path, [zone("cc.example", **items)], {"denial": denial}, tlds="any",
                      contacts=write_entries(tmp_path / "contacts", LABELS))
    publish_now(site)
    ttls = {kind: {int(ttl) for ttl, _ in found} for (_, kind), found in
            Copy(site.export("cc.example")).rrsets.items() if kind in ("NSEC", "NSEC3")}
    assert ttls == {denial.upper(): {expected}}


def test_a_flipped_octet_is_found(tmp_path):
    """That the verifiers above look: one octet of one signature, one letter of one text, one NSEC."""
    need("ldns-verify-zone", "kzonecheck", "dnssec-verify")
    site = SignedSite(tmp_path, [zone("cc.example")], tlds="any",
                      contacts=write_entries(tmp_path / "contacts", LABELS))
    publish_now(site)
    text = site.export("cc.example")
    signature = next(line for line in text.splitlines() if " RRSIG TXT " in line)
    octet = "A" if signature[-20] != "A" else "B"
    changes = {
        "signature": (signature, signature[:-20] + octet + signature[-19:]),
        "text": ("verified=", "verifier="),
        "chain": (next(line for line in text.splitlines() if " NSEC _" in line), ""),
    }
    for what, (old, new) in changes.items():
        assert old in text
        path = tmp_path / what
        path.write_text(text.replace(old, new, 1), encoding="ascii")
        now = int(time.time())
        for said in (ldns_complaint(str(path), now), knot_complaint(str(path), "cc.example", now),
                     bind_complaint(str(path), "cc.example")):
            assert said, what


# For the parent (RFC 7344, RFC 8078).

def records_of(copy, kind):
    return sorted(rdata for _, rdata in copy.rrsets.get((copy.apex, kind), ()))


@pytest.mark.parametrize("policy", [{}, {"keys": "ksk-zsk"}, {"algorithm": "ed25519"}],
                         ids=["csk", "ksk-zsk", "ed25519"])
def test_cds_and_cdnskey_are_those_of_the_keys_that_sign_keys(tmp_path, policy):
    """RFC 7344 §3, §4: the same content in both; dnssec-dsfromkey makes the same DS, and the key tag
    is that of RFC 4034 appendix B."""
    site = SignedSite(tmp_path, [zone("cc.example")], policy, tlds="any",
                      contacts=write_entries(tmp_path / "contacts", LABELS))
    publish_now(site)
    copy, keys = Copy(site.export("cc.example")), site.keys["cc.example"]

    def plain(text):
        return text.split()[:3] + ["".join(text.split()[3:]).upper()]
    assert [plain(rdata) for rdata in records_of(copy, "CDS")] == [plain(keys[0].ds)]
    assert records_of(copy, "CDNSKEY") == [rdata for rdata in records_of(copy, "DNSKEY")
                                           if rdata.startswith("257 ")]
    assert {key_tag(rdata) for rdata in records_of(copy, "DNSKEY")} == {key.tag for key in keys}


def dnssec_cds(folder, site, start, *options):
    """dnssec-cds with the zone's DNSKEY, CDS and CDNSKEY, as a parent that polls it has them, and
    the DS that it has so far. Its result, and the DS that it would publish."""
    need("dnssec-cds")
    os.makedirs(folder, exist_ok=True)
    text = "".join(line + "\n" for line in site.export("cc.example").splitlines()
                   if re.match(r"cc\.example\. \d+ IN (RRSIG )?(DNSKEY|CDS|CDNSKEY) ", line))
    for name, content in (("child", text), ("dsset-cc.example.", start)):
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.write(content)
    return run([find_program("dnssec-cds"), "-s", "-86400", "-d", "dsset-cc.example.", "-f", "child",
                *options, "cc.example"], cwd=folder)


def test_bind_takes_the_cds_as_a_parent_does(tmp_path):
    """RFC 7344 §4.1, §6: validated with the DS that the parent has, which it then replaces."""
    site = SignedSite(tmp_path, [zone("cc.example")], {"keys": "ksk-zsk"}, tlds="any",
                      contacts=write_entries(tmp_path / "contacts", LABELS))
    publish_now(site)
    ds = site.keys["cc.example"][0].ds
    kept = dnssec_cds(str(tmp_path / "same"), site, f"cc.example. 3600 IN DS {ds}\n")
    assert kept.returncode == 0, kept.stderr
    assert "".join(ds.split()[3:]).upper() in kept.stdout.replace(" ", "").upper()
    other = Key(str(tmp_path / "other"), "cc.example")
    refused = dnssec_cds(str(tmp_path / "wrong"), site, f"cc.example. 3600 IN DS {other.ds}\n")
    assert refused.returncode != 0 and refused.stdout == ""


def test_cds_delete_asks_the_parent_to_remove_the_ds(tmp_path):
    """RFC 8078 §4: `CDS 0 0 0 00` and `CDNSKEY 0 3 0 AA==` alone."""
    site = SignedSite(tmp_path, [zone("cc.example")], {"cds": "delete"}, tlds="any",
                      contacts=write_entries(tmp_path / "contacts", LABELS))
    publish_now(site)
    copy = Copy(site.export("cc.example"))
    assert records_of(copy, "CDS") == ["0 0 0 00"]
    assert records_of(copy, "CDNSKEY") == ["0 3 0 AA=="]  # dnssec-cds does not know this form


# 1232 octets.

def ask_every_card(site, domain, below_aliases=()):
    """Asks for every card over UDP as DNS flag day has it: the labels and names of up to 64 octets
    below them, aliases, and some names below them. How long the longest answer is."""
    copy, longest = Copy(site.export(domain)), 0
    labels = [(owner, kind) for owner, kind in copy.rrsets
              if kind in ("TXT", "CNAME") and owner.endswith(copy.apex)
              and owner.count(".") == copy.apex.count(".") + 1 and owner[0] not in "_*"]
    assert len(labels) > 280
    below = {"TXT": ("", "www.bank.", f"{'x' * 63}.", "a." * 32), "CNAME": ("", *below_aliases)}
    names = [wire.name_from_text(before + label)
             for label, kind in labels[::10 if SHORT else 1] for before in below[kind]]
    with Contactd(site, name="signed") as server:
        replies = client.udp_many(server.at, [wire.query(name, "TXT", additional=[DO])
                                              for name in names])
    for name, octets in zip(names, replies):
        reply = wire.Message(octets)
        longest = max(longest, len(octets))
        assert not reply.has(wire.TC) and len(octets) <= 1232, name
        assert reply.rcode == 0 and any(r.type == 46 for r in reply.answer), name
    return longest


@pytest.mark.parametrize("domain", ["cc.example", "cc-contacts.test"])
def test_every_signed_card_fits_1232_octets_with_do(sample, domain):
    """DESIGN §3; of a victim's name below an alias, too, which is not promised."""
    print(f"the longest answer has {ask_every_card(sample, domain, ['www.bank.'])} octets")


@pytest.mark.parametrize("denial", ["nsec", "nsec3"][:1 if SHORT else 2])
def test_cards_that_check_does_not_warn_of_fit_whatever_the_zone_is_called(tmp_path, denial):
    """The longest name of a zone that is checked without a warning of rule card-signed: one octet more
    is warned of."""
    contacts = str(tmp_path / "contacts")
    shutil.copytree(SAMPLES, contacts)

    def site_of(length):
        folder = tmp_path / str(len(os.listdir(tmp_path)))  # new keys each time: a folder of its own
        folder.mkdir()
        return SignedSite(folder, [zone(f"{'z' * length}.example")], {"denial": denial},
                          contacts=contacts)

    said = site_of(63).zonegen("check", "--now", NOW, code=1).stdout
    for name in set(re.findall(r"(?m)/([a-z0-9-]+\.yaml):\d+:\d+: error: ", said)):
        os.unlink(os.path.join(contacts, name))  # too long for such a zone, signed or not

    def warns(length):
        return "[card-signed]" in site_of(length).zonegen("check", "--now", NOW).stdout
    shortest, longest = 10, 63
    assert not warns(shortest) and warns(longest)
    while longest - shortest > 1:
        middle = (shortest + longest) // 2
        shortest, longest = (shortest, middle) if warns(middle) else (middle, longest)
    site = site_of(shortest)
    site.publish()
    octets = ask_every_card(site, f"{'z' * shortest}.example")
    print(f"{shortest} octets of a name: the longest answer has {octets}")


# systemd.

def test_the_units_are_sound_and_start_the_installed_program(tmp_path):
    need("systemd-analyze", "meson")
    build = os.path.abspath(os.environ["BUILD"])
    said = run([find_program("meson"), "install", "-C", build, "--no-rebuild", "--destdir",
                str(tmp_path)])
    assert said.returncode == 0, said.stdout + said.stderr
    units, programs = [], []
    for folder, _, names in os.walk(tmp_path):
        units += [os.path.join(folder, n) for n in names if n.startswith("zonegen-publish.")]
        programs += [os.path.join(folder, n) for n in names
                     if n == "zonegen" and os.path.basename(folder) == "bin"]
    assert sorted(os.path.basename(unit) for unit in units) == ["zonegen-publish.service",
                                                                "zonegen-publish.timer"]
    with open(next(u for u in units if u.endswith(".service")), encoding="utf-8") as file:
        start = re.search(r"(?m)^ExecStart=(\S+) publish$", file.read())[1]
    assert programs == [str(tmp_path) + start]
    # In a root of its own, so that ExecStart is looked for where it was installed; systemd's own
    # units, which every unit needs, are put beside.
    shutil.copytree("/usr/lib/systemd/system", tmp_path / "usr/lib/systemd/system", symlinks=True)
    said = run([find_program("systemd-analyze"), "verify", f"--root={tmp_path}", "--man=no",
                *("/" + os.path.relpath(unit, tmp_path) for unit in units)])
    ours = [line for line in (said.stdout + said.stderr).splitlines() if "zonegen" in line]
    assert said.returncode == 0 and not ours, said.stderr
