"""Signed zones, restored and served (RFC 4035 §3.1, RFC 5155 §7.2): beside NSD, Knot and BIND with
the same file, and judged by an independent validator (support/denial.py)."""

import random

import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import pytest

from conftest import SHORT
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
             for name in names for rrtype in DNSSEC_TYPES]
    return [Case(c.label, c.octets, tcp=True) for c in some]


def sampled(name, questions):
    rng = random.Random(name)
    return [q for q in questions if rng.random() < 0.05] if SHORT else questions


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
    questions = sampled(name, questions_of(field.records[name], name, DO))
    complaints = []
    for case, octets in zip(questions, field.ask(field.ours.at, questions)):
        message = dns.message.from_wire(octets)
        question = message.question[0]
        complaints += [f"{case.label}: {text}"
                       for text in judge.complaints(question.name, question.rdtype, message)]
    text = "\n".join(complaints[:100])
    assert not complaints, f"{len(complaints)} of {len(questions)}:\n{text}"
