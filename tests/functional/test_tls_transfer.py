"""Transfers over TLS (RFC 9103), and what clients' certificates open."""

import re

import pytest

from support import client, tls
from support.cases import soa_record
from support.client import transfer_records
from support.contactd import Contactd, Site, zone
from support.process import wait_until
from support.tls import NAME, V12, V13, Tls, context
from support.wire import opt, option, query

CARD = query("nl.cc.example", "TXT")


def test_a_transfer_is_the_same_as_by_tcp(secure):
    by_tls = transfer_records(tls.transfer(secure.tls, "cc.example"))
    by_tcp = transfer_records(client.transfer(secure.at, "cc.example"))
    assert len(by_tls) > 9000
    assert [r.key() for r in by_tls] == [r.key() for r in by_tcp]


def test_each_message_is_padded_where_the_client_pads(secure):
    """RFC 7830 §4, RFC 9103 §7.9.1: to a multiple of 468, but for those that are full."""
    plain = tls.transfer(secure.tls, "cc.example", additional=[opt()])
    padded = tls.transfer(secure.tls, "cc.example", additional=[opt(options=option(12, b"\0"))])
    assert all(12 in message.options() for message in padded)
    assert all(len(m.octets) % 468 == 0 or len(m.octets) == 16384 for m in padded)
    assert not any(12 in message.options() for message in plain)
    assert [r.key() for r in transfer_records(padded)] == [r.key() for r in transfer_records(plain)]


def test_padding_counts_the_signature(secure):
    """RFC 8945 §5.1: the TSIG comes last. kdig pads its queries, and checks signatures."""
    key = f"{tls.SECRET.algorithm}:{tls.SECRET.name}:{tls.SECRET.secret}"
    said = tls.kdig(secure.tls, "+tls", "-y", key, "TXT", "nl.cc.example")
    octets = int(re.search(r"Received (\d+) B", said.stdout)[1])
    assert octets % 468 == 0 and "TSIG" in said.stdout and not said.stderr
    said = tls.kdig(secure.tls, "+tls", "-y", key, "AXFR", "cc.example")
    assert "9773 records" in said.stdout and not said.stderr


def test_kdig_transfers(secure, tls_root, partners, tmp_path):
    """A zone for who comes by TLS, one for who brings a certificate."""
    strict = ("+tls-ca=" + tls_root.path, "+tls-hostname=" + NAME)
    pair = partners.issue(f"{tmp_path}/ns2", names=("ns2.partner.example",), use=tls.CLIENT)
    own = (f"+tls-certfile={pair[0]}", f"+tls-keyfile={pair[1]}")
    count = len(transfer_records(tls.transfer(secure.tls, "tls.example"))) + 1
    for name, arguments in (("tls.example", strict), ("cert.example", strict + own)):
        assert f"{count} records" in tls.kdig(secure.tls, *arguments, "AXFR", name).stdout
    assert "REFUSED" in tls.kdig(secure.tls, *strict, "AXFR", "cert.example").stderr


@pytest.mark.parametrize("made", [context(most=V12), context(alpn=())], ids=["1.2", "no ALPN"])
@pytest.mark.parametrize("name", ["cc.example", "tls.example"])
def test_a_transfer_by_tls_is_by_tls_1_3_with_alpn_dot(secure, made, name):
    """RFC 9103 §7.1, §7.2: whatever opens the zone."""
    for kind in ("AXFR", "IXFR"):
        with Tls(secure.tls, made) as connection:
            counts, soa = (1, 0, 0, 1), b""
            if kind == "IXFR":
                counts = (1, 0, 1, 1)
                soa = soa_record(1)
            reply = connection.ask(query(name, kind, counts=counts, after=soa + opt()))
            assert (reply.rcode, reply.extended_error()[0], reply.answer) == (5, 21, [])
            assert connection.ask(query(name, "SOA")).answer  # queries are fine


def test_a_transfer_refused_for_want_of_alpn_is_told_so(tmp_path, tls_root):
    """To the operator: an acl grants it, and that is not what is missing."""
    pair = tls_root.issue(f"{tmp_path}/server")
    site = Site(tmp_path, [zone("cc.example")], server={"workers": 1, **tls.settings(pair)})
    site.publish()
    with Contactd(site) as server:
        with Tls(server.tls, context(alpn=())) as connection:
            assert connection.ask(query("cc.example", "AXFR")).rcode == 5
        wait_until(lambda: "refused: over TLS it needs TLS 1.3 and ALPN dot" in server.log(), 5)
        assert "no acl grants it" not in server.log()


def test_a_zone_for_tls_has_no_way_in_clear(secure, partners, tmp_path):
    """RFC 9103 §11"""
    known = tls.partner(partners, tmp_path)
    seven = tls.partner(partners, tmp_path, "ns3.partner.example")
    for name, made, source in (("tls.example", None, "127.0.0.1"), ("cert.example", known, None),
                               ("both.example", seven, "127.0.0.7")):
        assert tls.transfer(secure.tls, name, made, source=source)[0].answer
        reply = client.tcp(secure.at, query(name, "AXFR", additional=[opt()]), source=source)
        assert (reply.rcode, reply.extended_error()[0], reply.answer) == (5, 18, [])
        udp = client.ask(secure.at, query(name, "AXFR"), source=source)
        assert udp.rcode != 0 and not udp.answer


def test_both_terms_of_a_remote_must_hold(secure, partners, tmp_path):
    """Address and certificate; TLS and address."""
    two, three = (tls.partner(partners, tmp_path, f"ns{n}.partner.example") for n in (2, 3))
    for name, made, source, rcode in (
            ("both.example", three, "127.0.0.7", 0), ("both.example", three, "127.0.0.8", 5),
            ("both.example", two, "127.0.0.7", 5), ("both.example", None, "127.0.0.7", 5),
            ("tls.example", None, "127.0.0.2", 5), ("cert.example", three, "127.0.0.1", 5)):
        assert tls.transfer(secure.tls, name, made, source=source)[0].rcode == rcode, (name, source)


# Clients' certificates.


def wrong_certificates(partners, folder):
    other = tls.Issuer(folder, "Partners")  # the same name, another key
    name = ("ns2.partner.example",)
    yield "none", None
    yield "another CA", other.issue("other", names=name, use=tls.CLIENT)
    yield "expired", partners.issue("old", names=name, use=tls.CLIENT, begins=-9, ends=-1)
    yield "not yet", partners.issue("young", names=name, use=tls.CLIENT, begins=1)
    yield "for servers", partners.issue("server", names=name, use=tls.SERVER)
    yield "common name", partners.issue("cn", names=(), use=tls.CLIENT, common=name[0])
    yield "wildcard", partners.issue("wild", names=("*.partner.example",), use=tls.CLIENT)
    yield "longer", partners.issue("long", names=("ns2.partner.example.test",), use=tls.CLIENT)


def test_a_bad_certificate_is_none(secure, partners, tmp_path):
    """The handshake goes on, queries are answered, but what asks for a certificate stays closed."""
    for what, pair in wrong_certificates(partners, tmp_path):
        for version in (V12, V13):
            made = context(certificate=pair, most=version)
            assert tls.ask(secure.tls, CARD, made).answer, what
            reply = tls.ask(secure.tls, query("members.example", "SOA", additional=[opt()]), made)
            assert (reply.rcode, reply.extended_error()[0]) == (5, 18), what
            assert tls.transfer(secure.tls, "cert.example", made)[0].rcode == 5, what


def test_a_good_certificate_opens_what_asks_for_it(secure, partners, tmp_path):
    """RFC 9525: any of its names, letter case aside."""
    made = context(certificate=partners.issue(
        f"{tmp_path}/many", names=("x.example", "NS2.Partner.Example"), use=tls.CLIENT))
    assert tls.transfer(secure.tls, "cert.example", made)[0].answer
    for version in (V12, V13):
        member = tls.partner(partners, tmp_path, "member.example")
        member.maximum_version = version
        assert tls.ask(secure.tls, query("nl.members.example", "TXT"), member).answer
    assert tls.transfer(secure.tls, "members.example", member)[0].rcode == 5


def test_a_client_with_a_certificate_shows_it_each_time(secure, partners, tmp_path):
    """A ticket does not carry trust: the certificate may have been withdrawn since."""
    for version in (V12, V13):
        made = tls.partner(partners, tmp_path, "member.example")
        made.maximum_version = version
        with Tls(secure.tls, made) as first:
            assert first.ask(query("nl.members.example", "TXT")).answer
            session = first.socket.session
        with Tls(secure.tls, made, session=session) as second:
            assert not second.socket.session_reused
            assert second.ask(query("nl.members.example", "TXT")).answer


def partner_of_yesterday(partners, folder):
    return tls.partner(partners, folder, begins=-9, ends=-1)


def test_a_certificate_that_ends_meanwhile_counts_no_more(secure, partners, tmp_path):
    made = tls.partner(partners, tmp_path, "member.example", ends=3 / 86400)
    with Tls(secure.tls, made) as connection:
        assert connection.ask(query("nl.members.example", "TXT")).answer
        wait_until(lambda: connection.ask(query("nl.members.example", "TXT")).rcode == 5, 8)
        assert connection.ask(CARD).answer


def test_the_operator_hears_why_a_certificate_is_not_taken(secure, partners, tmp_path):
    """Once a minute: anybody can make such lines."""
    for _ in range(3):
        made = partner_of_yesterday(partners, tmp_path)
        assert tls.ask(secure.tls, CARD, made).answer
    assert secure.log().count("is not taken: ") == 1
