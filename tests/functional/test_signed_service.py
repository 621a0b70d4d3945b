"""A signed zone at work: contents and signatures are replaced, publishes are killed at any moment, and
every answer in between is of one publish and valid, to a judge and to Unbound (DESIGN §2)."""

import random
import subprocess
import threading
import time

import dns.message
import pytest

from conftest import SHORT
from support import client, wire
from support.contactd import Contactd, program, zone
from support.contacts import write_entries
from support.denial import Judge
from support.keys import Copy, SignedSite, dnskey_rrset, ldns_complaint, moment
from support.process import environment
from support.secondaries import exported
from support.validators import SECURE, Validator

DOMAIN = "cc.example"
LABELS = [f"t{n}" for n in range(30 if SHORT else 60)]
TURNS = 12 if SHORT else 40
START, STEP = moment("2026-11-22"), 36 * 3600  # in the end every signature has been renewed
DO = wire.opt(1232, flags=0x8000)
QUESTIONS = [("t7", "TXT"), ("www.bank.t9", "TXT"), ("t3", "RP"), ("t3", "MX"), ("t3a", "TXT"),
             ("www.bank.t9", "MX"), ("", "SOA"), ("", "DNSKEY"), ("_index", "TXT"), ("_meta", "TXT"),
             ("", "NS"), ("zzz", "A"), ("", "CDS")]
NUMBERS = {**wire.TYPES, "DNSKEY": 48, "CDS": 59}


def stamp(when):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))


class Shop:
    """A signed site whose publishes may be killed. `exports`: records of all that was published, by
    serial; `now`: what its clock says."""

    def __init__(self, folder):
        self.folder = folder
        self.exports = {}
        self.now = START
        self.site = SignedSite(folder, [zone(DOMAIN)], {"denial": "nsec"}, tlds="any",
                               contacts=write_entries(folder / "contacts", LABELS, "marker0"))
        began = time.monotonic()
        self.site.publish(now=stamp(self.now))
        self.whole = time.monotonic() - began
        self.note()

    def note(self):
        text = self.site.export(DOMAIN)
        self.exports[Copy(text).serial] = set(exported(text))

    def publish(self, turn, seconds):
        """Begins a publish of a day and a half later, most with other contents, some with the other
        kind of denial, and kills it; true when it was done by then."""
        if turn % 3:
            write_entries(self.folder / "contacts", LABELS, f"marker{turn}")
        if turn % 5 == 0:
            self.site.config["policy"][0]["denial"] = ("nsec3", "nsec")[turn // 5 % 2]
            self.site.write()
        self.now += STEP
        child = subprocess.Popen([program("zonegen"), "publish", "-c", self.site.path, "--now",
                                  stamp(self.now)], env=environment(), stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
        done = child.wait() == 0
        self.note()
        return done


class Asker(threading.Thread):
    """Asks all the time. `complaints`; `seen`: the records of each reply, all kinds of it once."""

    def __init__(self, server, shop):
        super().__init__(daemon=True)
        self.at, self.shop = server.at, shop
        self.judge = Judge(DOMAIN, dnskey_rrset(DOMAIN, shop.site.keys[DOMAIN], 14400), 0)
        self.complaints, self.seen, self.replies = [], {}, set()
        self.ended = threading.Event()

    def run(self):
        messages = [wire.query(f"{name}.{DOMAIN}".lstrip("."), NUMBERS[kind], additional=[DO])
                    for name, kind in QUESTIONS]
        while not self.ended.is_set():
            for octets in client.udp_many(self.at, messages):
                if octets is not None and octets[2:] not in self.replies:
                    self.replies.add(octets[2:])
                    self.look(octets)

    def look(self, octets):
        message = dns.message.from_wire(octets)
        question = message.question[0]
        self.judge.now = self.shop.now  # what is served is of this time, or of the one before
        text = f"{question.name} {question.rdtype}"
        self.complaints += [f"{text}: {said}" for said in
                            self.judge.complaints(question.name, question.rdtype, message)]
        reply = wire.Message(octets)
        self.seen[octets[2:]] = (text, reply)


def without_wildcard_and_ttl(record, owners):
    """A record as the zone has it: a wildcard's stands there under its own name; in a negative answer
    the TTL is cut (RFC 2308 §3)."""
    owner = record.owner
    labels = wire.name_to_labels(owner)
    for depth in range(1, len(labels)):
        if owner in owners:
            break
        owner = wire.labels_to_name([b"*", *labels[depth:]])
    return (owner, record.type, record.rdata)


def is_of_one_publish(reply, published):
    """True when one of the publishes has all the records of answer and authority."""
    for records, owners in published.values():
        found = {without_wildcard_and_ttl(r, owners) for r in reply.answer + reply.authority}
        if found <= records:
            return True
    return False


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def test_killed_publishes_never_leave_a_bogus_or_mixed_answer(shop, tmp_path):
    rng = random.Random(4035)
    anchors = {DOMAIN: ("DNSKEY", shop.site.keys[DOMAIN][0].dnskey)}
    finished = 0
    with Contactd(shop.site) as server, \
            Validator(tmp_path, {DOMAIN: server.at}, anchors,
                      ['val-override-date: "-1"']) as resolver:  # the judge looks at the times
        asker = Asker(server, shop)
        asker.start()
        try:
            for turn in range(1, TURNS + 1):
                finished += shop.publish(turn, rng.random() * shop.whole * 2)
                for name, kind in rng.sample(QUESTIONS, 3):
                    question = f"{name}.{DOMAIN}".lstrip(".")
                    assert resolver.verdict(question, NUMBERS[kind])[0] == SECURE, (turn, question)
        finally:
            asker.ended.set()
            asker.join(30)
        assert shop.publish(TURNS + 1, 60)
    assert not asker.complaints, asker.complaints[:10]
    published = {serial: ({(o, t, r) for o, t, _, r in records}, {o for o, *_ in records})
                 for serial, records in shop.exports.items()}
    mixed = [text for text, reply in asker.seen.values() if not is_of_one_publish(reply, published)]
    assert not mixed, mixed[:10]
    print(f"{finished} of {TURNS} publishes finished, {len(shop.exports)} serials, "
          f"{len(asker.seen)} different replies")
    assert len(shop.exports) > 2 and len(asker.seen) > 2 * len(QUESTIONS)
    shop.site.export_to(DOMAIN)
    assert ldns_complaint(str(tmp_path / f"{DOMAIN}.zone"), shop.now) == ""
