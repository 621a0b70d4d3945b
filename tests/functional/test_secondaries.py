"""NSD, Knot, BIND and PowerDNS as secondaries, Unbound as a resolver; zone files that travel."""

import random
import statistics
import time

import dns.zone
import pytest

from conftest import SHORT
from support import client
from support.client import transfer, transfer_records
from support.contactd import Contactd, Site, serial_of, zone
from support.contacts import change_at_random
from support.peers import PowerDns, Unbound, UnboundAuth, need
from support.process import find_program, run, wait_until
from support.wire import RD, Message, Record, name_from_text, query

PROMPT = 60.0 if SHORT else 5.0  # seconds from a publish until every secondary serves it


def content(at, domain):
    """The records of a zone as a server transfers it, comparable."""
    return sorted(r.key() for r in transfer_records(transfer(at, domain)))


def content_of(peer, domain):
    """The same of a secondary. NSD cuts a transfer short when it takes in another zone meanwhile."""
    for _ in range(20):
        try:
            return content(peer.at, domain)
        except AssertionError as problem:
            last = problem
            time.sleep(0.2)
    raise AssertionError(f"{peer.name} does not transfer {domain}: {last}\n{peer.process.log()[-2000:]}")


def exported(text, domain):
    """The records of an exported zone file, as dnspython reads it."""
    read = dns.zone.from_text(text, origin=domain + ".", relativize=False, check_origin=False)
    records = []
    for name, rdataset in read.iterate_rdatasets():
        for rdata in rdataset:
            records.append(Record(name.to_wire(), int(rdataset.rdtype), 1, rdataset.ttl,
                                  rdata.to_wire()).key())
    return sorted(records)


def wait_for_serials(constellation, serials):
    """Waits until every secondary serves every serial. Returns how long it took, in seconds."""
    start = time.monotonic()
    for peer in constellation.secondaries:
        for domain, serial in serials.items():
            wait_until(lambda: serial_of(peer.at, domain) == serial, 60,
                       f"{peer.name} serves {domain} {serial}", peer.process)
    return time.monotonic() - start


def test_the_first_transfer_equals_the_export(constellation):
    """Record for record, three zones, four secondaries."""
    for domain in constellation.domains:
        export = constellation.site.export(domain)
        expected = content(constellation.server.at, domain)
        assert len(expected) == export.count("\n")
        if domain == "cc.example":  # dnspython takes its time
            assert exported(export, domain) == expected
        for peer in constellation.secondaries:
            assert content_of(peer, domain) == expected, peer.name


def test_secondaries_of_every_make_can_be_restored_from(constellation, tmp_path):
    """dig AXFR of a secondary into a file, zonegen restore, and the same export as before."""
    need("dig")
    for domain in constellation.domains:
        expected = constellation.site.export(domain)
        several = domain == "cc.example"
        for peer in constellation.secondaries if several else constellation.secondaries[-1:]:
            folder = tmp_path / f"{peer.name}-{domain}"
            folder.mkdir()
            dump = run([find_program("dig"), f"@{peer.at[0]}", "-p", str(peer.at[1]), "AXFR", domain])
            (folder / "dump").write_text(dump.stdout, encoding="utf-8")
            site = Site(folder, [zone(domain)])
            site.restore(folder / "dump", domain)
            assert site.export(domain) == expected, peer.name


def test_notify_reaches_every_secondary_within_seconds(constellation):
    """Ten publishes of a secretariat's changes; every secondary always ends equal."""
    rng = random.Random(11)
    rounds = 4 if SHORT else 10
    took = []
    for number in range(rounds):
        change_at_random(constellation.contacts, rng)
        serials = constellation.site.publish("--force", now=f"2026-11-22T10:{number:02}:00Z")
        took.append(wait_for_serials(constellation, serials))
        last = number == rounds - 1
        for domain in constellation.domains if last else [constellation.domains[number % 3]]:
            expected = content(constellation.server.at, domain)
            for peer in constellation.secondaries:
                assert content_of(peer, domain) == expected, (peer.name, domain, number)
    assert exported(constellation.site.export(domain), domain) == expected
    assert statistics.median(took) < PROMPT, took


def test_a_publish_without_changes_keeps_the_serial(constellation):
    before = {d: serial_of(constellation.server.at, d) for d in ("cc.example", "cc-contacts.test")}
    serials = constellation.site.publish(now="2026-11-22T23:00:00Z")
    assert {d: serials[d] for d in before} == before


def test_a_secondary_that_was_away_catches_up(constellation):
    """NOTIFY is repeated until the new serial is served (DESIGN §6)."""
    away = constellation.secondaries[0]
    away.process.stop()
    try:
        change_at_random(constellation.contacts, random.Random(12))
        serials = constellation.site.publish("--force", now="2026-11-22T12:00:00Z")
    finally:
        away.start()
    for domain, serial in serials.items():
        wait_until(lambda: serial_of(away.at, domain) == serial, 30,
                   f"{away.name} serves {domain} {serial}", away.process)


@pytest.fixture(scope="module")
def export(sample, tmp_path_factory):
    """The sample's export as a file."""
    path = tmp_path_factory.mktemp("export") / "cc.example.zone"
    path.write_text(sample.export("cc.example"), encoding="ascii")
    return path


@pytest.mark.parametrize("program,arguments", [
    ("named-checkzone", ["cc.example", "FILE"]),
    ("kzonecheck", ["-o", "cc.example", "FILE"]),
    ("nsd-checkzone", ["cc.example", "FILE"]),
    ("ldns-read-zone", ["FILE"])])
def test_zone_checkers_have_no_complaint(export, program, arguments):
    need(program)
    arguments = [str(export) if argument == "FILE" else argument for argument in arguments]
    result = run([find_program(program), *arguments])
    said = (result.stderr + ("" if program == "ldns-read-zone" else result.stdout)).lower()
    assert result.returncode == 0, said
    assert "warning" not in said and "error:" not in said


def test_powerdns_reads_the_zone_file(export, tmp_path):
    """Its bind backend, and its own check of the zone."""
    need("pdnsutil")
    (tmp_path / "named.conf").write_text(f'zone "cc.example" {{ type master; file "{export}"; }};\n')
    (tmp_path / "pdns.conf").write_text(
        f"launch=bind\nbind-config={tmp_path}/named.conf\n8bit-dns=yes\nsocket-dir={tmp_path}\n")
    result = run([find_program("pdnsutil"), f"--config-dir={tmp_path}", "check-zone", "cc.example"])
    said = result.stdout + result.stderr
    assert result.returncode == 0 and "0 errors, 0 warnings" in said, said


def resolve(peer, name, rrtype="TXT"):
    """A resolver's answer: over TCP where it was truncated."""
    octets = query(name_from_text(name), rrtype, flags=RD)
    reply = client.ask(peer.at, octets, timeout=5)
    return client.tcp(peer.at, octets) if reply.flags & 0x200 else reply


NAMES = ["nl.cc.example", "www.bank.no.cc.example", "مصر.cc.example", "www.bank.укр.cc.example",
         "_index.cc.example", "_security.nl.cc.example"]


def test_unbound_resolves_through_contactd(served, tmp_path):
    need("unbound")
    peer = Unbound(tmp_path, secondary_of=["cc.example"], primary=served.at).start()
    try:
        peer.wait()
        for name in NAMES:
            ours = served.ask_tcp(name_from_text(name))
            reply = resolve(peer, name)
            assert reply.rcode == 0 and sorted(reply.texts()) == sorted(ours.texts()), name
        assert resolve(peer, "xx.cc.example").rcode == 3
        assert resolve(peer, "nl.cc.example", "A").rcode == 0
    finally:
        peer.stop()


def test_unbound_keeps_the_zone_when_contactd_is_gone(sample, tmp_path):
    """auth-zone: the contacts stay when the primary is under attack."""
    need("unbound")
    with Contactd(sample, name="primary") as server:
        expected = {name: sorted(server.ask_tcp(name_from_text(name)).texts()) for name in NAMES}
        peer = UnboundAuth(tmp_path, secondary_of=["cc.example"], primary=server.at).start()
        try:
            peer.wait()
            server.stop()
            for name, texts in expected.items():
                assert sorted(resolve(peer, name).texts()) == texts, name
        finally:
            peer.stop()
