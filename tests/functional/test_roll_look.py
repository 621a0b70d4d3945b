"""How zonegen looks into the DNS: what of a server's answer is known, wrong or unknown. What is not
known must never count as seen."""

import socket
import struct

import pytest

from support.delegated import World, ZONE
from support.ports import Port
from support.scripted import Scripted


def flags(answer, clear=0, set_=0):
    old = struct.unpack_from("!H", answer, 2)[0]
    return answer[:2] + struct.pack("!H", old & ~clear | set_) + answer[4:]


def counts(answer, **changes):
    """The header with other counts."""
    names = ("qd", "an", "ns", "ar")
    values = [changes.get(name, value)
              for name, value in zip(names, struct.unpack_from("!4H", answer, 4))]
    return answer[:4] + struct.pack("!4H", *values) + answer[12:]


def by_tcp(change):
    """Truncated by UDP, changed by TCP."""
    return lambda answer, tcp: change(answer) if tcp else flags(answer, set_=TC)


QR, AA, TC = 0x8000, 0x0400, 0x0200
RIGHT, SILENT, MALFORMED = "as it should be", "no answer", "answer is malformed"

ANSWERS = {
    "whole": (lambda answer, tcp: answer, RIGHT),
    "truncated, whole by TCP": (
        lambda answer, tcp: answer if tcp else flags(answer, set_=TC)[:30] + bytes(0), RIGHT),
    "truncated by TCP too": (lambda answer, tcp: flags(answer, set_=TC), MALFORMED),
    "truncated, and nothing by TCP": (by_tcp(lambda answer: None), SILENT),
    "cut": (lambda answer, tcp: answer[:-1], MALFORMED),
    "with more at its end": (lambda answer, tcp: answer + b"x", MALFORMED),
    "more records than there are": (lambda answer, tcp: counts(answer, an=9), MALFORMED),
    "two questions": (lambda answer, tcp: counts(answer, qd=2), MALFORMED),
    "no question": (lambda answer, tcp: counts(answer, qd=0), MALFORMED),
    "another ID, and whole by TCP": (
        lambda answer, tcp: answer if tcp else bytes([answer[0] ^ 1]) + answer[1:], RIGHT),
    "another ID": (by_tcp(lambda answer: bytes([answer[0] ^ 1]) + answer[1:]), MALFORMED),
    "another name": (by_tcp(lambda answer: answer.replace(b"\x02cc", b"\x02xx")), MALFORMED),
    "a question": (by_tcp(lambda answer: flags(answer, clear=QR)), MALFORMED),
    "not authoritative": (lambda answer, tcp: flags(answer, clear=AA), "not authoritative"),
    "REFUSED": (lambda answer, tcp: flags(answer, set_=5), "answers REFUSED"),
    "SERVFAIL": (lambda answer, tcp: flags(answer, set_=2), "answers SERVFAIL"),
    "an RCODE of its own": (lambda answer, tcp: flags(answer, set_=11), "answers RCODE 11"),
    "header alone": (lambda answer, tcp: answer[:12], MALFORMED),
    "less than a header": (by_tcp(lambda answer: answer[:11]), MALFORMED),
    "empty": (by_tcp(lambda answer: b""), MALFORMED),
    "silence": (lambda answer, tcp: None, SILENT),
    "other letters": (lambda answer, tcp: answer.replace(b"\x02cc", b"\x02Cc"), RIGHT),
    "signatures of another zone": (
        lambda answer, tcp: answer.replace(b"\x02cc\x07example\0", b"\x02xx\x07example\0")
        .replace(b"\x02xx", b"\x02cc", 1), "is not signed by"),
    "no records": (lambda answer, tcp: counts(answer[:16 + 12], an=0, ns=0, ar=0), "without"),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A zone whose second server is scripted."""
    made = World(tmp_path_factory.mktemp("look"))
    made.secondary.stop()
    made.scripted = Scripted(made.secondary.at, made.primary.at)
    yield made
    made.scripted.close()
    made.close()


def _line(world, name):
    return next(line for line in world.status().splitlines() if f" {name}" in line)


@pytest.mark.parametrize("name", ANSWERS)
def test_what_a_server_says(world, name):
    world.scripted.change, expected = ANSWERS[name]
    assert expected in _line(world, "ns2.cc.example 127.0.0.2")
    assert RIGHT in _line(world, "ns1.cc.example 127.0.0.1")


@pytest.mark.parametrize("name", ["cut", "REFUSED", "not authoritative"])
def test_what_is_unknown_never_counts_as_seen(tmp_path, name):
    world = World(tmp_path)
    try:
        world.roll()
        world.publish()
        world.secondary.stop()
        scripted = Scripted(world.secondary.at, world.primary.at, ANSWERS[name][0])
        try:
            refused = world.roll(code=1).stderr
            assert "is not to be seen everywhere" in refused and ANSWERS[name][1] in refused
            assert "    seen everywhere" not in world.status()
            scripted.change = None
            assert "come back then" in world.roll(code=1).stderr
        finally:
            scripted.close()
    finally:
        world.close()


def test_without_any_resolver_configured_servers_are_shown_and_nothing_counts(world):
    resolver = world.site.config["policy"][0]["resolver"]
    world.policy(resolver="127.0.0.1@1")
    try:
        said = world.status()
        assert "no resolver answers (127.0.0.1@1)" in said
        assert RIGHT in _line(world, "ns1.cc.example 127.0.0.1")
        assert "others: are not known" in said
    finally:
        world.policy(resolver=resolver)


def test_the_next_resolver_is_asked_when_the_first_is_dead(world):
    resolver = world.site.config["policy"][0]["resolver"]
    world.scripted.change = None
    world.policy(resolver=["127.0.0.1@1", resolver])
    try:
        assert world.status().count("as it should be") == 3
    finally:
        world.policy(resolver=resolver)


def test_where_no_server_of_the_parent_answers_the_resolver_counts(world):
    parent = world.site.config["remote"][2]["address"]
    world.site.config["remote"][2]["address"] = "127.0.0.3@1"
    world.site.write()
    try:
        said = world.status()
        assert "parent, resolver 127.0.0.1@" in said and "DS as it should be" in said
        assert "no server of the parent could be asked directly" in said
    finally:
        world.site.config["remote"][2]["address"] = parent
        world.site.write()


PARENT_ANSWERS = {
    "a denial by the zone itself": (lambda answer, tcp: answer, "answers for the zone"),
    "a denial by nobody": (
        lambda answer, tcp: counts(answer[:16 + 12], an=0, ns=0, ar=0), "neither DS nor SOA"),
    "not authoritative": (lambda answer, tcp: flags(answer, clear=AA), "not authoritative"),
    "REFUSED": (lambda answer, tcp: flags(answer, set_=5), "answers REFUSED"),
    "cut": (lambda answer, tcp: answer[:-1], MALFORMED),
}


@pytest.mark.parametrize("name", PARENT_ANSWERS)
def test_what_a_server_of_the_parent_says(world, name):
    """Two servers of the parent: the one that is, and one that has the zone only."""
    remote = world.site.config["remote"][2]
    address, port = remote["address"], Port()
    port.release()
    change, expected = PARENT_ANSWERS[name]
    scripted = Scripted(("127.0.0.3", port.number), world.primary.at, change)
    remote["address"] = [address, f"127.0.0.3@{port.number}"]
    world.site.write()
    try:
        assert expected in _line(world, f"parent, ns.example 127.0.0.3@{port.number}")
        assert "DS as it should be" in _line(world, f"parent, ns.example {address}")
    finally:
        scripted.close()
        remote["address"] = address
        world.site.write()


def test_addresses_without_a_route_do_not_count_when_another_one_does(world):
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.connect(("2001:db8::1", 53))
        pytest.skip("this machine has a way to all of IPv6")
    except OSError:
        pass
    zone = world.site.config["zone"][0]
    servers, zone["nameservers"] = zone["nameservers"], [
        "ns1.cc.example 127.0.0.1 2001:db8::1", "ns2.cc.example 2001:db8::2"]
    world.scripted.change = None
    world.site.write()
    try:
        world._publish()
        said = world.status()
        assert "2001:db8::1@53" not in said
        assert "no route" in _line(world, "ns2.cc.example 2001:db8::2@53")
    finally:
        zone["nameservers"] = servers
        world.site.write()
        world._publish()


def test_a_zone_that_is_not_delegated_is_asked_for_at_its_configured_servers(world):
    """The resolver knows no such zone; `notify` and `nameservers` do."""
    assert ZONE == "cc.example"
    world.site.config["policy"][0]["resolver"], resolver = (
        f"{world.parent.at[0]}@{world.parent.at[1]}", world.site.config["policy"][0]["resolver"])
    world.scripted.change = None
    world.site.write()
    try:  # an authoritative server answers with a referral: no NS RRset in the answer
        assert RIGHT in _line(world, "ns2.cc.example 127.0.0.2")
    finally:
        world.policy(resolver=resolver)
