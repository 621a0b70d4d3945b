"""Members' zones: who is no member learns nothing of what is in one, by no way in.

Contacts for members bear words that stand nowhere else; every octet that others get is searched for
them. `nl` has contacts for both, `se` for members only, `no` for the public only.
"""

import random
import re
import struct

import pytest

from support.client import tcp, transfer, udp, udp_many
from support.contactd import Contactd, Site, zone
from support.wire import Message, name_from_text, opt, query

OUTSIDER = "127.9.0.1"
MEMBER = "127.0.3.7"
SECONDARY = "127.0.4.7"
WORDS = (b"quillfeather", b"7946011", b"inner-circle", b"+44207946011")
REFUSED = 5

CONTACT = """  - id: {id}
    role: {role}
    order: {order}
    name: {name}
    phone: {phone}
    email: {mail}
    hours: 24x7
    visibility: {visibility}
"""


def entry(folder, label, *contacts):
    text = (f"tld: {label}\nregistry: Registry of {label}\nterritory: Testland\ntimezone: UTC\n"
            "languages: [en]\nverified: 2026-11-01\nverified-by: callback\ncontacts:\n")
    (folder / f"{label}.yaml").write_text(text + "".join(contacts))


def public(label, number):
    return CONTACT.format(id="security", role="security", order=1, name=f"Desk of {label}",
                          phone=f"+44 20 7946 0{number}", mail=f"desk@nic-{label}.example",
                          visibility="public")


def hidden(order, number):
    return CONTACT.format(id="inner", role="csirt", order=order, name=f"Quillfeather {order}",
                          phone=f"+44 20 7946 011{number}", mail="inner-circle@members.example",
                          visibility="members")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A members' zone within a public one, and one beside it; all are signed."""
    folder = tmp_path_factory.mktemp("members")
    contacts = folder / "contacts"
    contacts.mkdir()
    entry(contacts, "nl", public("nl", 101), hidden(2, 1))
    entry(contacts, "se", hidden(1, 2))
    entry(contacts, "no", public("no", 103))
    closed = {"audience": "members", "acl": ["members", "secondaries"], "dnssec": "on"}
    made = Site(folder, [zone("cc.example", dnssec="on"), zone("members.cc.example", **closed),
                         zone("closed.test", **closed), zone("late.test", **closed)],
                contacts=contacts,
                acl=[{"id": "local", "address": ["127.0.0.0/8", "::1"], "action": "transfer"},
                     {"id": "members", "address": ["127.0.3.0/24"], "action": "query"},
                     {"id": "secondaries", "address": ["127.0.4.0/24"], "action": "transfer"}])
    for name in ("cc.example", "members.cc.example", "closed.test", "late.test"):
        made.zonegen("key", "generate", name)
    late = made.config["zone"].pop()
    made.write()
    made.publish()
    made.config["zone"].append(late)  # configured, and not published yet
    made.write()
    return made


@pytest.fixture(scope="module")
def server(site):
    with Contactd(site) as running:
        yield running


def names_of(site, domain):
    """All owner names of a zone, as its export has them, in wire format."""
    owners = {line.split()[0] for line in site.export(domain).splitlines()
              if line and line[0] not in " ;$\t"}
    return sorted(name_from_text(owner) for owner in owners)


def holds_nothing(octets):
    """True when none of the words for members stands in them, in any letter case."""
    return not any(word in octets.lower() for word in WORDS)


def after_question(reply):
    """Flags, counts and all that follows the question: what may tell names apart."""
    return reply[2:12] + reply[12 + len(Message(reply).question):]


def whole_transfer(server, domain, source):
    return b"".join(message.octets for message in transfer(server.at, domain, source))


def test_the_words_are_where_members_find_them(site, server):
    """Else the searches below would prove nothing."""
    for domain in ("members.cc.example", "closed.test"):
        card = server.ask_tcp(f"nl.{domain}", source=MEMBER)
        assert b"Quillfeather" in card.octets and b"7946011" in card.octets
        assert b"Quillfeather" in server.ask_tcp(f"se.{domain}", source=MEMBER).octets
        assert not holds_nothing(whole_transfer(server, domain, SECONDARY))
        assert b"se" in b"".join(server.ask_tcp(f"_index.{domain}", source=MEMBER).texts()[0])


TYPES = ("TXT", "RP", "URI", "CERT", "ANY", "SOA", "NS", "A", "CNAME", "TYPE43", "TYPE46", "TYPE47",
         "TYPE48", "TYPE50", "TYPE51", "TYPE59", "TYPE63", "AXFR", "IXFR", "TYPE65280")


@pytest.mark.parametrize("domain", ["members.cc.example", "closed.test", "late.test"])
def test_every_question_of_others_is_refused_alike(site, server, domain):
    """REFUSED, and not an octet beside the question depends on what was asked for: existing names,
    wildcards, empty non-terminals, names that are not there, in any letter case; any type; with
    EDNS or DO; by UDP and TCP; published or not."""
    source = "closed.test" if domain == "late.test" else domain
    names = [name[:-len(name_from_text(source))] + name_from_text(domain)
             for name in names_of(site, source)]
    names += [name_from_text(f"{label}.{domain}") for label in
              ("no-such", "www.bank.nl", "*", "_inner.se", "deep.below._security.nl", "NL", "Se")]
    chance = random.Random(1)
    shapes = [[], [opt()], [opt(flags=0x8000)]]
    for additional in shapes:
        messages = [query(name, kind, additional=additional) for name in names
                    for kind in chance.sample(TYPES, 8)]
        by_udp = [udp(server.at, message, source=OUTSIDER)
                  for message in chance.sample(messages, min(150, len(messages)))]
        by_tcp = [tcp(server.at, message, source=OUTSIDER).octets
                  for message in chance.sample(messages, 30)]
        for reply in by_udp + by_tcp:
            message = Message(reply)
            assert message.rcode == REFUSED, message.question
            assert not message.answer + message.authority + message.additional
            assert holds_nothing(after_question(reply))
        # By TCP there is a keepalive in the OPT (RFC 7828).
        assert len(set(map(after_question, by_udp))) == len(set(map(after_question, by_tcp))) == 1


def test_transfers_are_for_those_who_may_have_them(server):
    for domain in ("members.cc.example", "closed.test"):
        for source in (OUTSIDER, MEMBER):
            assert Message(whole_transfer(server, domain, source)).rcode == REFUSED
        soa = b"\0" * 2 + struct.pack("!IIIII", 1, 1, 1, 1, 1)
        authority = (name_from_text(domain) + struct.pack("!HHIH", 6, 1, 0, len(soa)) + soa)
        message = query(domain, "IXFR", counts=(1, 0, 1, 0), after=authority)
        assert tcp(server.at, message, source=OUTSIDER).rcode == REFUSED
        assert Message(udp(server.at, message, source=OUTSIDER)).rcode == REFUSED


def test_other_classes_opcodes_and_broken_questions_tell_nothing(server):
    """What is no ordinary question gets what it gets for a zone that nobody has."""
    for domain in ("members.cc.example", "closed.test"):
        for shape in ({"rrclass": 3}, {"rrclass": 4}, {"rrclass": 255}, {"opcode": 1},
                      {"opcode": 2}, {"opcode": 4}, {"opcode": 5}, {"opcode": 6},
                      {"counts": (2, 0, 0, 0)}, {"counts": (1, 1, 0, 0)}):
            ours = udp(server.at, query(f"nl.{domain}", **shape), source=OUTSIDER)
            other = udp(server.at, query("nl.nobodys.test", **shape), source=OUTSIDER)
            assert after_question(ours) == after_question(other), shape


def test_the_public_zone_has_nothing_of_it(site, server):
    """Transfer, export in every form, every answer, the chain of NSEC, the lists, the counts."""
    assert holds_nothing(whole_transfer(server, "cc.example", OUTSIDER))
    for form in ("zone", "text", "csv", "json"):
        said = site.zonegen("export", "cc.example", "--format", form).stdout
        assert holds_nothing(said.encode()), form
    names = names_of(site, "cc.example")
    assert not [name for name in names if b"\x02se\x02cc" in name or b"_inner" in name]
    messages = [query(name, kind, additional=[opt(flags=0x8000)]) for name in names
                for kind in ("TXT", "RP", "URI", "CERT", "ANY", "NS", "TYPE47")]
    messages += [query(f"{label}.cc.example", additional=[opt(flags=0x8000)]) for label in
                 ("se", "www.se", "_inner.se", "_inner.nl", "_csirt.nl", "sd", "sf", "zz", "*")]
    for message, reply in zip(messages, udp_many(server.at, messages)):
        assert reply and holds_nothing(reply), message
        for record in Message(reply).answer + Message(reply).authority:
            assert record.type != 47 or b"\x02se" not in record.rdata
    assert server.labels("cc.example") == ["nl", "no"]
    meta = b"".join(server.ask("_meta.cc.example").texts()[0]).decode()
    assert "tlds=2" in meta and "contacts=2" in meta
    missing = b"".join(server.ask_tcp("_missing.cc.example").texts()[0]).decode().split()
    assert "se" in missing


def test_the_parent_side_of_a_members_zone_is_the_public_zones(server):
    """RFC 4035 §3.1.4.1: DS is answered from above, where nothing is known of it."""
    reply = server.ask("members.cc.example", "TYPE43", source=OUTSIDER)
    assert reply.rcode in (0, 3) and not reply.answer
    assert holds_nothing(reply.octets)


def test_the_log_has_neither_names_nor_numbers(server):
    server.ask("se.closed.test", source=OUTSIDER)
    whole_transfer(server, "closed.test", OUTSIDER)
    log = server.log()
    assert "closed.test" in log  # the operator's own zone, and its serial
    assert holds_nothing(log.encode())
    assert not re.search(r"\bse\.closed\.test", log)


def test_a_change_for_members_does_not_show_in_the_public_zone(site, server):
    """Not even as a new serial, a new signature or a new time in _meta."""
    before = site.export("cc.example")
    serials = site.publish()
    file = site.config["contacts"] + "/se.yaml"
    with open(file, encoding="utf-8") as text:
        changed = text.read().replace("Quillfeather 1", "Quillfeather 9")
    with open(file, "w", encoding="utf-8") as text:
        text.write(changed)
    after = site.publish()
    assert after["cc.example"] == serials["cc.example"]
    assert after["closed.test"] > serials["closed.test"]
    assert site.export("cc.example") == before


