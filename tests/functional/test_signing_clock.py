"""A clock that goes forward day by day: `publish` by a timer that is late or misses days, as far as
contactd.conf(5) allows, over contents that change on some of them. No copy of the zone, however old
when its `expire` ends, holds a signature that has expired (DESIGN §8, RFC 4035 §5.3.1).

DAYS=730 verifies every copy with ldns-verify-zone, as tests/full does; else it is a sample of half a
year."""

import os
import random
import time

import pytest

from conftest import SHORT
from support.contactd import zone
from support.contacts import write_entries, write_entry
from support.keys import Copy, SignedSite, knot_complaint, ldns_complaint, moment
from support.peers import need

DAY, HOUR = 86400, 3600
DAYS = int(os.environ.get("DAYS", 40 if SHORT else 180))
ALL = "DAYS" in os.environ
LABELS = ["aa", "ab", "ac"]


def stamp(when):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))


class Calendar:
    """A site and its timer. `copies`: what was published, with the time from which another was."""

    def __init__(self, folder, start, seed, policy=None, **items):
        self.site = SignedSite(folder, [zone("cc.example", **items)], policy, tlds="any",
                               contacts=write_entries(folder / "contacts", LABELS))
        self.random = random.Random(seed)
        self.start, self.edits = start, 0
        self.copies = []  # Copy, from, until
        self.texts = {}   # serial to export

    def edit(self):
        """What a secretariat does on one day of six."""
        if self.random.random() < 1 / 6:
            self.edits += 1
            write_entry(self.site.config["contacts"], self.random.choice(LABELS),
                        f"Team {self.edits}", contacts=self.random.randint(1, 3))

    def times(self, days, gaps):
        """Daily at midnight, late by up to an hour; on some days many hours late, or not at all."""
        day = 0
        while day < days:
            late = self.random.choice([HOUR, HOUR, HOUR, 12 * HOUR])
            yield self.start + day * DAY + self.random.randrange(late)
            day += self.random.choice(gaps)

    def publish(self, when):
        self.site.publish(now=stamp(when))
        text = self.site.export("cc.example")
        if self.copies:
            self.copies[-1][2] = when
        if self.copies and text == self.copies[-1][0].text:
            self.copies[-1][2] = when
            return self.copies[-1][0]
        copy = Copy(text)
        copy.text = text
        self.copies.append([copy, when, when])
        return copy

    def run(self, days, gaps):
        """Publishes on so many days and checks each copy as it comes."""
        for when in self.times(days, gaps):
            self.edit()
            before = self.copies[-1][0] if self.copies else None
            copy = self.publish(when)
            assert copy.valid_from <= when - HOUR
            refresh = self.refresh()
            assert copy.valid_until >= when + refresh, (stamp(when), stamp(copy.valid_until))
            assert copy.unsigned() == []
            if before is not None and copy is not before:
                self.check_change(before, copy, when)

    def refresh(self):
        return int(self.site.policy.get("rrsig-refresh", "32d")[:-1]) * DAY

    def check_change(self, before, after, when):
        """A new serial, and a reason for it: contents, or a signature that was due."""
        assert after.serial > before.serial
        renewed = self.renewed(before, after)
        assert before.contents() != after.contents() or renewed, stamp(when)
        for _, rdata in {item for items in renewed.values() for item in items}:
            assert moment_of(rdata) < when + self.refresh() + DAY, (stamp(when), rdata)

    @staticmethod
    def renewed(before, after):
        """Signatures that were replaced although what they sign stayed: RRset to the old ones."""
        return {key: before.signatures[key] - after.signatures[key]
                for key in before.signatures.keys() & after.signatures.keys()
                if before.rrsets[key] == after.rrsets[key]
                and before.signatures[key] != after.signatures[key]}


def moment_of(rdata):
    """When a signature ends."""
    text = rdata.split()[4]
    return moment(f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10]}:{text[10:12]}:{text[12:]}Z")


def ldns(path, when):
    return ldns_complaint(path, when)


def knot(path, when):
    return knot_complaint(path, "cc.example", when)


def check_copies(calendar, tmp_path, each, complaint=ldns):
    """Every copy until its last secondary lets go of it: it was taken just before the next one was
    published, and served for `expire`; what came out of it lives in caches for its TTL. The times of
    the signatures are read for all, and a verifier looks at one of `each` at its beginning and its end."""
    need("ldns-verify-zone", "kzonecheck")
    for number, (copy, since, until) in enumerate(calendar.copies):
        end = until + copy.lasts
        assert copy.valid_from <= since and end <= copy.valid_until, (stamp(since), stamp(end))
        if number % each == 0:
            path = tmp_path / "copy.zone"
            path.write_text(copy.text, encoding="ascii")
            for when in (since, end):
                assert complaint(str(path), when) == "", stamp(when)


# Half a year and more; and over the second that signed 32 bits end with (RFC 4034 §3.1.5), which is
# the end of time for ldns.
@pytest.mark.parametrize("start,policy,complaint", [
    ("2026-11-22", None, ldns), ("2037-12-01", {"algorithm": "ed25519", "keys": "ksk-zsk"}, knot)],
    ids=["2026", "2038"])
def test_no_copy_ever_holds_a_signature_that_has_expired(tmp_path, start, policy, complaint):
    """The default policy bears a gap of 3 days between two publishes beside all that expire, TTL and a
    timer's delay ask for: 32d - 28d4h."""
    calendar = Calendar(tmp_path, moment(start), 20261122, policy)
    calendar.run(DAYS if policy is None else DAYS // 3, [1] * 12 + [2, 2, 3])
    check_copies(calendar, tmp_path, 1 if ALL else 10, complaint)
    changes = len(calendar.copies)
    print(f"{changes} copies, {calendar.edits} edits")
    assert SHORT or changes > calendar.edits > 0


def test_the_shortest_times_hold_too(tmp_path):
    """A policy at its lower bounds for a zone with short times."""
    policy = {"rrsig-lifetime": "4d", "rrsig-refresh": "2d"}
    calendar = Calendar(tmp_path, moment("2026-11-22"), 7, policy, expire="12h", ttl="1h",
                        **{"negative-ttl": "1h"})
    calendar.start -= calendar.start % DAY
    for day in range(DAYS // 3):
        calendar.edit()
        calendar.publish(calendar.start + day * DAY + calendar.random.randrange(HOUR))
    check_copies(calendar, tmp_path, 1 if ALL else 10)


def test_without_a_publish_the_zone_stays_valid_for_as_long_as_promised(tmp_path):
    """contactd.conf(5), rrsig-refresh: when publishing stops; and a publish then repairs."""
    calendar = Calendar(tmp_path, moment("2026-11-22"), 5)
    calendar.run(10 if SHORT else 45, [1])
    copy = calendar.copies[-1][0]
    last = calendar.copies[-1][2]
    path = tmp_path / "copy.zone"
    path.write_text(copy.text, encoding="ascii")
    assert ldns_complaint(str(path), last + 32 * DAY) == ""
    assert ldns_complaint(str(path), last + 61 * DAY) != ""  # nothing lives for ever
    when = last + 80 * DAY
    said = calendar.site.zonegen("publish", "--now", stamp(when)).stderr
    assert "zone cc.example: signatures had expired on " in said
    path.write_text(calendar.site.export("cc.example"), encoding="ascii")
    assert ldns_complaint(str(path), when) == ""


def test_renewals_are_spread_over_days(tmp_path):
    """Nothing is edited: what was signed in one moment is renewed over a quarter of the time between
    two renewals, and a day on which nothing is due changes nothing, the serial neither."""
    calendar = Calendar(tmp_path, moment("2026-11-22"), 5)
    calendar.edit = lambda: None
    previous, renewals, quiet = None, {}, 0
    for day in range(30 if SHORT else 60):
        copy = calendar.publish(calendar.start + day * DAY)
        if copy is previous:
            quiet += 1
        elif previous is not None:
            renewals[day] = len(calendar.renewed(previous, copy))
        previous = copy
    total = len(previous.signatures)
    print(f"{total} signatures, renewed: {renewals}")
    assert min(renewals) >= 20 and quiet >= 20
    assert len([day for day in renewals if day < 30]) >= 5
    assert max(renewals.values()) < total / 2
