"""NSD, Knot, BIND and PowerDNS in step with contactd over AXFR, IXFR, TSIG and TLS: random publishes,
a rollback and a restore among them, end with exactly what `zonegen export` prints; differences are
sent where there are some; and any of the four gives the repository back.

PUBLISHES=50 with all sample contacts, as tests/full does; else five with some of them."""

import os
import random
import re
import tempfile

import pytest

from support.contactd import Contactd, Site, serial_of, zone
from support.interop import (DOMAINS, HOSTS, OVER_TLS, PRIVATE, SECRETS, SIGNED, STEPS, WHOLE, Desk,
                             Fleet)
from support.oddzone import OddZone
from support.peers import need
from support.process import find_program, run, wait_until
from support.secondaries import (LOWERS_CASE, MAKES, difference, dig, exported, transferred,
                                 without_case)

PUBLISHES = int(os.environ.get("PUBLISHES", 5))
ALL = "PUBLISHES" in os.environ
PATIENCE = 60
DAY = 86400


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    need(*(kind.program for kind in MAKES.values()), "ldns-verify-zone")
    folder = tmp_path_factory.mktemp("fleet")
    desk = Desk(folder / "contacts", seed=1995, files=None if ALL else 30)
    with Fleet(folder, desk) as servers:
        yield servers


class Course:
    """A sequence of publishes of every kind; those kinds that are rare come at fixed places."""

    def __init__(self, fleet):
        self.fleet = fleet
        self.random = random.Random(1996)
        self.dumps = []                                 # paths of copies of STEPS
        self.serials = {domain: [] for domain in DOMAINS}  # all that each has had

    def kind(self, number):
        return {1: self.a_month_later, 3: self.rollback, 5: self.restore, 6: self.many}.get(
            number % 8, self.few)

    def few(self):
        """True: all get differences."""
        self.fleet.publish(self.fleet.desk.few())
        return True

    def many(self):
        """More than a tenth of the entries go: publish wants --force. Then three at once."""
        self.fleet.publish(self.fleet.desk.many())
        for _ in range(2):
            self.fleet.publish(self.fleet.desk.few())
        return False

    def a_month_later(self):
        """Entries become stale, then expired; signatures are renewed."""
        self.fleet.publish(self.fleet.desk.few(), seconds=self.random.randint(29, 40) * DAY)
        return False

    def rollback(self):
        """To what one zone was a publish or two ago, before that month maybe; older serials are not
        kept. The next publish goes on from the files."""
        fleet, domain = self.fleet, self.random.choice([STEPS, SIGNED, PRIVATE])
        fleet.rollback(domain, self.random.choice(self.serials[domain][-3:-1]))
        return False

    def restore(self):
        """An earlier contents of one zone, from a secondary's copy; secondaries keep theirs, and
        follow the next publish."""
        fleet = self.fleet
        fleet.site.restore(self.random.choice(self.dumps), STEPS)
        fleet.publish(fleet.desk.few())
        return False

    def run(self, number):
        step = self.kind(number)
        small = step()
        self.fleet.follow(PATIENCE)
        self.fleet.assert_equal([DOMAINS[number % len(DOMAINS)], STEPS])
        make = self.random.choice(sorted(MAKES))
        self.dumps.append(self.fleet.dump(make, STEPS))
        for domain, serial in self.fleet.serials.items():
            self.serials[domain].append(serial)
        return small


def assert_differences_were_sent(fleet):
    """To each make of every zone with a history; of a zone without one, all of it. PowerDNS never
    asks for the differences of a signed zone."""
    for domain in DOMAINS:
        size = len(exported(fleet.site.export(domain))) + 1  # the SOA twice
        for make in fleet.secondaries:
            sent = fleet.transfers(make, domain)
            expected = "AXFR-style IXFR" if domain == WHOLE else "IXFR"
            if make == "powerdns" and domain in (SIGNED, PRIVATE):
                expected = "AXFR"
            assert sent and {kind for kind, _ in sent} == {expected}, (make, domain, sent)
            for kind, records in sent:
                assert records < size / 2 if kind == "IXFR" else records == size, (make, domain, sent)


def test_random_publishes_end_with_exactly_what_export_prints(fleet):
    course = Course(fleet)
    course.run(0)
    for number in range(1, PUBLISHES + 1):
        if course.run(number):
            assert_differences_were_sent(fleet)
    fleet.assert_equal()


@pytest.mark.parametrize("make,line", [
    ("knot", rf"\[{STEPS}\.\] IXFR, incoming, .* finished"),
    ("bind", rf"transfer of '{STEPS}/IN' .*: Transfer completed: 1 messages, \d{{1,3}} records"),
    ("powerdns", rf"IXFR-in zone: '{STEPS}', .* got \d+ delta")])
def test_their_logs_say_that_differences_came(fleet, make, line):
    assert re.search(line, fleet.secondaries[make].process.log())


@pytest.mark.parametrize("domain", [SIGNED, PRIVATE])
def test_what_any_secondary_transfers_has_right_signatures_and_digest(fleet, domain):
    fleet.assert_valid(domain)


def test_what_needs_a_key_or_tls_is_not_given_for_less(fleet):
    """RFC 9103 §11: no other way is left to a zone that is transferred over TLS."""
    assert fleet.refusal(WHOLE) == fleet.refusal(STEPS) == "NOERROR"
    assert fleet.refusal(SIGNED) == fleet.refusal(PRIVATE) == "REFUSED"
    key = SECRETS["bind"][0]
    signed = ["-y", f"{key.algorithm}:{key.name}:{key.secret}"]
    assert "XFR size" in dig(fleet.primary.at, "AXFR", SIGNED, *signed)
    assert "Transfer failed" in dig(fleet.primary.at, "AXFR", PRIVATE, *signed)


def test_knot_and_powerdns_cannot_transfer_over_tls():
    """Where this fails they can: then they belong to OVER_TLS."""
    need("knotc", "pdns_server")
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write("remote:\n - id: primary\n   address: 127.0.0.1@853\n   tls: on\n")
        file.flush()
        said = run([find_program("knotc"), "-c", file.name, "conf-check"])
    assert "item 'tls'" in said.stderr and "knot" not in OVER_TLS
    said = run([find_program("pdns_server"), "--no-config", "--config=default"])
    assert "axfr-fetch-timeout" in said.stdout and "tls" not in said.stdout.lower()


@pytest.mark.parametrize("make", sorted(MAKES))
def test_the_primary_is_lost_and_comes_back_from_any_secondary(fleet, make):
    """Database and history are gone; the files of keys and contacts come from a backup. Before, all
    names are in lower case, since NSD and Knot give them back so (but for the SOA of one zone): the
    export is that of before, byte for byte. The secondaries follow the new primary."""
    fleet.desk.tidy()
    fleet.publish("tidy")
    fleet.follow(PATIENCE)
    before = {domain: fleet.site.export(domain) for domain in DOMAINS}
    fleet.lose()
    for domain in DOMAINS:
        fleet.site.restore(fleet.dump(make, domain), domain)
    for domain in DOMAINS:
        after = fleet.site.export(domain)
        if domain == STEPS and make in LOWERS_CASE:
            before[domain] = before[domain].replace("Host\\.Master", "host\\.master")
        assert after == before[domain], (make, domain)
    fleet.start()
    fleet.publish(fleet.desk.few())
    fleet.follow(PATIENCE)
    fleet.assert_equal()


ODD = "odd.example"


class OddRing:
    """A primary whose zone is restored from one zone file after the other; all four makes follow."""

    def __init__(self, folder):
        self.zone = OddZone(ODD, seed=1034)
        self.secondaries = {make: kind(folder, secondary_of=[ODD], host=HOSTS[make])
                            for make, kind in MAKES.items()}
        self.site = Site(folder, [zone(ODD, notify=list(MAKES))], log={"level": "debug"},
                         remote=[{"id": make, "address": f"{HOSTS[make]}@{server.at[1]}"}
                                 for make, server in self.secondaries.items()])
        self.path = os.path.join(str(folder), "odd.zone")
        self.restore()
        self.primary = None

    def restore(self):
        with open(self.path, "w", encoding="ascii") as file:
            file.write(self.zone.text())
        self.site.restore(self.path, ODD)

    def __enter__(self):
        self.primary = Contactd(self.site, name="odd")
        for secondary in self.secondaries.values():
            secondary.primary = self.primary.at
            secondary.start()
        return self

    def __exit__(self, *_):
        for server in [*self.secondaries.values(), self.primary]:
            server.stop()

    def assert_followed(self):
        """Without letter case: BIND and PowerDNS compress names, whatever the case of their letters."""
        ours = without_case(exported(self.site.export(ODD)))
        for make, secondary in self.secondaries.items():
            wait_until(lambda: serial_of(secondary.at, ODD) == self.zone.serial, PATIENCE,
                       f"{make} serves {self.zone.serial}", secondary.process)
            theirs = without_case(transferred(secondary.at, ODD))
            assert ours == theirs, (make, difference(ours, theirs))


def test_odd_names_and_a_serial_that_wraps_are_followed(tmp_path):
    need(*(kind.program for kind in MAKES.values()))
    with OddRing(tmp_path) as ring:
        ring.assert_followed()
        for _ in range(max(5, PUBLISHES // 2)):
            ring.zone.step()
            ring.restore()
            ring.assert_followed()
        assert ring.zone.serial < 1 << 31
