"""contactd alone: EDNS, extended errors, and answers that do not fit."""

import random
import struct

import pytest

from support import client, wire
from support.contactd import Contactd
from support.process import SLOW
from support.wire import AA, TC, Message, name_from_text, opt, option, query


@pytest.fixture(scope="module")
def wide(corner_site):
    """contactd with the largest datagrams and the longest identity that can be configured."""
    before = corner_site.config["server"]
    corner_site.config["server"] = dict(before, **{"udp-max": 4096, "identity": "i" * 255})
    try:
        with Contactd(corner_site, name="wide") as server:
            yield server
    finally:
        corner_site.config["server"] = before


def test_an_opt_is_in_the_reply_if_and_only_if_in_the_query(corner):
    """RFC 6891 §6.1.1, §7"""
    for name, kind in (("www.corner.example", "A"), ("no.www.corner.example", "A"),
                       ("outside.test", "A"), ("www.sub.corner.example", "A")):
        assert corner.ask(name, kind).opt is None
        reply = corner.ask(name, kind, additional=[opt()])
        assert (reply.opt.owner, reply.opt.rrclass) == (b"\0", 1232)


def test_a_reply_is_never_larger_than_asked(wide):
    """RFC 6891 §6.2.3, §6.2.5: sizes below 512 are 512; truncated or not, records are whole."""
    rng = random.Random(5)
    names = ["big500", "big512", "big1232", "big4096", "hundred", "many", "manymx", "toomany",
             "types", "x.wildbig"]
    cases = [(size, rng.choice(names))
             for size in [0, 1, 511, 512, 513, 1232, 4095, 4096, *rng.sample(range(4096), 600)]]
    messages = [query(f"{name}.corner.example", rng.choice(["TXT", "A", "MX", "ANY"]),
                      additional=[opt(size, options=rng.choice([b"", option(3)]))])
                for size, name in cases]
    for (size, name), octets in zip(cases, client.udp_many(wide.at, messages)):
        assert len(octets) <= min(max(size, 512), 4096), (size, name)
        Message(octets)


def test_nsid_gives_way_to_a_long_name(wide):
    """A question of 271 octets and an NSID of 259 do not fit in 512."""
    label = "a" * 63
    name = f"{label}.{label}.{label}.{'a' * 46}.corner.example"
    for base in (name, f"*.{'y' * 38}.corner.example"):
        octets = query(base, "TXT", additional=[opt(512, options=option(3))])
        reply = client.udp(wide.at, octets)
        assert len(reply) <= 512 and Message(reply).opt


def test_plain_dns_gets_512_octets(corner):
    """RFC 1035 §4.2.1"""
    for name in ("big512", "big1232", "hundred"):
        reply = corner.ask(f"{name}.corner.example", "TXT" if name != "hundred" else "A")
        assert reply.has(TC) and len(reply.octets) <= 512
    assert not corner.ask("big500.corner.example", "TXT").has(TC)


def test_do_is_copied_and_other_flags_are_not(corner):
    """RFC 3225 §3, RFC 6891 §6.1.4"""
    for flags in (0, 0x8000, 0x4000, 0xFFFF, 0x0001):
        reply = corner.ask("www.corner.example", "A", additional=[opt(flags=flags)])
        assert reply.opt.ttl & 0xFFFF == flags & 0x8000


@pytest.mark.parametrize("version", [1, 2, 255])
def test_a_newer_version_is_badvers_with_version_0_and_no_answer(corner, version):
    """RFC 6891 §6.1.3, RFC 8906 §8.2.2"""
    reply = corner.ask("www.corner.example", "A", additional=[opt(version=version)])
    assert reply.rcode == 16 and reply.opt.ttl >> 16 & 0xFF == 0
    assert not reply.has(AA) and not reply.answer + reply.authority


def test_unknown_options_are_ignored_and_not_sent_back(corner):
    """RFC 6891 §6.1.2, RFC 8906 §8.2.3; RFC 7830 §6: no padding without TLS."""
    plain = corner.ask("www.corner.example", "A", additional=[opt()])
    for code in (1, 4, 5, 8, 9, 11, 12, 13, 14, 15, 18, 19, 20, 100, 65001, 65535):
        for octets in (b"", b"\0" * 8, b"x" * 200):
            reply = corner.ask("www.corner.example", "A",
                               additional=[opt(options=option(code, octets))])
            assert reply.octets == plain.octets, code


def test_nsid_is_sent_only_if_asked_for(corner):
    """RFC 5001 §2.2: whatever the query's payload."""
    assert 3 not in corner.ask("www.corner.example", "A", additional=[opt()]).options()
    for payload in (b"", b"anything"):
        for name in ("www.corner.example", "no.www.corner.example", "outside.test"):
            reply = corner.ask(name, "A", additional=[opt(options=option(3, payload))])
            assert reply.options()[3] == b"functional"


def test_keepalive_is_sent_by_tcp_only(corner):
    """RFC 7828 §3.3: in units of 100 ms; asked for or not."""
    for options in (b"", option(11)):
        octets = query("www.corner.example", "A", additional=[opt(options=options)])
        assert 11 not in client.ask(corner.at, octets).options()
        told, = struct.unpack("!H", client.tcp(corner.at, octets).options()[11])
        assert told == 100 * SLOW
    assert client.tcp(corner.at, query("www.corner.example", "A")).opt is None


@pytest.mark.parametrize("options", [b"\xfd", b"\xfd\xe9", b"\xfd\xe9\0", b"\xfd\xe9\0\1",
                                     option(65001, b"a") + b"\0"])
def test_a_malformed_option_is_formerr_with_opt(corner, options):
    """RFC 6891 §7"""
    reply = corner.ask("www.corner.example", "A", additional=[opt(options=options)])
    assert reply.rcode == 1 and reply.opt and not reply.answer


def test_two_opt_or_a_misplaced_one_are_formerr(corner):
    """RFC 6891 §6.1.1, §6.1.2: once, in the additional section, owned by the root."""
    good = opt()
    for octets in (query("www.corner.example", additional=[good, good]),
                   query("www.corner.example", counts=(1, 1, 0, 0), after=good),
                   query("www.corner.example", counts=(1, 0, 1, 0), after=good),
                   query("www.corner.example", additional=[opt(owner=name_from_text("x.test"))])):
        assert client.ask(corner.at, octets).rcode == 1


def test_an_opt_may_stand_anywhere_in_the_additional_section(corner):
    """RFC 6891 §6.1.1"""
    other = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + bytes(4)
    for additional in ([opt(), other], [other, opt()], [other, opt(), other]):
        reply = corner.ask("www.corner.example", "A", additional=additional)
        assert reply.rcode == 0 and reply.opt


def test_a_tsig_is_refused_as_unknown_and_malformed_ones_are_formerr(corner):
    """RFC 8945 §5.2: no key is known; last, single and whole."""
    algorithm = name_from_text("hmac-sha256")
    rdata = algorithm + bytes(6) + struct.pack("!HH", 300, 32) + bytes(32) + bytes(6)

    def tsig(octets):
        return name_from_text("key.test") + struct.pack("!HHIH", 250, 255, 0, len(octets)) + octets
    for additional, rcode in (([tsig(rdata)], 9), ([opt(), tsig(rdata)], 9),
                              ([tsig(rdata), opt()], 1), ([tsig(rdata), tsig(rdata)], 1), ([tsig(b"")], 1),
                              ([tsig(rdata[:-1])], 1), ([tsig(rdata + b"\0")], 1)):
        assert corner.ask("www.corner.example", "A", additional=additional).rcode == rcode


# Extended errors (RFC 8914): hints to people


def test_type_a_at_a_card_hints_at_txt(served):
    for name in ("nl.cc.example", "www.bank.nl.cc.example", "_security.nl.cc.example"):
        reply = served.ask(name, "A", additional=[opt()])
        assert reply.extended_error() == (0, "ask for TXT")
        assert not served.ask(name, "TXT", additional=[opt()]).extended_error()


def test_a_miss_hints_at_the_index(served):
    for domain in ("cc.example", "cc-contacts.test"):
        reply = served.ask(f"xx.{domain}", "TXT", additional=[opt()])
        assert reply.rcode == 3
        assert reply.extended_error() == (0, f"no such entry; TXT _index.{domain} lists all")


def test_without_edns_there_is_no_hint(served):
    assert served.ask("xx.cc.example", "TXT").opt is None


def test_a_hint_that_does_not_fit_is_dropped_first(corner):
    """RFC 8914 §3"""
    label = "a" * 63
    name = f"{label}.{label}.{label}.{'a' * 46}.corner.example"
    reply = corner.ask(name, "TXT", additional=[opt(512, options=option(3))])
    assert reply.rcode == 3 and not reply.has(TC) and len(reply.octets) <= 512
    assert 3 in reply.options()


# Truncation


def _orders(records):
    """The escalation order of contacts in full: the number of the pair `order=`."""
    texts = [b"".join(wire.txt_strings(record.rdata)) for record in records]
    return [int(text.split(b"order=")[1].split(b";")[0]) for text in texts]


def test_a_truncated_answer_has_whole_records_in_escalation_order(served):
    """DESIGN §3: as many as fit, the first ones, with TC."""
    messages = [query(f"_{role}.{label}.cc.example", "TXT")
                for label in served.labels("cc.example") for role in ("dns", "security", "csirt")]
    truncated = 0
    for octets, message in zip(client.udp_many(served.at, messages), messages):
        reply = Message(octets)
        if not reply.has(TC):
            continue
        truncated += 1
        full = client.tcp(served.at, message).answer
        kept = len(reply.answer)
        assert [r.rdata for r in reply.answer] == [r.rdata for r in full[:kept]]
        assert _orders(full) == sorted(_orders(full))
        assert len(octets) + 2 + 10 + len(full[kept].rdata) > 512, "one more would have fitted"
    assert truncated > 0


def test_tc_is_not_set_for_additional_records_that_do_not_fit(wide):
    """RFC 2181 §9"""
    whole = client.tcp(wide.at, query("manymx.corner.example", "MX", additional=[opt()]))
    assert len(whole.additional) == 30
    size = len(whole.octets) - 100
    heavy = option(65001, bytes(200))  # so that the answer is not too heavy for its question
    reply = wide.ask("manymx.corner.example", "MX", additional=[opt(size, options=heavy)])
    assert not reply.has(TC) and len(reply.answer) == 30


def test_edns_size_has_no_effect_by_tcp(corner):
    """RFC 8906 §3.2.7"""
    for size in (0, 512, 1232):
        octets = query("big4096.corner.example", "TXT", additional=[opt(size)])
        reply = client.tcp(corner.at, octets)
        assert not reply.has(TC) and len(reply.answer) == 20
