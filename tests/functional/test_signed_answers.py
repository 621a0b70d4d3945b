"""The signed sample beside the unsigned one, and beside NSD, Knot, BIND and PowerDNS as secondaries:
every answer has the signatures and denials that it needs and no more (RFC 4035 §3.1), judged by an
independent validator (support/denial.py), and those that did not ask for them see no difference."""

import dns.message
import dns.name
import pytest

from conftest import LONG, SHORT
from support import client, compare, wire
from support.cases import Case
from support.contactd import NOW, Contactd, Site, serial_of, zone
from support.denial import Judge
from support.differences import SECONDARY_DIFFERENCES
from support.keys import Copy, SignedSite, dnskey_rrset, moment
from support.peers import need
from support.process import wait_until
from support.secondaries import MAKES

DOMAIN = "cc.example"
DNSSEC_TYPES = {43, 46, 47, 48, 50, 51, 59, 60}
NUMBERS = {**wire.TYPES, "DS": 43, "RRSIG": 46, "NSEC": 47, "DNSKEY": 48, "NSEC3PARAM": 51, "CDS": 59,
           "CDNSKEY": 60}
DO = wire.opt(4096, flags=0x8000)
EVERY = 12 if SHORT else 1


class Pair:
    """contactd with the signed sample and contactd with the unsigned one, of the same moment.
    `every`: of how many names one is asked for."""

    def __init__(self, folder, denial):
        self.denial = {"nsec": 47, "nsec3": 51}[denial]  # the type that an apex has for it
        self.every = EVERY * (1 if denial == "nsec" else 4)
        zones = [zone(DOMAIN)]
        self.site = SignedSite(folder / "signed", zones, {"denial": denial}, server={"udp-max": 4096})
        self.plain_site = Site(folder / "plain", zones, server={"udp-max": 4096})
        for site in (self.site, self.plain_site):
            site.publish()
        self.copy = Copy(self.site.export(DOMAIN))
        self.servers = []

    def __enter__(self):
        self.signed = Contactd(self.site, name="signed")
        self.servers.append(self.signed)
        self.plain = Contactd(self.plain_site, name="plain")
        self.servers.append(self.plain)
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.stop()

    def types(self):
        """Owners in wire format, as they are written, and the types that each has."""
        found = {}
        for owner, kind in self.copy.rrsets:
            if kind == "NSEC3":  # no name of the zone's contents (RFC 5155 §7.2.8)
                continue
            found.setdefault(wire.name_from_text(owner), set()).add(NUMBERS[kind])
        return found


@pytest.fixture(scope="module", params=["nsec", "nsec3"])
def pair(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("answers")
    for name in ("signed", "plain"):
        (folder / name).mkdir()
    with Pair(folder, request.param) as pair:
        yield pair


def below(name, *labels):
    return wire.labels_to_name([*labels, *wire.name_to_labels(name)])


def missing(name):
    """Names just before and behind one, and below it: most have nothing, or what a wildcard has."""
    first, *rest = wire.name_to_labels(name)
    if len(first) < 63:
        yield wire.labels_to_name([first + b"\0", *rest])
        yield wire.labels_to_name([first[:-1] + bytes([first[-1] - 1]) + b"\xff", *rest])
    yield below(name, b"www", b"bank")
    yield below(name, b"!")
    yield below(name, b"zzzz", b"_dns")


def questions(pair, extra=()):
    """Every name for each type that it has and for one that it has not; names that are not there."""
    apex = wire.name_from_text(DOMAIN)
    names = sorted(pair.types().items())[::pair.every]
    asked = {}
    for number, (name, kinds) in enumerate(names):
        for kind in [*kinds, (1, 43)[number % 2], *extra]:
            asked[name, kind] = None
        for n, other in enumerate(missing(name) if number % 4 == 1 and name != apex else ()):
            if len(other) <= 255:
                asked[other, (16, 15)[n % 2]] = None
    for kind in (2, 6, 16, 43, 48, 59, 60, 63, 47, 46, 15):
        asked[apex, kind] = None
    return list(asked)


def answers(server, messages):
    """By UDP, and by TCP what is truncated there."""
    replies = client.udp_many(server.at, messages)
    assert None not in replies
    with client.Tcp(server.at) as connection:
        for n, octets in enumerate(replies):
            if octets[2] & 2:
                connection.send(messages[n])
                replies[n] = connection.receive()
    return replies


def test_every_answer_is_proved_and_has_nothing_more(pair):
    judge = Judge(DOMAIN, dnskey_rrset(DOMAIN, pair.site.keys[DOMAIN], 14400), moment(NOW) + 60)
    asked = questions(pair, extra=(47,))[::1 if LONG else 3]
    messages = [wire.query(name, kind, additional=[DO]) for name, kind in asked]
    complaints, kinds = [], set()
    for (name, kind), octets in zip(asked, answers(pair.signed, messages)):
        message = dns.message.from_wire(octets)
        kinds.add((message.rcode(), bool(message.answer)))
        question = message.question[0]
        complaints += [f"{wire.name_to_text(name)} {kind}: {text}" for text in
                       judge.complaints(question.name, question.rdtype, message)]
    print(f"{len(asked)} questions")
    assert kinds == {(0, True), (0, False), (3, False)}
    text = "\n".join(complaints[:50])
    assert not complaints, f"{len(complaints)} of {len(asked)}:\n{text}"


def test_the_judge_misses_whatever_is_taken_away(pair):
    """That the test above can fail: a reply without one of its RRsets in turn."""
    judge = Judge(DOMAIN, dnskey_rrset(DOMAIN, pair.site.keys[DOMAIN], 14400), moment(NOW) + 60)
    for name, kind in (("nl", "TXT"), ("www.bank.nl", "TXT"), ("www.bank.nl", "MX"), ("xx", "TXT"),
                       ("nl", "A"), ("рф", "TXT"), ("www.рф", "TXT")):
        reply = pair.signed.ask_tcp(f"{name}.{DOMAIN}", kind, additional=[DO])
        whole = dns.message.from_wire(reply.octets)
        question = whole.question[0]
        for section in ("answer", "authority"):
            for n in range(len(getattr(whole, section))):
                message = dns.message.from_wire(reply.octets)
                taken = getattr(message, section).pop(n)
                assert judge.complaints(question.name, question.rdtype, message), (name, kind, taken)


def test_any_by_tcp_has_every_rrset_with_its_signatures(pair):
    """RFC 8482 §4.4; RFC 4035 §3.1: signatures and denials are for those who set DO."""
    types = pair.types()
    judge = Judge(DOMAIN, dnskey_rrset(DOMAIN, pair.site.keys[DOMAIN], 14400), moment(NOW) + 60)
    for name in sorted(types)[::pair.every * 3]:
        with_do = pair.signed.ask_tcp(name, "ANY", additional=[DO])
        message = dns.message.from_wire(with_do.octets)
        assert judge.complaints(message.question[0].name, 255, message) == []
        kinds = {r.type for r in with_do.answer}
        assert kinds == types[name] | ({46, 47} if pair.denial == 47 else {46})
        without = pair.signed.ask_tcp(name, "ANY")
        assert [r.key() for r in without.answer] == [r.key() for r in with_do.answer
                                                     if r.type not in (46, 47)]


def test_without_do_answers_are_those_of_the_unsigned_zone(pair):
    """RFC 4035 §3.1, octet for octet: whoever does not ask for DNSSEC gets none. What a signed zone
    has more, and ZONEMD, which digests it, aside."""
    asked = [(name, kind) for name, kind in questions(pair)
             if kind not in DNSSEC_TYPES | {wire.TYPES["ZONEMD"]}]
    for extra in ((), (wire.opt(1232),)):
        messages = [wire.query(name, kind, additional=extra) for name, kind in asked]
        ours = client.udp_many(pair.signed.at, messages)
        theirs = client.udp_many(pair.plain.at, messages)
        different = [message for message, a, b in zip(asked, ours, theirs) if a is None or a != b]
        assert not different, (len(different), different[:5])


@pytest.mark.parametrize("kind", sorted(DNSSEC_TYPES))
def test_types_of_dnssec_are_answered_without_do_when_asked_for(pair, kind):
    """RFC 4035 §3.1: unless they are asked for by name."""
    reply = pair.signed.ask_tcp(DOMAIN, kind)
    has = kind in {46, pair.denial, 48, 59, 60}
    assert bool(reply.answer) == has and {r.type for r in reply.answer} <= {kind}


# Secondaries.

class Secondaries:
    """The four makes with the signed zone by AXFR."""

    def __init__(self, folder, primary, serial):
        need(*(kind.program for kind in MAKES.values()))
        self.peers = [kind(folder, secondary_of=[DOMAIN], primary=primary) for kind in MAKES.values()]
        self.serial = serial

    def __enter__(self):
        for peer in self.peers:
            peer.start()
        for peer in self.peers:
            wait_until(lambda: serial_of(peer.at, DOMAIN) == self.serial, 30,
                       f"{peer.name} has the zone", peer.process)
        return self

    def __exit__(self, *_):
        for peer in self.peers:
            peer.stop()


@pytest.fixture(scope="module")
def secondaries(pair, tmp_path_factory):
    with Secondaries(tmp_path_factory.mktemp("secondaries"), pair.signed.at,
                     pair.copy.serial) as servers:
        yield servers


def test_secondaries_of_four_makes_serve_the_same_proofs(pair, secondaries):
    """Answers and authorities as sets, signatures and denials included; what differs on purpose is in
    support/differences.py."""
    asked = questions(pair, extra=(47,))[::25 if SHORT else 9]
    asked += [(wire.name_from_text(DOMAIN), kind) for kind in (6, 16, 43, 48, 59, 60, 15)]
    some = [Case(f"{wire.name_to_text(name)} {kind}", wire.query(name, kind, additional=[DO]),
                 tcp=True) for name, kind in asked]
    replies = {name: client.tcp_many(at, [case.octets for case in some]) for name, at in
               [("contactd", pair.signed.at), *((p.name, p.at) for p in secondaries.peers)]}
    complaints = []
    for n, case in enumerate(some):
        outcomes = {name: compare.Outcome(reply[n]) for name, reply in replies.items()}
        ours = outcomes.pop("contactd")
        complaints.append(compare.judge(case, ours, outcomes, SECONDARY_DIFFERENCES))
    complaints = [text for text in complaints if text]
    text = "\n".join(complaints[:20])
    assert not complaints, f"{len(complaints)} of {len(some)}:\n{text}"
