"""contactd as a weapon against others: rate limiting, amplification, answers to answers."""

import os
import re
import select
import signal
import socket
import struct
import time

import pytest

from conftest import SHORT
from support import amplification, client, cookies
from support.contactd import Contactd, Site, program, zone
from support.contacts import write_entry
from support.keys import SignedSite
from support.peers import need
from support.process import run, wait_until
from support.wire import QR, TC, Message, name_from_text, opt, query

RATE = 20
CARD = query("t1.cc.example", "TXT")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Four workers, so that a rate for each of them would show; 127.0.9.0/24 is exempt."""
    folder = tmp_path_factory.mktemp("floods")
    contacts = folder / "contacts"
    contacts.mkdir()
    for label in ("t1", "t2", "t3"):
        write_entry(contacts, label, "first")
    site = Site(folder, [zone("cc.example")], contacts=contacts, tlds="any", server={
        "workers": 4, "control": str(folder / "ctl"), "rrl": "on", "rrl-rate": RATE,
        "rrl-octets": "1M", "rrl-exempt": ["127.0.9.0/24"]})
    site.publish()
    return site


@pytest.fixture(scope="module")
def server(site):
    with Contactd(site, addresses=("127.0.0.1", "::1")) as running:
        yield running


def numbers(site):
    """The statistics by name."""
    said = run([program("contactctl"), "-c", site.path, "stats"]).stdout
    return {name: int(value) for name, value in re.findall(r"^contactd_(\w+) (\d+)$", said, re.M)}


def reload(server, **changes):
    config = server.site.config["server"]
    config.update({name.replace("_", "-"): value for name, value in changes.items()})
    server.site.write()
    run([program("contactctl"), "-c", server.site.path, "reload"])


def flood(server, octets, source, count=400, sockets=16):
    """Sends a question from several ports, so that every worker gets some. Replies and how many
    seconds it took, the last one's wait included."""
    began = time.monotonic()
    open_sockets = [client.udp_socket(server.at, source) for _ in range(sockets)]
    for n in range(count):
        open_sockets[n % sockets].send(octets)
    replies = []
    while ready := select.select(open_sockets, [], [], 0.15)[0]:
        replies += [Message(sock.recv(4096)) for sock in ready]
    for sock in open_sockets:
        sock.close()
    return replies, time.monotonic() - began


def whole(replies):
    return [reply for reply in replies if reply.rcode in (0, 3) and not reply.has(TC)]


def most(seconds):
    """A second's burst, and what a second allows for each that has passed."""
    return RATE * (1 + seconds) + 1


def test_all_workers_together_keep_the_rate_and_every_second_one_slips(site, server):
    before = numbers(site)
    replies, seconds = flood(server, CARD, "127.0.1.1")
    answered = whole(replies)
    assert RATE <= len(answered) <= most(seconds)
    slipped = [reply for reply in replies if reply.has(TC)]
    assert all(not reply.answer + reply.authority and reply.question for reply in slipped)
    limited = 400 - len(answered)
    assert abs(len(slipped) - limited / 2) <= 2
    after = numbers(site)
    assert after["rrl_slipped"] - before["rrl_slipped"] >= len(slipped)
    assert after["rrl_dropped"] - before["rrl_dropped"] >= limited - len(slipped) - 1


@pytest.mark.parametrize("kind", ["nxdomain", "wildcard", "nodata", "refused"])
def test_random_names_are_one_kind(server, kind):
    """RRL counts what is answered, not what is asked."""
    form = {"nxdomain": "r{}.cc.example", "wildcard": "r{}.t2.cc.example",
            "nodata": "_security.t{}.cc.example", "refused": "r{}.test"}[kind]
    source = {"nxdomain": "127.0.2.1", "wildcard": "127.0.3.1", "nodata": "127.0.4.1",
              "refused": "127.0.5.1"}[kind]
    answered = 0
    began = time.monotonic()
    with client.udp_socket(server.at, source) as sock:
        sock.settimeout(0.2)
        for n in range(200):
            sock.send(query(form.format(n % 3 + 1 if kind == "nodata" else n), "MX"
                            if kind == "nodata" else "TXT", ident=n))
        try:
            while True:
                reply = Message(sock.recv(4096))
                # Errors slip as they are.
                answered += not reply.has(TC) and (reply.rcode in (0, 3) or reply.id < RATE * 2)
        except socket.timeout:
            pass
    assert RATE <= answered <= most(time.monotonic() - began) + (RATE if kind == "refused" else 0)


def test_others_are_not_limited_with_them(server):
    """Another prefix, another name, an exempt one, and TCP."""
    flood(server, CARD, "127.0.6.1", count=100)
    assert len(whole(flood(server, CARD, "127.0.7.1", count=RATE, sockets=1)[0])) == RATE
    other = query("t3.cc.example", "TXT")
    assert len(whole(flood(server, other, "127.0.6.2", count=RATE, sockets=1)[0])) == RATE
    assert len(whole(flood(server, CARD, "127.0.9.1", count=300)[0])) == 300
    with client.Tcp(server.at, "127.0.6.1") as connection:
        for _ in range(3 * RATE):
            assert connection.ask(CARD).answer


def test_a_good_cookie_is_not_limited_and_a_client_gets_one(server):
    """RFC 7873 §5.2.3, §5.2.5"""
    wish = query("t1.cc.example", "TXT", additional=[cookies.cookie_option(cookies.PLAIN)])
    replies, _ = flood(server, wish, "127.0.8.1", count=4 * RATE, sockets=1)
    bad = [reply for reply in replies if reply.rcode == 23]
    assert bad and all(not reply.answer and not reply.has(TC) for reply in bad)
    good = query("t1.cc.example", "TXT",
                 additional=[cookies.cookie_option(bad[0].options()[cookies.CODE])])
    assert len(whole(flood(server, good, "127.0.8.1", count=5 * RATE)[0])) == 5 * RATE


def test_dig_has_its_answer_whatever_happens_in_its_name(server):
    """With a cookie after BADCOOKIE, without one by TCP."""
    need("dig")
    reload(server, rrl_slip=1)
    flood(server, CARD, "127.0.10.1", count=3 * RATE)
    for options in (["+cookie"], ["+nocookie"]):
        said = run(["dig", "@127.0.0.1", "-p", str(server.port), "-b", "127.0.10.1",
                    "t1.cc.example", "TXT", *options]).stdout
        assert "status: NOERROR" in said and re.search(r"ANSWER: [1-9]", said)
    reload(server, rrl_slip=2)


def test_octets_are_limited_whatever_is_asked(server):
    reload(server, rrl_octets=4096)
    octets = 0
    began = time.monotonic()
    with client.udp_socket(server.at, "127.0.11.1") as sock:
        sock.settimeout(0.2)
        for n in range(60):
            sock.send(query(f"t{n % 3 + 1}.cc.example", "TXT", ident=n))
        try:
            while True:
                reply = sock.recv(4096)
                octets += 0 if Message(reply).has(TC) else len(reply) + 28
        except socket.timeout:
            pass
    assert 0 < octets <= 4096 * (1 + time.monotonic() - began) + 500
    reload(server, rrl_octets="1M")


def test_the_log_tells_which_prefix_is_limited_once(server):
    flood(server, CARD, "127.0.12.1", count=3 * RATE)
    line = "rate limiting of 127.0.12.0/24 begins"
    wait_until(lambda: line in server.log(), 5, line, server.process)
    flood(server, CARD, "127.0.12.2", count=3 * RATE)
    assert server.log().count(line) == 1


def test_rate_limiting_is_switched_by_a_reload(server):
    reload(server, rrl="off")
    assert len(whole(flood(server, CARD, "127.0.13.1", count=100)[0])) == 100
    reload(server, rrl="on")
    assert len(whole(flood(server, CARD, "127.0.13.1", count=200)[0])) < 200


# Never an answer to an answer.


def _answers(limit=16):
    """What others send as answers: every opcode, with a question, without, errors, whole ones."""
    for opcode in range(limit):
        yield query("t1.cc.example", "TXT", flags=QR, opcode=opcode)
        yield struct.pack("!6H", 1, QR | opcode << 11 | 1, 0, 0, 0, 0)
        yield query("t1.cc.example", "TXT", flags=QR, opcode=opcode, additional=[opt(version=9)])
        yield query("t1.cc.example", "TXT", flags=QR, opcode=opcode, after=b"\xff" * 9)


def test_answers_get_no_answer_by_udp_and_tcp(server):
    with client.udp_socket(server.at, "127.0.9.2") as sock, \
            client.Tcp(server.at, "127.0.9.2") as connection:
        for octets in _answers():
            sock.send(octets)
            connection.send(octets)
        sentinel = query("t1.cc.example", "TXT", ident=0x4711)
        sock.send(sentinel)
        connection.send(sentinel)
        sock.settimeout(2)
        assert Message(sock.recv(4096)).id == 0x4711
        assert Message(connection.receive()).id == 0x4711


def _forged(source, port, target, octets):
    """A datagram of IPv4 that comes from elsewhere."""
    udp = struct.pack("!4H", port, target[1], 8 + len(octets), 0) + octets
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0,
                       socket.inet_aton(source), socket.inet_aton(target[0])) + udp


@pytest.mark.skipif(os.geteuid() != 0, reason="forging an address takes root")
def test_a_question_in_its_own_name_ends_with_the_answer(site, server):
    """Forged from the server's own address and port: it answers itself once, and not its answer,
    whether that is an answer or an error (CVE-2024-2169)."""
    before = numbers(site)
    asked = [CARD, query("t1.cc.example", "TXT", opcode=5), CARD[:-1], query("x.test", "A")]
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for octets in asked:
            raw.sendto(_forged("127.0.0.1", server.port, server.at, octets), ("127.0.0.1", 0))

    def come():
        return numbers(site)["udp4_queries"] - before["udp4_queries"]
    wait_until(lambda: come() >= 2 * len(asked), 5, "the server's own answers", server.process)
    time.sleep(0.2)
    assert come() == 2 * len(asked)
    assert numbers(site)["dropped"] - before["dropped"] == len(asked)


# Amplification.


@pytest.fixture(scope="module")
def weighed(tmp_path_factory):
    """The sample, signed and not, under names of the same length; and what it has."""
    folder = tmp_path_factory.mktemp("amplification")
    site = SignedSite(folder, [zone("cc.example"), zone("dd.example", dnssec="off")])
    site.publish()
    with Contactd(site, name="weighed") as running:
        yield running


def _ask_all(server, forms):
    found = []
    for domain in ("cc.example", "dd.example"):
        records = client.transfer_records(client.transfer(server.at, domain))
        asked = amplification.questions({r.owner for r in records}, {r.type for r in records},
                                        name_from_text(domain), every=400 if SHORT else 120)
        found += amplification.weigh(server.at, asked, forms)
    return sorted(found, reverse=True)


def test_no_answer_outweighs_its_question_by_more_than_promised(weighed):
    """10 without EDNS, 18 with; none has more than 1232 octets. All of them: bench/amplification."""
    found = _ask_all(weighed, ("no EDNS", "EDNS", "EDNS, DO"))
    assert amplification.heaviest(found, edns=False).ratio <= 10
    assert amplification.heaviest(found, edns=True).ratio <= 18
    assert max(one.answered for one in found) <= 1232
    for name in ("cc.example", "t1.test"):
        messages = amplification.malformed(name)
        for message, reply in zip(messages, client.udp_many(weighed.at, messages)):
            assert len(reply) + 28 <= 2 * (len(message) + 28)


def test_ten_for_all_where_clients_without_a_cookie_get_512_octets(weighed):
    weighed.site.config["server"]["nocookie-udp-max"] = 512
    weighed.site.write()
    weighed.process.signal(signal.SIGHUP)
    wait_until(lambda: "reloaded" in weighed.log(), 10, "reloaded", weighed.process)
    found = _ask_all(weighed, ("EDNS, DO",))
    assert found[0].ratio <= 10 and max(one.answered for one in found) <= 512
    # With a good cookie a large answer comes whole.
    given = cookies.fetch(weighed.at)
    large = query("_schema.cc.example", "TXT",
                  additional=[cookies.cookie_option(given)])
    reply = client.ask(weighed.at, large)
    assert len(reply.octets) > 512
    assert client.ask(weighed.at, query("_schema.cc.example", "TXT",
                                        additional=[opt(4096)])).has(TC)


def test_a_large_answer_goes_to_who_asks_with_a_large_question_or_a_cookie(corner_site):
    """Not more than 18 times what was sent, where udp-max lets larger ones out."""
    before = corner_site.config["server"]
    corner_site.config["server"] = dict(before, **{"udp-max": 4096})
    try:
        with Contactd(corner_site, name="wide") as wide:
            asked = query("big4096.corner.example", "TXT", additional=[opt(4096)])
            reply = client.ask(wide.at, asked)
            assert reply.has(TC) and len(reply.octets) + 28 <= 18 * (len(asked) + 28)
            with_cookie = [opt(4096, options=b"\0\12\0\30" + cookies.fetch(
                wide.at, "corner.example"))]
            reply = client.ask(wide.at, query("big1232.corner.example", "TXT",
                                              additional=with_cookie))
            assert not reply.has(TC) or len(reply.octets) > 1200
            assert len(client.ask(wide.at, query("big4096.corner.example", "TXT",
                                                 additional=with_cookie)).octets) > 2000
    finally:
        corner_site.config["server"] = before
