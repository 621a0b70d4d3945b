"""Signed zones, restored and served (RFC 4035 §3.1, RFC 5155 §7.2): beside NSD, Knot and BIND with
the same file, and judged by an independent validator (support/denial.py)."""

import random

import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import pytest

from conftest import LONG, SHORT
from support import cases, client, compare, wire
from support.cases import Case
from support.contactd import ZONES, Contactd, Site, zone
from support.denial import Judge
from support.differences import KNOWN_DIFFERENCES, SIGNED_DIFFERENCES
from support.peers import Bind, Knot, Nsd
from support.signing import NOW, SignedZone

DO = (wire.opt(4096, flags=0x8000),)
KINDS = {
    "nsec.example": ("dnssec-signzone",),
    "ldns.example": ("ldns-signzone",),
    "nsec3.example": ("dnssec-signzone", "-3", "-", "-H", "0"),
    "salted.example": ("ldns-signzone", "-n", "-t", "5", "-s", "abcdef"),
    "optout.example": ("dnssec-signzone", "-3", "-", "-H", "0", "-A"),
}
DNSSEC_TYPES = [43, 46, 47, 48, 50, 51]


class Field:
    """contactd and its peers with the same signed zones."""

    def __init__(self, folder):
        self.zones = {name: SignedZone(folder, name, f"{ZONES}/signed.zone", *options,
                                       signer=signer)
                      for name, (signer, *options) in KINDS.items()}
        self.site = Site(folder, [zone(name) for name in self.zones])
        for name, signed in self.zones.items():
            self.site.restore(signed.path, name)
        files = {name: signed.path for name, signed in self.zones.items()}
        self.peers = [kind(folder, files) for kind in (Nsd, Knot, Bind)]
        self.ours = None

    def start(self):
        for peer in self.peers:
            peer.start()
        self.ours = Contactd(self.site)
        for peer in self.peers:
            peer.wait()
        self.records = {name: client.transfer_records(client.transfer(self.peers[1].at, name))
                        for name in self.zones}

    def stop(self):
        if self.ours:
            self.ours.stop()
        for peer in self.peers:
            peer.stop()

    def ask(self, at, questions):
        return client.tcp_many(at, [q.octets for q in questions])

    def judge(self, name):
        keys = dns.rrset.from_text(name + ".", 3600, "IN", "DNSKEY",
                                   self.zones[name].dnskey.split("DNSKEY", 1)[1].strip())
        return Judge(name, keys, NOW)


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    field = Field(tmp_path_factory.mktemp("signed"))
    try:
        field.start()
        yield field
    finally:
        field.stop()


def questions_of(records, apex, additional=()):
    """Every name and what is above, below and beside it, for every type that matters."""
    plain = [r for r in records if r.type not in DNSSEC_TYPES]
    some = cases.names_and_types(plain, additional=additional)
    some += cases.neighbours(plain, wire.name_from_text(apex), additional=additional)
    owners = {r.owner.lower(): r.owner for r in plain}.values()
    names = [*owners, *(b"\1x" + owner for owner in owners)]
    some += [Case(f"{wire.name_to_text(name)} {rrtype}",
                  wire.query(name, rrtype, additional=additional))
             for name in names for rrtype in DNSSEC_TYPES if len(name) <= 255]
    return [Case(c.label, c.octets, tcp=True) for c in some]


def sampled(name, questions, usual=1.0):
    """A twentieth in the short run, all in the long one, else the share that is usual."""
    rng = random.Random(name)
    share = 0.05 if SHORT else 1.0 if LONG else usual
    return [q for q in questions if rng.random() < share]


@pytest.mark.parametrize("extra", [DO, ()], ids=["do", "plain"])
@pytest.mark.parametrize("name", KINDS)
def test_answers_are_those_of_other_servers(field, name, extra):
    questions = sampled(name, questions_of(field.records[name], name, extra))
    replies = {peer: field.ask(at, questions) for peer, at in
               [("contactd", field.ours.at), *((p.name, p.at) for p in field.peers)]}
    complaints = []
    for n, case in enumerate(questions):
        outcomes = {peer: compare.Outcome(reply[n]) for peer, reply in replies.items()}
        ours = outcomes.pop("contactd")
        complaints.append(compare.judge(case, ours, outcomes,
                                        SIGNED_DIFFERENCES + KNOWN_DIFFERENCES))
    complaints = [c for c in complaints if c]
    text = "\n".join(complaints[:100])
    assert not complaints, f"{len(complaints)} of {len(questions)}:\n{text}"


@pytest.mark.parametrize("name", KINDS)
def test_every_answer_validates_and_proves_what_it_says_and_no_more(field, name):
    judge = field.judge(name)
    # Judging takes three milliseconds a question, in Python.
    questions = sampled(name, questions_of(field.records[name], name, DO), usual=0.3)
    complaints = []
    for case, octets in zip(questions, field.ask(field.ours.at, questions)):
        message = dns.message.from_wire(octets)
        question = message.question[0]
        complaints += [f"{case.label}: {text}"
                       for text in judge.complaints(question.name, question.rdtype, message)]
    text = "\n".join(complaints[:100])
    assert not complaints, f"{len(complaints)} of {len(questions)}:\n{text}"


@pytest.mark.parametrize("name", KINDS)
def test_transfers_hold_the_same_records(field, name):
    """RFC 4035 §3.1.5, RFC 5155 §7.2.8: DNSSEC records like all others, NSEC3 too."""
    def content(at):
        messages = client.transfer(at, name)
        return sorted(record.key() for record in client.transfer_records(messages))
    ours = content(field.ours.at)
    for peer in field.peers:
        assert ours == content(peer.at), peer.name


@pytest.mark.parametrize("name", KINDS)
def test_an_export_restores_the_same_zone(field, name, tmp_path):
    first = field.site.export(name)
    (tmp_path / "zone").write_text(first, encoding="ascii")
    site = Site(tmp_path, [zone(name)])
    site.restore(tmp_path / "zone", name)
    assert site.export(name) == first
    kinds = {line.split()[3] for line in first.splitlines() if line[:1] not in ";$"}
    assert ("NSEC3" in kinds) != ("NSEC" in kinds)


def test_of_an_nsec3_zone_restored_unsigned_nothing_is_left(field, tmp_path):
    name = "optout.example"
    signed = field.zones[name]
    site = Site(tmp_path, [zone(name)])
    site.restore(signed.path, name)
    unsigned = tmp_path / "unsigned"
    with open(signed.unsigned, encoding="ascii") as file:
        unsigned.write_text("".join(line for line in file if "DNSKEY" not in line),
                            encoding="ascii")
    site.restore(unsigned, name)
    assert "NSEC3" not in site.export(name)
    with Contactd(site) as server:
        reply = server.ask(f"nothing.{name}", "A", additional=DO)
        assert [r.type for r in reply.authority] == [wire.TYPES["SOA"]]


def test_a_new_chain_takes_the_place_of_the_old_one(tmp_path):
    name = "roll.example"
    signed = SignedZone(tmp_path, name, f"{ZONES}/signed.zone", "-3", "aa")
    (tmp_path / "fresh").mkdir()
    site, fresh = Site(tmp_path, [zone(name)]), Site(tmp_path / "fresh", [zone(name)])
    site.restore(signed.path, name)
    once = site.export(name)
    site.restore(signed.path, name)
    assert site.export(name) == once
    signed.sign("-3", "bb", "-A")
    for each in (site, fresh):
        each.restore(signed.path, name)
    assert site.export(name) == fresh.export(name) != once


def _ask_tcp(field, name, rrtype, **options):
    return field.ours.ask_tcp(name, rrtype, additional=DO, **options)


def _types(records):
    return sorted(record.type for record in records)


RRSIG, NSEC, NSEC3, DNSKEY = 46, 47, 50, 48


@pytest.mark.parametrize("name", KINDS)
def test_ad_is_clear_cd_and_do_are_copied(field, name):
    """RFC 4035 §3.1.6, §3: whoever serves says nothing of validity; RFC 3225 §3."""
    for flags in (0, wire.AD, wire.CD, wire.AD | wire.CD):
        for question in ("www", "nothing"):
            reply = _ask_tcp(field, f"{question}.{name}", "A", flags=flags)
            assert not reply.has(wire.AD)
            assert reply.has(wire.CD) == bool(flags & wire.CD)
            assert reply.opt.ttl & 0x8000
    reply = field.ours.ask(f"www.{name}", "A", additional=(wire.opt(4096),))
    assert not reply.opt.ttl & 0x8000 and _types(reply.answer) == [1]


@pytest.mark.parametrize("name", KINDS)
def test_without_do_there_is_nothing_of_dnssec(field, name):
    """RFC 4035 §3: none of its records unless asked for by type."""
    for question in ("www", "nothing", "x.wild", "insecure", "www.secure", "ctonothing", "c.d.ent"):
        for extra in ((), (wire.opt(4096),)):
            reply = field.ours.ask_tcp(f"{question}.{name}", "A", additional=extra)
            records = reply.answer + reply.authority + reply.additional
            assert not {r.type for r in records} & {RRSIG, NSEC, NSEC3, wire.TYPES["DS"]}


def test_rrsig_nsec_and_any_are_answered(field):
    """RFC 4035 §2.5, §3.1: those types have no lines of their own."""
    name = "nsec.example"
    covered = {int.from_bytes(r.rdata[:2], "big")
               for r in _ask_tcp(field, f"types.{name}", "TYPE46").answer}
    assert covered == {1, 28, 16, 17, 33, 65280, NSEC}
    plain = field.ours.ask_tcp(f"types.{name}", "TYPE46")
    assert len(plain.answer) == 7 and set(_types(plain.answer)) == {RRSIG}
    assert _types(field.ours.ask_tcp(f"www.{name}", "TYPE47").answer) == [NSEC]
    assert _types(_ask_tcp(field, f"www.{name}", "TYPE47").answer) == [RRSIG, NSEC]
    every = _ask_tcp(field, f"www.{name}", "ANY")
    assert _types(every.answer) == [1, 28, RRSIG, RRSIG, RRSIG, NSEC]
    one = field.ours.ask(f"types.{name}", "ANY", additional=DO)  # RFC 8482 §4.1
    assert _types(one.answer) == [16, RRSIG]
    made = _ask_tcp(field, f"x.wild.{name}", "TYPE47")  # RFC 4592 §4.7
    assert {r.owner for r in made.answer} == {wire.name_from_text(f"x.wild.{name}")}
    assert NSEC in _types(made.authority)


@pytest.mark.parametrize("name", ["nsec3.example", "salted.example", "optout.example"])
def test_an_owner_of_nsec3_does_not_exist(field, name):
    """RFC 5155 §7.2.8; the judge looks at the proof."""
    judge = field.judge(name)
    owners = [r.owner for r in field.records[name] if r.type == NSEC3]
    for owner in owners[:5]:
        for question in (owner, b"\1x" + owner):
            for kind in (NSEC3, 1):
                octets = client.tcp_many(field.ours.at,
                                         [wire.query(question, kind, additional=DO)])[0]
                message = dns.message.from_wire(octets)
                assert message.rcode() == 3
                asked = message.question[0]
                assert judge.complaints(asked.name, asked.rdtype, message) == []


def _pairs(records):
    return {(r.owner.lower(), r.type) for r in records}


@pytest.mark.parametrize("name", ["nsec.example", "nsec3.example"])
@pytest.mark.parametrize("question", ["", "www", "nothing", "x.wild", "insecure", "www.secure",
                                      "types", "ctowild", "ctonothing"])
def test_what_does_not_fit_is_cut_as_the_rfc_has_it(field, name, question):
    """RFC 4035 §3.1.1: without TC all of answer and authority are there; of the additional section
    signatures go first."""
    qname = f"{question}.{name}".strip(".")
    for rrtype in ("MX", "NS", "A"):
        whole = _ask_tcp(field, qname, rrtype)
        for size in range(512, 1233, 12):
            extra = (wire.opt(size, flags=0x8000),)
            reply = field.ours.ask(qname, rrtype, additional=extra)
            assert len(reply.octets) <= size
            if reply.has(wire.TC):
                continue
            assert sorted(r.key() for r in reply.answer) == sorted(r.key() for r in whole.answer)
            assert sorted(r.key() for r in reply.authority) == sorted(
                r.key() for r in whole.authority)
            have, want = _pairs(reply.additional), _pairs(whole.additional)
            assert have in (want, {p for p in want if p[1] != RRSIG}, set())


def test_addresses_in_the_additional_section_are_signed(field):
    """RFC 4035 §3.1.1; glue is not (§2.2)."""
    reply = field.ours.ask("nsec.example", "NS", additional=DO)
    assert _types(reply.additional) == [1, 1, 28, RRSIG, RRSIG, RRSIG]
    size = len(reply.octets)
    cut = field.ours.ask("nsec.example", "NS", additional=(wire.opt(size - 1, flags=0x8000),))
    assert not cut.has(wire.TC) and _types(cut.additional) == [1, 1, 28]
    glue = _ask_tcp(field, "www.insecure.nsec.example", "A").additional
    signed = {r.owner for r in glue if r.type == RRSIG}
    assert signed == {wire.name_from_text("ns1.nsec.example")}


def test_every_name_of_the_corner_zone_validates(tmp_path):
    """What the zone above has not: odd octets, long names, large answers, chains of all kinds."""
    domain = "corner.example"
    source = tmp_path / "source"
    with open(f"{ZONES}/{domain}", encoding="ascii") as file:  # dnssec-signzone caps signatures' TTL
        source.write_text(file.read().replace("ttlmax 2147483647", "ttlmax 100000"),
                          encoding="ascii")
    signed = SignedZone(tmp_path, domain, source)
    site = Site(tmp_path, [zone(domain)])
    site.restore(signed.path, domain)
    keys = dns.rrset.from_text(domain + ".", 3600, "IN", "DNSKEY",
                               signed.dnskey.split("DNSKEY", 1)[1].strip())
    judge = Judge(domain, keys, NOW)
    with Contactd(site) as server:
        records = client.transfer_records(client.transfer(server.at, domain))
        rng = random.Random(domain)
        questions = [q for q in questions_of(records, domain, DO) if rng.random() < 0.15]
        complaints = []
        for case, octets in zip(questions, client.tcp_many(server.at, [q.octets for q in questions])):
            message = dns.message.from_wire(octets)
            asked = message.question[0]
            complaints += [f"{case.label}: {text}"
                           for text in judge.complaints(asked.name, asked.rdtype, message)]
    text = "\n".join(complaints[:20])
    assert not complaints, f"{len(complaints)} of {len(questions)}:\n{text}"


def test_every_difference_was_seen():
    if SHORT:
        pytest.skip("not all questions were asked")
    unused = [f"{sorted(d.not_seen())}: {d.reason}" for d in SIGNED_DIFFERENCES if d.not_seen()]
    assert not unused, "\n".join(unused)
