"""Validating resolvers, Unbound and delv, ask contactd: every kind of answer is fully validated, and
bogus once a bit of it is flipped (RFC 4035 §5). With the trust anchor at the zone, and at a parent."""

import datetime

import pytest

from conftest import SHORT
from support import client, proxy, wire
from support.contactd import Contactd, zone
from support.contacts import sample_of
from support.keys import Key, SignedSite
from support.peers import Nsd
from support.signing import SignedZone
from support.validators import BOGUS, INSECURE, SECURE, Validator, delv, delv_verdict

TODAY = datetime.datetime.now(datetime.timezone.utc).date()
CUTS = """\
$TTL 3600
@ IN SOA ns1 hostmaster 1 3600 900 604800 300
@ IN NS ns1
ns1 IN A 127.0.0.1
secure IN NS ns1
secure IN DS {secure}
wrong IN NS ns1
wrong IN DS {wrong}
insecure IN NS ns1
*.wild IN TXT "wild"
a.b.ent IN TXT "deep"
out IN CNAME nl.cc.example.
"""


class Field:
    """One contactd with the sample, and with a zone that delegates to three more of its zones; a
    proxy before it."""

    def __init__(self, folder, denial):
        self.folder = folder
        self.site = SignedSite(folder, [
            zone("cc.example"), zone("cuts.test", zonemd="off"), zone("secure.cuts.test"),
            zone("wrong.cuts.test"), zone("insecure.cuts.test", dnssec="off")], {"denial": denial},
            contacts=sample_of(folder / "contacts", TODAY))
        keys = self.site.keys
        wrong = Key(str(folder / "other"), "wrong.cuts.test")
        (folder / "cuts.zone").write_text(CUTS.format(secure=keys["secure.cuts.test"][0].ds,
                                                      wrong=wrong.ds), encoding="ascii")
        self.site.restore(folder / "cuts.zone", "cuts.test")
        self.site.zonegen("publish")
        self.server = self.proxy = self.resolver = None

    def __enter__(self):
        self.server = Contactd(self.site)
        self.proxy = proxy.Proxy(self.server.at)
        stubs = {item["domain"]: self.proxy.at for item in self.site.config["zone"]}
        anchors = {domain: ("DNSKEY", self.site.keys[domain][0].dnskey)
                   for domain in ("cc.example", "cuts.test")}
        self.resolver = Validator(self.folder, stubs, anchors, [
            "qname-minimisation: no", "aggressive-nsec: no"]).__enter__()
        return self

    def __exit__(self, *_):
        for part in (self.resolver, self.proxy):
            if part:
                part.__exit__()
        self.server.stop()

    def delv(self, name, rrtype, key=None):
        return delv(self.proxy.at, self.folder, key or self.key_of(name), name, rrtype)

    def key_of(self, name):
        text = name if isinstance(name, str) else wire.name_to_text(name)
        return self.site.keys["cuts.test" if "cuts.test" in text else "cc.example"][0]


@pytest.fixture(scope="module", params=["nsec", "nsec3"])
def field(request, tmp_path_factory):
    with Field(tmp_path_factory.mktemp("validation"), request.param) as field:
        yield field


@pytest.fixture(autouse=True)
def straight(request):
    """No change of the proxy outlives its test."""
    yield
    if "field" in request.fixturenames:
        request.getfixturevalue("field").proxy.change = None


# What each is, and the response code.
KINDS = {
    "card": ("nl.cc.example", "TXT", 0),
    "card in other letter case": ("NL.cC.eXample", "TXT", 0),
    "people": ("nl.cc.example", "RP", 0),
    "contact": ("_security.no.cc.example", "TXT", 0),
    "links": ("_security.no.cc.example", "URI", 0),
    "fingerprint": ("_security.no.cc.example", "CERT", 0),
    "card for a victim's name": ("www.bank.no.cc.example", "TXT", 0),
    "people for a victim's name": ("www.bank.no.cc.example", "RP", 0),
    "alias in UTF-8": ("рф.cc.example", "TXT", 0),
    "alias in UTF-8, upper case": ("РФ.cc.example", "TXT", 0),
    "below an alias": ("www.bank.рф.cc.example", "TXT", 0),
    "the alias itself": ("рф.cc.example", "CNAME", 0),
    "no such type": ("nl.cc.example", "A", 0),
    "no such type at a contact": ("_security.no.cc.example", "AAAA", 0),
    "no such type, by a wildcard": ("www.bank.no.cc.example", "MX", 0),
    "no such type, through an alias": ("www.bank.рф.cc.example", "A", 0),
    "no such label": ("xx.cc.example", "TXT", 3),
    "no such label, first of all": ("!.cc.example", "TXT", 3),
    "no such label, last of all": ("zzzz.cc.example", "TXT", 3),
    "no such role": ("_management.xx.cc.example", "TXT", 3),
    "far below": ("a.b.c.d.e.f.xx.cc.example", "A", 3),
    "apex SOA": ("cc.example", "SOA", 0),
    "apex NS": ("cc.example", "NS", 0),
    "apex TXT": ("cc.example", "TXT", 0),
    "keys": ("cc.example", "DNSKEY", 0),
    "CDS": ("cc.example", "CDS", 0),
    "CDNSKEY": ("cc.example", "CDNSKEY", 0),
    "digest": ("cc.example", "ZONEMD", 0),
    "no DS at the apex": ("cc.example", "MX", 0),
    "NSEC, there or not": ("nl.cc.example", "NSEC", 0),
    "NSEC3PARAM, there or not": ("cc.example", "NSEC3PARAM", 0),
    "index": ("_index.cc.example", "TXT", 0),
    "schema": ("_schema.cc.example", "TXT", 0),
    "name server's address": ("ns1.cc.example", "A", 0),
    "empty non-terminal": ("b.ent.cuts.test", "TXT", 0),
    "below an empty non-terminal": ("x.b.ent.cuts.test", "TXT", 3),
    "wildcard": ("x.y.wild.cuts.test", "TXT", 0),
    "no such type at a wildcard": ("x.y.wild.cuts.test", "A", 0),
    "the wildcard itself": ("*.wild.cuts.test", "TXT", 0),
    "into another zone": ("out.cuts.test", "TXT", 0),
    "DS of a secure child": ("secure.cuts.test", "DS", 0),
    "DS of an insecure child": ("insecure.cuts.test", "DS", 0),
    "in a secure child": ("nl.secure.cuts.test", "TXT", 0),
    "nothing in a secure child": ("xx.secure.cuts.test", "TXT", 3),
}
NUMBERS = {**wire.TYPES, "DS": 43, "NSEC": 47, "DNSKEY": 48, "NSEC3PARAM": 51, "CDS": 59,
           "CDNSKEY": 60}
FOREIGN = {"into another zone"}  # to delv another zone than that of its anchor
FLIPPED = [kind for kind in KINDS if kind not in FOREIGN][::5 if SHORT else 1]


def question(kind):
    name, rrtype, rcode = KINDS[kind]
    return wire.name_from_text(name), rrtype, rcode


@pytest.mark.parametrize("kind", KINDS)
def test_unbound_validates_every_kind_of_answer(field, kind):
    name, rrtype, rcode = question(kind)
    verdict, reply = field.resolver.verdict(name, NUMBERS[rrtype])
    assert (verdict, reply.rcode) == (SECURE, rcode), field.resolver.process.log()[-2000:]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in FOREIGN][::3 if SHORT else 1])
def test_delv_validates_every_kind_of_answer(field, kind):
    name, rrtype, _ = question(kind)
    text = field.delv(name, rrtype)
    assert delv_verdict(text) == SECURE, text


def flips(field, name, rrtype):
    """The first record of each RRset in the reply, and each signature."""
    octets = wire.query(name, NUMBERS[rrtype], additional=[wire.opt(1232, flags=0x8000)])
    reply = client.tcp(field.server.at, octets)
    return [what for what, _, _ in proxy.records(reply.octets)
            if what[2] == 0]


def change_of(rrtype, what):
    """Flips in the replies to questions for a type alone: the keys arrive as they are."""
    return lambda octets: (proxy.flipped(octets, what)
                           if proxy.question_type(octets) == NUMBERS[rrtype] else octets)


@pytest.mark.parametrize("kind", FLIPPED)
def test_unbound_refuses_a_flipped_bit(field, kind):
    """In each record of a reply in turn: data, signatures, denials."""
    name, rrtype, _ = question(kind)
    some = flips(field, name, rrtype)
    assert some
    for what in some:
        field.proxy.change, field.proxy.changed = change_of(rrtype, what), 0
        verdict, _ = field.resolver.verdict(name, NUMBERS[rrtype])
        assert field.proxy.changed, what
        assert verdict == BOGUS, what


@pytest.mark.parametrize("kind", FLIPPED[::3])
def test_delv_refuses_a_flipped_bit(field, kind):
    name, rrtype, _ = question(kind)
    for what in flips(field, name, rrtype):
        field.proxy.change = change_of(rrtype, what)
        text = field.delv(name, rrtype)
        assert delv_verdict(text) == BOGUS, (what, text)


def test_a_wrong_trust_anchor_makes_all_bogus(field, tmp_path):
    other = Key(str(tmp_path / "keys"), "cc.example")
    assert delv_verdict(field.delv("nl.cc.example", "TXT", other)) == BOGUS
    stubs = {"cc.example": field.server.at}
    with Validator(tmp_path, stubs, {"cc.example": ("DNSKEY", other.dnskey)}) as resolver:
        for kind in ("card", "no such type", "no such label", "apex SOA"):
            name, rrtype, _ = question(kind)
            assert resolver.verdict(name, NUMBERS[rrtype])[0] == BOGUS


def test_an_answer_that_lost_its_signatures_is_bogus(field):
    """What an attacker in between would do first."""
    def without_do(octets):
        message = wire.Message(octets)
        if proxy.question_type(octets) == NUMBERS["DNSKEY"]:
            return octets
        plain = wire.query(message.question[:-4], proxy.question_type(octets), ident=message.id)
        return client.udp(field.server.at, plain)
    field.proxy.change = without_do
    for kind in ("card", "no such type", "no such label"):
        name, rrtype, _ = question(kind)
        assert field.resolver.verdict(name, NUMBERS[rrtype])[0] == BOGUS


# Delegations.

def test_below_an_insecure_delegation_answers_are_insecure(field):
    """RFC 4035 §5.2: the parent's NSEC without DS makes them so; a flipped one makes them bogus."""
    verdict, reply = field.resolver.verdict("nl.insecure.cuts.test", "TXT")
    assert verdict == INSECURE and reply.answer
    assert delv_verdict(field.delv("nl.insecure.cuts.test", "TXT")) == INSECURE
    denial = [what for what in flips(field, wire.name_from_text("insecure.cuts.test"), "DS")
              if {47, 50} & set(what[:2])]
    assert len(denial) == 2
    for what in denial:
        field.proxy.change = change_of("DS", what)
        assert field.resolver.verdict("nl.insecure.cuts.test", "TXT")[0] == BOGUS, what


def test_below_a_delegation_with_the_ds_of_another_key_answers_are_bogus(field):
    assert field.resolver.verdict("wrong.cuts.test", NUMBERS["DS"])[0] == SECURE
    assert field.resolver.verdict("nl.wrong.cuts.test", "TXT")[0] == BOGUS
    assert delv_verdict(field.delv("nl.wrong.cuts.test", "TXT")) == BOGUS


PARENT = """\
$TTL 3600
@ IN SOA ns1 hostmaster 1 3600 900 604800 300
@ IN NS ns1
ns1 IN A 127.0.0.1
cc IN NS ns1.cc
ns1.cc IN A 127.0.0.1
{ds}
"""


@pytest.mark.parametrize("ds,expected", [("right", SECURE), ("none", INSECURE), ("wrong", BOGUS)])
def test_a_parent_vouches_for_the_zone(field, tmp_path, ds, expected):
    """The parent is signed by BIND's tools and served by NSD; the anchor is the parent's key. The DS
    is what the zone's own CDS asks for (RFC 7344)."""
    found = field.server.ask_tcp("cc.example", NUMBERS["CDS"]).answer
    assert len(found) == 1
    tag, algorithm, digest = int.from_bytes(found[0].rdata[:2], "big"), *found[0].rdata[2:4]
    asked_for = f"{tag} {algorithm} {digest} {found[0].rdata[4:].hex()}"
    rdata = {"right": asked_for, "none": None,
             "wrong": Key(str(tmp_path / "keys"), "cc.example").ds}[ds]
    (tmp_path / "source").write_text(PARENT.format(ds=f"cc IN DS {rdata}" if rdata else ""),
                                     encoding="ascii")
    parent = SignedZone(tmp_path, "example", tmp_path / "source")
    server = Nsd(tmp_path, {"example": parent.path})
    try:
        server.start().wait()
        stubs = {"example": server.at, "cc.example": field.server.at}
        anchor = ("DNSKEY", parent.dnskey.split("DNSKEY", 1)[1].strip())
        with Validator(tmp_path, stubs, {"example": anchor}) as resolver:
            for kind in ("card", "card for a victim's name", "below an alias", "no such type",
                         "no such label", "index", "keys"):
                name, rrtype, _ = question(kind)
                assert resolver.verdict(name, NUMBERS[rrtype])[0] == expected, kind
    finally:
        server.stop()
