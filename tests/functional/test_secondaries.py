"""NSD, Knot, BIND and PowerDNS as secondaries of one contactd, all at once: they follow every
publish, hold exactly what was published, come back after an absence, and the repository comes back
from any of them. Unbound in front of contactd, and with a copy of its own."""

import os
import re
import statistics
import time

import pytest

from conftest import SHORT
from support import client, wire
from support.contactd import Contactd, Site, zone
from support.peers import Unbound, UnboundAuth, need
from support.process import wait_until
from support.secondaries import (LOWERS_CASE, MAKES, SECONDS_TO_FOLLOW, ZONES, Contacts, Ring,
                                 UnboundForward, UnboundMixedCase, dig, exported, tool, transferred,
                                 without_case)

ROUNDS = 3 if SHORT else 10
PATIENCE = 60 if SHORT else 30  # a machine under load is slow; SECONDS_TO_FOLLOW is what is judged


@pytest.fixture(scope="module")
def ring(tmp_path_factory):
    """The sample with one mail address that has upper-case letters and a '+'."""
    folder = tmp_path_factory.mktemp("ring")
    contacts = Contacts(folder / "contacts", seed=20261122)
    text = contacts.read("no.yaml")
    assert "csirt@nic-no.example" in text
    contacts.write("no.yaml", text.replace("csirt@nic-no.example", "CSIRT.Desk+no@NIC-no.Example"))
    with Ring(folder, contacts) as servers:
        yield servers


def test_the_first_transfer_gives_each_secondary_the_export_record_for_record(ring):
    ring.assert_equal()


@pytest.mark.parametrize("make", sorted(LOWERS_CASE))
def test_a_make_that_lower_cases_changes_nothing_but_names_in_rp_and_soa(ring, make):
    """Whoever stands in LOWERS_CASE needs to."""
    for domain, kinds in zip(ZONES, ({"RP"}, {"RP", "SOA"})):
        ours = exported(ring.site.export(domain))
        theirs = transferred(ring.secondaries[make].at, domain)
        assert {kind for _, kind, _, _ in set(ours) - set(theirs)} == {wire.TYPES[k] for k in kinds}
        assert without_case(ours) == without_case(theirs)


def test_random_publishes_are_followed_within_seconds_and_always_end_equal(ring):
    """The time is that of the slowest of both zones, from the end of publish to the SOA; the median
    of all rounds is judged, so that a burst of load on the machine is no failure."""
    times = {make: [] for make in ring.secondaries}
    for number in range(ROUNDS):
        edits = ring.contacts.edit()
        ring.publish(edits)
        for make, seconds in ring.follow(PATIENCE).items():
            times[make].append(seconds)
        ring.assert_equal([ZONES[number % 2]])
    ring.assert_equal()
    for make, seconds in times.items():
        print(f"{make}: median {statistics.median(seconds):.2f} s, most {max(seconds):.2f} s")
        assert SHORT or statistics.median(seconds) <= SECONDS_TO_FOLLOW, (make, seconds)


def test_publishes_that_overtake_each_other_end_in_the_last_one(ring):
    for _ in range(5):
        ring.publish([ring.contacts.change_phone()])
    ring.follow(PATIENCE)
    ring.assert_equal()


def test_the_log_tells_of_notify_and_transfers(ring):
    log = ring.primary.log()
    for make, secondary in ring.secondaries.items():
        for domain in ZONES:
            about = f"{make} (127.0.0.1@{secondary.at[1]})"
            serial = ring.serials[domain]
            assert f"{about} is told of {domain} serial {serial}" in log
            assert f"{about} serves {domain} serial {serial}" in log
    for domain in ZONES:
        transfer = re.compile(rf"XFR of {domain} (serial|from serial \d+ to) {ring.serials[domain]} "
                              r"to 127\.0\.0\.1@")
        lines = [line for line in log.splitlines() if transfer.search(line)]
        assert sum(line.endswith(" starts") for line in lines) >= len(ring.secondaries)
        assert sum(" done: " in line for line in lines) >= len(ring.secondaries)
    assert " error " not in log and "has not followed" not in log


def told(ring, make, domain):
    return ring.primary.log().count(
        f"{make} (127.0.0.1@{ring.secondaries[make].at[1]}) is told of {domain} "
        f"serial {ring.serials[domain]}")


def test_a_secondary_that_was_down_is_told_again_and_catches_up(ring):
    """Knot keeps its timers over a restart and would not look for an hour: it is the NOTIFY."""
    for secondary in ring.secondaries.values():
        secondary.process.stop()
    ring.publish([ring.contacts.change_phone()])
    for make in ring.secondaries:
        wait_until(lambda: told(ring, make, ZONES[0]) > 1, PATIENCE, f"{make} is told again",
                   ring.primary.process)
    logs = {make: len(secondary.process.log()) for make, secondary in ring.secondaries.items()}
    for secondary in ring.secondaries.values():
        secondary.start()
    ring.follow(PATIENCE)
    ring.assert_equal()
    said = ring.secondaries["knot"].process.log()[logs["knot"]:]
    assert f"[{ZONES[0]}.] notify, incoming" in said
    for make, secondary in ring.secondaries.items():
        for domain in ZONES:
            line = (f"{make} (127.0.0.1@{secondary.at[1]}) serves {domain} serial "
                    f"{ring.serials[domain]}")
            wait_until(lambda: line in ring.primary.log(), PATIENCE, line, ring.primary.process)


# The disaster: contacts and database are lost, a secondary is left.

def restored(folder, dumps):
    """A site without contacts, its database made of zone files alone, a dict by domain."""
    os.makedirs(folder, exist_ok=True)
    site = Site(folder, [zone(domain) for domain in dumps], contacts=f"{folder}/lost")
    for domain, text in dumps.items():
        path = os.path.join(str(folder), f"{domain}.dump")
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        site.restore(path, domain)
    return site


def assert_same_export(ring, site, make):
    for domain in ZONES:
        ours, theirs = ring.site.export(domain), site.export(domain)
        if make in LOWERS_CASE:
            ours, theirs = ours.splitlines(), theirs.splitlines()
            assert [line.lower() for line in ours] == [line.lower() for line in theirs]
            assert all(a.split(" ")[3] in ("RP", "SOA") for a, b in zip(ours, theirs) if a != b)
        else:
            assert ours == theirs, make


def questions(export, domain):
    """Some of the names of an export and names below them, and none: TXT, RP, ANY and A."""
    owners = sorted({owner for owner, *_ in exported(export)})
    names = [owner for owner in owners[::11] if len(owner) < 200]
    names += [b"\x03www\x04bank" + owner for owner in names]
    names += [wire.name_from_text(f"{label}.{domain}") for label in ("xx", "_dns.xx", "zz.zz")]
    return [wire.query(name, kind, additional=[wire.opt()])
            for name in names for kind in ("TXT", "RP", "ANY", "A")]


@pytest.mark.parametrize("make", sorted(MAKES))
def test_dig_axfr_of_any_secondary_restores_the_repository(ring, tmp_path, make):
    """Byte for byte (but for the letter case of LOWERS_CASE), and contactd answers the same."""
    dumps = {domain: dig(ring.secondaries[make].at, "AXFR", domain) for domain in ZONES}
    site = restored(tmp_path, dumps)
    assert_same_export(ring, site, make)
    with Contactd(site, name="restored") as server:
        for domain in ZONES:
            messages = questions(ring.site.export(domain), domain)
            ours = client.udp_many(ring.primary.at, messages)
            theirs = client.udp_many(server.at, messages)
            assert None not in ours
            if make in LOWERS_CASE:
                ours, theirs = ([octets.lower() for octets in all] for all in (ours, theirs))
            differing = [message for message, a, b in zip(messages, ours, theirs) if a != b]
            assert not differing, (len(differing), differing[:3])


def kept_by_knot(ring, domain):
    """Knot writes its zone file after each transfer."""
    path = ring.secondaries["knot"].path(f"{domain}.zone")
    if not os.path.exists(path):
        return ""
    with open(path, encoding="ascii") as file:
        return file.read()


def kept_by_bind(ring, domain):
    """BIND keeps differences in a journal for up to a quarter of an hour; -j adds them."""
    path = ring.secondaries["bind"].path(f"{domain}.zone")
    if not os.path.exists(path):
        return ""
    options = ["-j", "-q", "-i", "none", "-k", "ignore", "-n", "ignore", "-r", "ignore"]
    return tool("named-compilezone", *options, "-o", "-", domain, path)


@pytest.mark.parametrize("make,kept", [("bind", kept_by_bind), ("knot", kept_by_knot)])
def test_the_zone_file_that_a_secondary_keeps_restores_the_repository(ring, tmp_path, make, kept):
    def dumps():
        found = {domain: kept(ring, domain) for domain in ZONES}
        return all(str(ring.serials[domain]) in text[:2000]
                   for domain, text in found.items()) and found
    site = restored(tmp_path, wait_until(dumps, PATIENCE, f"{make} has written its zone files"))
    assert_same_export(ring, site, make)


def test_pdnsutil_list_zone_restores_the_repository(ring, tmp_path):
    need("pdnsutil")
    folder = ring.secondaries["powerdns"].folder
    dumps = {domain: tool("pdnsutil", f"--config-dir={folder}", "list-zone", domain)
             for domain in ZONES}
    assert_same_export(ring, restored(tmp_path, dumps), "powerdns")


# Resolvers.

NAMES = [("nl.cc.example", "TXT"), ("www.bank.nl.cc.example", "TXT"), ("рф.cc.example", "TXT"),
         ("www.bank.рф.cc.example", "TXT"), ("РФ.cc.example", "TXT"), ("_index.cc.example", "TXT"),
         ("_security.nl.cc.example", "TXT"), ("nl.cc.example", "RP"),
         ("_security.nl.cc.example", "URI"), ("cc.example", "SOA"), ("nl.cc.example", "A"),
         ("no-such-label.cc.example", "TXT")]


def outcome(reply):
    return (reply.rcode, sorted((r.owner.lower(), r.type, r.rdata) for r in reply.answer))


def resolved(at):
    """What a server answers by TCP: a resolver's UDP would be truncated."""
    return {(name, kind): outcome(client.tcp(at, wire.query(name, kind, flags=wire.RD)))
            for name, kind in NAMES}


@pytest.mark.parametrize("kind", [Unbound, UnboundMixedCase, UnboundForward])
def test_unbound_resolves_through_contactd(served, tmp_path, kind):
    """stub-zone, the same with 0x20, and forward-zone with a forward-addr: ADDR@PORT"""
    peer = kind(tmp_path, secondary_of=["cc.example"], primary=served.at)
    try:
        peer.start().wait()
        expected = resolved(served.at)
        assert expected["nl.cc.example", "TXT"][1] and \
            expected["no-such-label.cc.example", "TXT"][0] == 3
        assert resolved(peer.at) == expected
    finally:
        peer.stop()


def test_unbound_with_an_auth_zone_answers_when_contactd_is_gone(sample, tmp_path):
    with Contactd(sample, name="primary") as server:
        expected = resolved(server.at)
        peer = UnboundAuth(tmp_path, secondary_of=["cc.example"], primary=server.at)
        try:
            peer.start().wait()
            server.stop()
            assert not server.process.is_running()
            assert resolved(peer.at) == expected
            time.sleep(0.1)
            assert resolved(peer.at) == expected
        finally:
            peer.stop()
