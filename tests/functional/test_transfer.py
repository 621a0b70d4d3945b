"""contactd alone: zone transfers (RFC 5936, RFC 1995)."""

import threading

import pytest

from support import client, wire
from support.cases import ixfr, soa_record
from support.client import Tcp, transfer, transfer_records
from support.contactd import Contactd, Site, zone
from support.wire import AA, TC, Message, name_from_text, opt, query

SOA = 6


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """Zones without an acl, with one by prefix, with one that first denies an address."""
    site = Site(tmp_path_factory.mktemp("guarded"), [
        zone("closed.example", acl=[]), zone("open.example", acl=["prefix"]),
        zone("ordered.example", acl=["not-him", "prefix"])],
        acl=[{"id": "prefix", "address": ["127.0.2.0/24"], "action": "transfer"},
             {"id": "not-him", "address": ["127.0.2.66"], "action": "transfer", "deny": "on"}])
    for item in site.config["zone"]:
        if not item["acl"]:
            del item["acl"]
    site.write()
    site.publish()
    with Contactd(site, name="guarded") as server:
        yield server


def rcode(server, name, kind, source):
    octets = ixfr(name, 1, additional=[opt()]) if kind == "IXFR" else \
        query(name, kind, additional=[opt()])
    return client.tcp(server.at, octets, source=source).rcode


@pytest.mark.parametrize("kind", ["AXFR", "IXFR"])
def test_transfers_are_closed_by_default(guarded, kind):
    """RFC 5936 §5"""
    for source in ("127.0.0.1", "127.0.2.1"):
        assert rcode(guarded, "closed.example", kind, source) == 5
    reply = client.tcp(guarded.at, query("closed.example", kind, additional=[opt()]))
    assert reply.extended_error()[0] == 18 and not reply.answer


@pytest.mark.parametrize("kind", ["AXFR", "IXFR"])
def test_an_acl_opens_them_by_address(guarded, kind):
    for source, expected in (("127.0.2.1", 0), ("127.0.2.255", 0), ("127.0.1.255", 5),
                             ("127.0.3.0", 5), ("127.0.2.66", 0)):
        assert rcode(guarded, "open.example", kind, source) == expected


def test_the_first_acl_that_holds_decides(guarded):
    assert rcode(guarded, "ordered.example", "AXFR", "127.0.2.66") == 5
    assert rcode(guarded, "ordered.example", "AXFR", "127.0.2.65") == 0


def test_a_zone_that_is_not_ours_is_notauth(served):
    """RFC 5936 §2.2.1: nor is a name that is no apex."""
    for name in ("outside.test", "nl.cc.example", "example", "."):
        for octets in (query(name, "AXFR"), ixfr(name, 1)):
            reply = client.tcp(served.at, octets)
            assert (reply.rcode, reply.answer) == (9, [])


def test_axfr_by_udp_is_formerr(served):
    """RFC 5936 §4.2: undefined; never data."""
    reply = served.ask("cc.example", "AXFR")
    assert (reply.rcode, reply.answer) == (1, [])


@pytest.mark.parametrize("name", ["cc.example", "corner.example", "star.example"])
def test_the_shape_of_a_transfer(corner, name):
    """RFC 5936 §2.2: SOA first and last and nowhere between; one ID, AA, the question in each
    message, nothing in authority; messages well filled; each record once."""
    messages = transfer(corner.at, name)
    records = [record for message in messages for record in message.answer]
    assert records[0].type == SOA and records[0].key() == records[-1].key()
    assert not any(record.type == SOA for record in records[1:-1])
    for message in messages:
        assert (message.id, message.rcode) == (0x4242, 0)
        assert message.has(AA) and not message.has(TC)
        assert message.question == query(name, "AXFR")[12:]
        assert not message.authority and not message.additional and message.opt is None
    for message, following in zip(messages, messages[1:]):
        first = following.answer[0]  # it found no room
        assert len(message.octets) + len(first.owner) + 10 + len(first.rdata) > 16384
    keys = [record.key() for record in records[:-1]]
    assert len(set(keys)) == len(keys)


def test_occluded_records_and_glue_are_transferred(corner):
    """RFC 5936 §3.2, §3.5"""
    records = transfer_records(transfer(corner.at, "corner.example"))
    found = {wire.name_to_text(record.owner) for record in records}
    for name in ("ns.sub", "*.sub", "deep.er.sub", "inner.sub", "ns.inner.sub", "cname.sub"):
        assert f"{name}.corner.example." in found


def test_letter_case_is_kept(corner):
    """RFC 5936 §3.4, and the question as asked (§2.2.2)"""
    for asked in ("corner.example", "CORNER.eXample"):
        messages = transfer(corner.at, asked)
        assert all(m.question == query(asked, "AXFR")[12:] for m in messages)
        records = transfer_records(messages)
        found = {record.owner for record in records}
        assert name_from_text("MiXeD.CaSe.corner.example") in found
        assert name_from_text("www.corner.example") in found
        mail = [r for r in records if r.owner == name_from_text("UPPER.corner.example")]
        assert mail[0].rdata[2:] == name_from_text("MAIL.Corner.Example")


def test_with_edns_every_message_has_an_opt(corner):
    """RFC 9103 §6.3.4"""
    for message in transfer(corner.at, "cc.example", additional=[opt()]):
        assert message.opt is not None


def test_several_transfers_and_queries_on_one_connection(corner):
    """RFC 5936 §4.1.2"""
    with Tcp(corner.at, timeout=30) as connection:
        connection.send(query("cc.example", "AXFR", ident=1), query("www.corner.example", ident=2),
                        query("corner.example", "AXFR", ident=3), ixfr("star.example", 0, ident=4),
                        query("nl.cc.example", "TXT", ident=5))
        answers, transfers = {}, {1: [], 3: [], 4: []}
        while len(answers) < 2 or not all(
                sum(r.type == SOA for r in got) == 2 for got in transfers.values()):
            message = Message(connection.receive())
            if message.id in transfers:
                transfers[message.id] += message.answer
            else:
                answers[message.id] = message
    assert answers[2].answer and answers[5].answer
    for ident, name in ((1, "cc.example"), (3, "corner.example"), (4, "star.example")):
        expected = [r.key() for r in transfer_records(transfer(corner.at, name))]
        assert [r.key() for r in transfers[ident][:-1]] == expected


def test_many_transfers_at_once(corner):
    """RFC 9103 §6.1"""
    expected = [r.key() for r in transfer_records(transfer(corner.at, "cc.example"))]
    outcomes = []

    def one():
        outcomes.append([r.key() for r in transfer_records(transfer(corner.at, "cc.example"))])
    threads = [threading.Thread(target=one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(outcomes) == 12 and all(outcome == expected for outcome in outcomes)


def test_ixfr_of_an_older_serial_is_the_whole_zone(corner):
    """RFC 1995 §4: without history, and never an error."""
    serial = int.from_bytes(corner.ask("cc.example", "SOA").answer[0].rdata[-20:-16], "big")
    whole = [r.key() for r in transfer_records(transfer(corner.at, "cc.example"))]
    for old in (0, serial - 1, (serial + (1 << 31) + 1) & 0xFFFFFFFF):
        messages = transfer(corner.at, "cc.example", rrtype="IXFR", authority=soa_record(old))
        assert [r.key() for r in transfer_records(messages)] == whole
        assert all(m.question == query("cc.example", "IXFR")[12:] for m in messages)


def test_ixfr_of_the_same_or_a_newer_serial_is_the_soa(corner):
    """RFC 1995 §2"""
    serial = int.from_bytes(corner.ask("cc.example", "SOA").answer[0].rdata[-20:-16], "big")
    for newer in (serial, serial + 1, serial + 0x7FFFFFFF):
        reply = client.tcp(corner.at, ixfr("cc.example", newer & 0xFFFFFFFF))
        assert [record.type for record in reply.answer] == [SOA]


def test_ixfr_by_udp_is_the_soa(corner):
    """RFC 1995 §2: the zone does not fit."""
    reply = client.ask(corner.at, ixfr("cc.example", 1))
    assert reply.has(AA) and [record.type for record in reply.answer] == [SOA]


def test_ixfr_without_a_serial_is_formerr(corner):
    """RFC 1995 §3"""
    octets = query("cc.example", "IXFR")
    assert client.ask(corner.at, octets).rcode == client.tcp(corner.at, octets).rcode == 1


def test_a_slow_reader_gets_the_zone_of_its_beginning(tmp_path):
    """One snapshot while it streams (RFC 5936 §3.1), while publishes go on."""
    site = Site(tmp_path, [zone("cc.example", serial="counter")], tlds="any")
    folder = tmp_path / "contacts"
    folder.mkdir()
    site.config["contacts"] = str(folder)
    site.write()

    def publish(marker):
        for n in range(3000 if marker == 1 else 3):
            (folder / f"t{n}.yaml").write_text(f"""tld: t{n}
registry: Registry {marker} {'x' * 60}
territory: Nowhere
timezone: UTC
languages: [en]
verified: 2026-11-01
verified-by: callback
contacts:
  - role: security
    order: 1
    name: Duty desk {n}
    phone: +44 20 7946 0101
    email: soc{n}@registry.example
    hours: 24x7
""", encoding="utf-8")
        return site.publish()["cc.example"]
    first = publish(1)
    with Contactd(site, name="slow") as server:
        with Tcp(server.at, receive_buffer=4096, timeout=30) as connection:
            connection.send(query("cc.example", "AXFR", ident=1))
            start = Message(connection.receive())
            assert publish(2) == first + 1 and publish(3) == first + 2
            assert b"Registry 3" in server.ask("t1.cc.example").texts()[0][0]
            assert " octets, " not in server.log(), "the transfer is over, nothing was slow"
            rest = list(_rest(connection))
        records = [r for message in [start, *rest] for r in message.answer]
        serials = {r.rdata[-20:-16] for r in records if r.type == SOA}
        assert serials == {first.to_bytes(4, "big")}
        cards = [r for r in records if b"Registry " in r.rdata]
        assert len(cards) == 6000 and all(b"Registry 1" in r.rdata for r in cards)


def _rest(connection):
    """The messages of a transfer behind its first one."""
    while True:
        message = Message(connection.receive())
        yield message
        if message.answer[-1].type == SOA:
            return
