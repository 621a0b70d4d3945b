"""contactd alone: the rules of the RFCs for questions and answers, one by one.

Each test is named after its rule; tests/README.md maps rules to tests.
"""

import socket
import struct

import pytest

from conftest import SHORT
from support import client
from support.contactd import Contactd
from support.wire import (AA, AD, CD, QR, RA, RD, TC, Z, Message, name_from_text, name_to_text, opt,
                          option, query)

NEGATIVE = 6  # an SOA in the authority section


def owners(records):
    return [name_to_text(record.owner) for record in records]


def types(records):
    return [record.type for record in records]


# Basic


def test_id_opcode_rd_and_cd_are_copied_and_all_else_is_clear(corner):
    """RFC 1035 §4.1.1, RFC 8906 §3.1.3"""
    for flags in (0, RD, CD, RD | CD, AD, Z, RA, TC, AA, AA | TC | RD | RA | Z | AD | CD):
        reply = corner.ask("www.corner.example", "A", flags=flags, ident=0xABCD)
        assert reply.id == 0xABCD and reply.opcode == 0
        assert reply.flags & ~0xF == QR | AA | flags & (RD | CD)


def test_the_question_comes_back_octet_for_octet(corner):
    """0x20: letter case is kept, also in errors."""
    for name in ("wWw.CoRnEr.ExAmPlE", "NoThInG.corner.example", "OuTsIdE.TeSt"):
        octets = query(name, "A")
        assert client.ask(corner.at, octets).question == octets[12:]


def test_names_match_without_letter_case_and_owners_keep_theirs(corner):
    """RFC 4343 §3, §4"""
    assert corner.ask("MIXED.case.CORNER.example", "A").answer[0].rdata == bytes([192, 0, 2, 40])
    reply = corner.ask("caps.corner.example", "A")
    assert reply.answer[0].rdata == name_from_text("MiXeD.CaSe.corner.example")
    assert reply.answer[1].owner == name_from_text("MiXeD.CaSe.corner.example")
    assert corner.ask("x.uppercut.corner.example", "A").authority[0].owner == \
        name_from_text("UpperCut.corner.example")


@pytest.mark.parametrize("address", ["127.0.0.5", "127.1.2.3", "::1"])
def test_a_reply_leaves_from_the_address_that_was_asked(sample, address):
    """RFC 2181 §4.1: on sockets bound to all addresses."""
    with Contactd(sample, addresses=("0.0.0.0", "::"), name="wildcard") as server:
        for source in (None, "::1" if ":" in address else "127.0.0.9"):
            # A connected socket takes nothing from any other address.
            reply = client.udp((address, server.port), query("nl.cc.example", "TXT"), source=source)
            assert Message(reply).texts()
            assert client.tcp((address, server.port), query("nl.cc.example", "TXT")).texts()


def test_a_reply_that_cannot_be_sent_holds_up_no_other(served):
    """Datagrams from port 0 and from the broadcast address, in one batch with sound ones."""
    octets = query("nl.cc.example", "TXT")

    def forged(address, port):
        udp = struct.pack("!4H", port, served.port, 8 + len(octets), 0) + octets
        return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0,
                           socket.inet_aton(address), socket.inet_aton("127.0.0.1")) + udp
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw, \
            client.udp_socket(served.at) as sound:
        sound.settimeout(2)
        for _ in range(50):
            for _ in range(10):
                raw.sendto(forged("127.0.0.1", 0), ("127.0.0.1", 0))
                raw.sendto(forged("255.255.255.255", 53), ("127.0.0.1", 0))
                sound.send(octets)
            for _ in range(10):
                assert Message(sound.recv(4096)).answer


def test_ipv6_answers_as_ipv4_does(served):
    octets = query("nl.cc.example", "TXT", additional=[opt()])
    assert client.udp(served.at6, octets) == client.udp(served.at, octets)
    assert client.tcp(served.at6, octets).octets == client.tcp(served.at, octets).octets


def test_messages_shorter_than_a_header_and_answers_are_dropped(corner):
    """RFC 8906 §2; never answer an answer."""
    sound = query("www.corner.example", "A")
    for length in range(12):
        assert client.udp(corner.at, sound[:length], timeout=0.02, tries=1) is None
    for opcode in range(16):
        octets = query("www.corner.example", "A", flags=QR, opcode=opcode)
        assert client.udp(corner.at, octets, timeout=0.02, tries=1) is None


def test_an_unknown_opcode_is_notimp_by_its_header_alone(corner):
    """RFC 8906 §3.1.4, §8.1.4; RFC 1996 §3.12"""
    for opcode in range(1, 16):
        octets = query("www.corner.example", "A", opcode=opcode, flags=AD | RD)
        for message in (octets, octets[:12], octets[:12] + b"\xff" * 20):
            reply = client.ask(corner.at, message)
            assert (reply.rcode, reply.opcode, len(reply.octets)) == (4, opcode, 12)
            assert not reply.flags & (AA | AD)


def test_every_type_is_answered(corner):
    """RFC 8906 §3.1.2: all 65536 at a name with records; many at an alias and below a cut."""
    for name, step in (("types.corner.example", 31 if SHORT else 1),
                       ("x.wildcname.corner.example", 31), ("www.sub.corner.example", 31)):
        numbers = range(0, 65536, step)
        messages = [query(name, number) for number in numbers]
        for number, octets in zip(numbers, client.udp_many(corner.at, messages)):
            assert octets is not None, (name, number)
            expected = (1, 9) if number in (251, 252) else (0, 1, 4)
            assert Message(octets).rcode in expected, (name, number)


@pytest.mark.parametrize("name", ["outside.test", "example", ".", "xcc.example", "xcorner.example"])
def test_what_is_not_ours_is_refused_and_empty(corner, name):
    """No upward referral (RFC 9499); RFC 8914 §4.21"""
    for kind in ("A", "NS", "SOA", "ANY", "TXT"):
        reply = corner.ask(name, kind, additional=[opt()])
        assert reply.rcode == 5 and not reply.has(AA)
        assert not reply.answer + reply.authority + reply.additional
        assert reply.extended_error()[0] == 20


@pytest.mark.parametrize("rrclass", [0, 2, 3, 4, 254, 255, 65535])
def test_other_classes_are_refused(corner, rrclass):
    for name in ("www.corner.example", "nl.cc.example", "outside.test"):
        reply = corner.ask(name, "TXT", rrclass=rrclass)
        assert (reply.rcode, reply.answer, reply.authority) == (5, [], [])


def test_a_configured_zone_that_was_never_published_is_not_ready(corner):
    """RFC 8914 §4.15"""
    reply = corner.ask("x.empty.example", "TXT", additional=[opt()])
    assert reply.rcode == 2 and reply.extended_error()[0] == 14
    assert corner.ask_tcp("empty.example", "AXFR").rcode == 2


def test_chaos_names_tell_version_and_identity(corner):
    """RFC 4892"""
    for name in ("version.bind", "version.server", "VERSION.Bind", "id.server", "hostname.bind"):
        reply = corner.ask(name, "TXT", rrclass=3)
        assert reply.has(AA) and reply.texts() == [[b"functional"]]
        assert (reply.answer[0].rrclass, reply.answer[0].ttl) == (3, 0)
    assert corner.ask("version.bind", "A", rrclass=3).rcode == 5


def test_version_none_and_no_identity_refuse(corner_site):
    server = dict(corner_site.config["server"], version="none", identity="none")
    corner_site.config["server"], before = server, corner_site.config["server"]
    try:
        with Contactd(corner_site, name="nameless") as nameless:
            for name in ("version.bind", "version.server", "id.server", "hostname.bind"):
                assert nameless.ask(name, "TXT", rrclass=3).rcode == 5
            nsid = nameless.ask("nl.cc.example", "TXT", additional=[opt(options=option(3))])
            assert 3 not in nsid.options()
    finally:
        corner_site.config["server"] = before


def test_names_in_rdata_of_newer_types_are_never_compressed(served):
    """RFC 3597 §4"""
    reply = served.ask("nl.cc.example", "RP")
    assert types(reply.answer).count(17) > 1 and not any(r.compressed for r in reply.answer)


def test_two_questions_are_formerr_and_none_too(corner):
    """RFC 9619 §4; RFC 6891 §6.1.1: with an OPT where one came."""
    question = query("www.corner.example", "A")[12:]
    head = bytes(4)
    two = head + struct.pack("!4H", 2, 0, 0, 0) + question + question
    none = head + bytes(8)
    none_edns = head + struct.pack("!4H", 0, 0, 0, 1) + opt()
    for octets, edns in ((two, False), (none, False), (none_edns, True)):
        reply = client.ask(corner.at, octets)
        assert (reply.rcode, reply.opt is not None, reply.question) == (1, edns, b"")


# Answers


@pytest.mark.parametrize("name,ttl", [("nothing.www.corner.example", 300),
                                      ("www.corner.example", 300), ("x.b.star.example", 60)])
def test_a_negative_answer_has_the_soa_with_the_smaller_ttl(corner, name, ttl):
    """RFC 2308 §3, §2.1.1: min(TTL, MINIMUM); no NS beside it."""
    reply = corner.ask(name, "SRV")
    assert (reply.answer, types(reply.authority)) == ([], [NEGATIVE])
    assert reply.authority[0].ttl == ttl and reply.has(AA) and not reply.additional


@pytest.mark.parametrize("name,rcode", [
    ("ent.corner.example", 0), ("d.ent.corner.example", 0), ("b.c.d.ent.corner.example", 0),
    ("x.ent.corner.example", 3), ("a.a.b.c.d.ent.corner.example", 3), ("b.star.example", 0)])
def test_an_empty_non_terminal_is_no_data(corner, name, rcode):
    """RFC 8020 §3.1, RFC 4592 §2.2.2"""
    reply = corner.ask(name, "TXT")
    assert (reply.rcode, types(reply.authority)) == (rcode, [NEGATIVE])


@pytest.mark.parametrize("name,rcode,answers", [
    ("x.wild.corner.example", 0, 1), ("x.y.wild.corner.example", 0, 1),
    ("*.wild.corner.example", 0, 1),          # a "*" in a query is literal (§2.3)
    ("x.*.wild.corner.example", 3, 0),        # its owner exists: nothing below it
    ("host.wild.corner.example", 0, 0),       # exists, without TXT: no synthesis (§3.3.1)
    ("x.host.wild.corner.example", 3, 0), ("x.ent.wild.corner.example", 3, 0),
    ("ent.wild.corner.example", 0, 0), ("a.b.went.corner.example", 0, 0),
    ("x.a.b.went.corner.example", 0, 1), ("x.b.went.corner.example", 3, 0),
    ("x.mid.corner.example", 0, 0),           # the source is an empty non-terminal (§4.9)
    ("x.starcut.corner.example", 0, 0), ("a.x.mid.corner.example", 0, 0),
    ("ab.notwild.corner.example", 3, 0), ("*b.notwild.corner.example", 3, 0),  # §2.1.1
    ("x.star.example", 0, 1), ("x.y.z.star.example", 0, 1), ("b.star.example", 0, 0),
    ("x.b.star.example", 3, 0)])
def test_wildcards(corner, name, rcode, answers):
    """RFC 4592"""
    reply = corner.ask(name, "TXT")
    assert (reply.rcode, len(reply.answer)) == (rcode, answers)
    assert all(record.owner == name_from_text(name) for record in reply.answer)


@pytest.mark.parametrize("name,rcode,chain", [
    ("c1", 0, ["www"]), ("c4", 0, ["c3", "c2", "c1", "www"]), ("ctonothing", 3, ["nothing.www"]),
    ("ctowild", 0, ["x.y.wild"]), ("ctoent", 0, ["c.d.ent"]), ("x.wildcname", 0, ["www"]),
    ("x.wildchain", 0, ["c2", "c1", "www"]), ("x.wildnone", 3, ["nothing-here"]),
    ("ctowildcname", 0, ["x.wildcname", "www"]), ("ctomid", 0, ["x.mid"]),
    ("loop1", 0, ["loop2", "loop1"]), ("toloop", 0, ["loop1", "loop2", "loop1"]),
    ("self", 0, ["self"])])
def test_cnames_are_followed_within_the_zone(corner, name, rcode, chain):
    """RFC 1034 §3.6.2; RFC 6604 §2.1, §3: AA of the first owner, RCODE of the last step; RFC 2181
    §5.5: an RRset once, also in a loop."""
    reply = corner.ask(f"{name}.corner.example", "A")
    links = [record for record in reply.answer if record.type == 5]
    assert reply.rcode == rcode and reply.has(AA)
    assert [record.rdata for record in links] == \
        [name_from_text(f"{target}.corner.example") for target in chain]
    assert len({record.key() for record in reply.answer}) == len(reply.answer)
    negative = chain[-1] in ("nothing.www", "nothing-here", "c.d.ent", "x.mid")
    assert types(reply.authority) == ([NEGATIVE] if negative else [])


def test_a_chain_out_of_our_zones_stops_with_noerror(corner):
    for name in ("ctoout", "x.wildout"):
        reply = corner.ask(f"{name}.corner.example", "A")
        assert (reply.rcode, types(reply.answer), reply.authority) == (0, [5], [])


def test_a_cname_is_not_followed_for_cname_and_any(corner):
    for kind in ("CNAME", "ANY"):
        assert types(corner.ask("c4.corner.example", kind).answer) == [5]


@pytest.mark.parametrize("name", ["sub", "www.sub", "x.y.sub", "inner.sub", "www.inner.sub",
                                  "cname.sub", "deep.er.sub", "ns.sub"])
def test_at_and_below_a_cut_is_a_referral(corner, name):
    """RFC 1034 §4.3.2 3b, RFC 2181 §6.1: no AA, no answer, the topmost cut."""
    for kind in ("A", "NS", "TXT", "ANY", "SOA", "CNAME"):
        reply = corner.ask(f"{name}.corner.example", kind)
        assert (reply.rcode, reply.has(AA), reply.answer) == (0, False, [])
        assert set(owners(reply.authority)) == {"sub.corner.example."}
        assert types(reply.authority) == [2, 2]
        assert "ns.sub.corner.example." in owners(reply.additional)


def test_a_referral_has_all_in_domain_glue_or_tc(corner):
    """RFC 9471 §3.1"""
    assert corner.ask("x.toomany.corner.example", "A", additional=[opt()]).has(TC)
    for name, glue in (("many", 26), ("toomany", 40), ("self-ns", 1), ("secure", 1)):
        reply = corner.ask_tcp(f"x.{name}.corner.example", "A")
        assert not reply.has(TC) and len(reply.additional) == glue


def test_ds_at_a_cut_is_the_parents_answer(corner):
    """RFC 4035 §3.1.4.1; with DO a referral brings it along (§3.1.4)"""
    secure = corner.ask("secure.corner.example", "DS")
    assert secure.has(AA) and types(secure.answer) == [43]
    insecure = corner.ask("sub.corner.example", "DS")
    assert insecure.has(AA) and types(insecure.authority) == [NEGATIVE]
    assert not corner.ask("www.secure.corner.example", "DS").has(AA)
    alias = corner.ask("ctosecurecut.corner.example", "DS")
    assert types(alias.answer) == [5, 43]
    assert types(corner.ask("ctocut.corner.example", "DS").authority) == [NEGATIVE]
    referral = corner.ask("www.secure.corner.example", "A", additional=[opt(flags=0x8000)])
    assert types(referral.authority) == [2, 43]


def test_any_by_udp_is_the_txt_or_else_one_rrset(corner):
    """RFC 8482 §4.1, DESIGN §6"""
    for name in ("corner", "x.wild.corner", "MiXeD.case.corner"):
        assert types(corner.ask(f"{name}.example", "ANY").answer) == [16]
    assert len(set(types(corner.ask("types.corner.example", "ANY").answer))) == 1
    assert corner.ask("nothing.www.corner.example", "ANY").rcode == 3
    assert types(corner.ask("ent.corner.example", "ANY").authority) == [NEGATIVE]


def test_any_by_tcp_is_everything(corner):
    """RFC 8482 §4.4"""
    assert set(types(corner.ask_tcp("types.corner.example", "ANY").answer)) == {
        1, 12, 17, 28, 33, 35, 37, 44, 52, 256, 257, 65280, 65281}
    assert set(types(corner.ask_tcp("x.wild.corner.example", "ANY").answer)) == {1, 15, 16, 65280}


def test_answers_about_people_bring_nothing_along(served):
    """DESIGN §3: nothing is added to an RP answer, or to a card."""
    for kind in ("RP", "TXT"):
        reply = served.ask("nl.cc.example", kind)
        assert reply.answer and not reply.authority + reply.additional


# Who may ask


def test_a_members_zone_is_closed_but_for_its_acl(served):
    """RFC 8914 §4.19: REFUSED with Prohibited, whether the name exists or not."""
    for name in ("nl.members.cc.example", "members.cc.example", "no.such.members.cc.example"):
        for kind in ("TXT", "SOA", "ANY"):
            reply = served.ask(name, kind, source="127.9.0.1", additional=[opt()])
            assert (reply.rcode, reply.answer, reply.authority) == (5, [], [])
            assert reply.extended_error()[0] == 18
    member = served.ask("nl.members.cc.example", "TXT", source="127.0.3.7")
    assert any(b"management" in line[0] for line in member.texts())
    public = served.ask("nl.cc.example", "TXT", source="127.0.3.7")
    assert not any(b"management" in line[0] for line in public.texts())


def test_who_may_have_the_zone_may_ask_it(served):
    """A secondary asks for the SOA before it transfers."""
    assert served.ask("members.cc.example", "SOA", source="127.0.0.1").answer


def test_acl_prefixes_end_where_they_end(served):
    for source, rcode in (("127.0.3.0", 0), ("127.0.3.255", 0),
                          ("127.0.4.0", 5), ("127.0.2.255", 5)):
        assert served.ask("nl.members.cc.example", "TXT", source=source).rcode == rcode
