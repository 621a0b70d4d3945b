"""contactd alone: DNS over TCP (RFC 7766, RFC 9210)."""

import contextlib
import json
import resource
import select
import socket
import struct
import time

import pytest

from conftest import SANITIZED, SHORT
from support import client
from support.client import Tcp
from support.contactd import Contactd, Site, program, zone
from support.process import run
from support.tls import resident_kilobytes
from support.wire import QR, TC, Message, opt, query

CARD = query("nl.cc.example", "TXT")
IDLE = 1.0


def counts(server, *names):
    """What `contactctl stats` says of some counters."""
    said = run([program("contactctl"), "-c", server.site.path, "--json", "stats"]).stdout
    return [json.loads(said)[name] for name in names]


def limited(factory, name, limits):
    """A server with these limits that can be asked for its counters."""
    folder = factory.mktemp(name)
    site = Site(folder, [zone("cc.example")], server={"control": f"{folder}/control", **limits})
    site.publish()
    with Contactd(site, name=name) as server:
        yield server


@pytest.fixture(scope="module")
def tight(tmp_path_factory):
    """One worker, eight connections in all, three for a client, a second of silence."""
    yield from limited(tmp_path_factory, "tight", {
        "workers": 1, "tcp-max": 8, "tcp-per-client": 3, "tcp-idle": "1s"})


def test_a_hundred_queries_in_one_write_are_all_answered(served):
    """RFC 7766 §6.2.1.1"""
    labels = served.labels("cc.example")[:100]
    queries = [query(f"{label}.cc.example", "TXT", ident=n) for n, label in enumerate(labels)]
    with Tcp(served.at) as connection:
        connection.send(*queries)
        replies = {}
        for _ in queries:
            reply = Message(connection.receive())
            replies[reply.id] = reply
    for n, octets in enumerate(queries):
        assert replies[n].question == octets[12:] and replies[n].answer


def test_more_answers_than_any_buffer_holds_are_all_sent(corner):
    """A client that first writes 2000 queries and then reads."""
    octets = query("txtmax.corner.example", "TXT")
    with Tcp(corner.at, timeout=20) as connection:
        connection.socket.setblocking(False)
        waiting = (struct.pack("!H", len(octets)) + octets) * 2000
        received, wanted = 0, None
        while wanted is None or received < wanted:
            try:
                waiting = waiting[connection.socket.send(waiting):] if waiting else waiting
            except BlockingIOError:
                pass
            try:
                part = connection.socket.recv(1 << 20)
                if wanted is None:
                    wanted = 2000 * (2 + struct.unpack("!H", part[:2])[0])
                assert part
                received += len(part)
            except BlockingIOError:
                time.sleep(0.0005)
    assert received == wanted


def test_a_message_may_come_octet_by_octet(served):
    """RFC 7766 §8"""
    with Tcp(served.at) as connection:
        for octet in struct.pack("!H", len(CARD)) + CARD:
            connection.socket.sendall(bytes([octet]))
        assert Message(connection.receive()).answer
        # The end of one message, the beginning of the next.
        framed = struct.pack("!H", len(CARD)) + CARD
        connection.socket.sendall(framed + framed[:1])
        assert Message(connection.receive()).answer
        connection.socket.sendall(framed[1:])
        assert Message(connection.receive()).answer


def test_a_connection_may_be_used_again(served):
    """RFC 7766 §6.2.1"""
    with Tcp(served.at) as connection:
        for _ in range(50):
            assert connection.ask(CARD).answer


def test_tcp_needs_no_udp_before_it(served):
    """RFC 9210 §3: answers that would fit a datagram are given by TCP too."""
    assert client.tcp(served.at, query("cc.example", "SOA")).answer


def test_an_answer_in_the_stream_is_skipped(served):
    """Messages with QR set are not answered; what follows is."""
    with Tcp(served.at) as connection:
        connection.send(query("nl.cc.example", "TXT", ident=1, flags=QR),
                        query("nl.cc.example", "TXT", ident=2))
        assert Message(connection.receive()).id == 2


@pytest.mark.parametrize("length", [0, 1, 11])
def test_a_length_below_a_header_ends_the_connection(served, length):
    """Nothing in step can follow; what came before it is answered."""
    with Tcp(served.at) as connection:
        connection.send(CARD, b"x" * length, CARD)
        assert Message(connection.receive()).answer
        assert connection.is_closed(2)


def test_the_longest_message_is_read(served):
    octets = query("nl.cc.example", "TXT", after=b"\0" * (65535 - len(CARD)))
    with Tcp(served.at) as connection:
        assert connection.ask(octets).rcode == 1
        assert connection.ask(CARD).answer


def test_a_half_closed_connection_gets_its_answers(served):
    """RFC 7766 §6.2.4 is about clients that close both ways."""
    with Tcp(served.at) as connection:
        connection.send(*[CARD] * 30)
        connection.socket.shutdown(socket.SHUT_WR)
        for _ in range(30):
            assert Message(connection.receive()).answer
        assert connection.is_closed(2)


def test_clients_that_vanish_leave_nothing_behind(tight):
    """Closed in the middle of a message, with answers on their way, with a reset: more often than
    there are connections."""
    for n in range(40):
        connection = Tcp(tight.at, source=f"127.0.1.{n}")
        if n % 2:
            connection.send(*[CARD] * 50)
        else:
            connection.socket.sendall(struct.pack("!H", 500) + b"x" * (n * 3))
        if n % 3:
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                         struct.pack("ii", 1, 0))
        connection.socket.close()
    time.sleep(0.2)
    for n in range(3):
        with Tcp(tight.at, source="127.0.2.1") as connection:
            assert connection.ask(CARD).answer


def test_an_idle_connection_is_closed_in_time(tight):
    """RFC 7766 §6.2.3; it is counted as idle, not as cut."""
    expired, cut = counts(tight, "tcp-expired", "tcp-cut")
    with Tcp(tight.at) as connection:
        assert connection.ask(CARD).answer
        start = time.monotonic()
        assert connection.is_closed(IDLE * 4)
        assert IDLE * 0.8 < time.monotonic() - start < IDLE * 3
    assert counts(tight, "tcp-expired", "tcp-cut") == [expired + 1, cut]


def test_only_a_whole_message_restarts_the_time(tight):
    """RFC 7766 §6.2.3: an octet now and then does not."""
    with Tcp(tight.at) as connection:
        start = time.monotonic()
        with pytest.raises(OSError):
            for octet in struct.pack("!H", len(CARD)) + CARD:
                connection.socket.sendall(bytes([octet]))
                time.sleep(IDLE / 4)
        assert time.monotonic() - start < IDLE * 4
    with Tcp(tight.at) as connection:
        for _ in range(6):
            assert connection.ask(CARD).answer
            time.sleep(IDLE / 3)


def test_a_client_that_does_not_read_is_closed(tight):
    """Bounded in memory and in time (CVE-2024-0760)."""
    octets = struct.pack("!H", len(CARD)) + CARD
    with Tcp(tight.at, receive_buffer=4096, timeout=IDLE * 10) as connection:
        start = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() - start < IDLE * 9:
                connection.socket.sendall(octets * 1000)
        assert time.monotonic() - start < IDLE * 8


def test_a_client_that_reads_drop_by_drop_is_cut(tight):
    """What is at hand is to be taken within the time as a whole; and it is counted."""
    cut, = counts(tight, "tcp-cut")
    octets = query("_index.cc.example", "TXT")
    with Tcp(tight.at, receive_buffer=4096, timeout=IDLE * 4) as connection:
        connection.send(*[octets] * 110)
        with contextlib.suppress(ConnectionResetError):
            for _ in range(40):
                assert connection.socket.recv(2048)
                time.sleep(IDLE / 10)
    assert counts(tight, "tcp-cut")[0] == cut + 1


def test_a_client_has_only_so_many_connections(tight):
    """RFC 7766 §6.2.2: the limit is per address. One more takes the place of its own longest idle."""
    others = [Tcp(tight.at, source=f"127.0.5.{n}") for n in (2, 3)]
    mine = [Tcp(tight.at, source="127.0.5.1") for _ in range(3)]
    try:
        assert all(connection.ask(CARD).answer for connection in others + mine)
        time.sleep(0.01)
        assert mine[0].ask(CARD).answer
        assert mine[2].ask(CARD).answer
        mine.append(Tcp(tight.at, source="127.0.5.1"))
        assert mine[3].ask(CARD).answer
        assert mine[1].is_closed(IDLE / 2)
        assert mine[0].ask(CARD).answer and mine[2].ask(CARD).answer
        assert all(connection.ask(CARD).answer for connection in others)
    finally:
        for connection in others + mine:
            connection.socket.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Four workers that share ten connections; a client may have six."""
    yield from limited(tmp_path_factory, "shared", {
        "workers": 4, "tcp-max": 10, "tcp-per-client": 6, "tcp-idle": "60s"})


def test_whoever_does_not_ask_makes_room_whichever_worker_has_it(shared):
    """Half messages and silence, of many clients or of the same one: who asks is answered, and nobody
    is refused."""
    evicted, refused = counts(shared, "tcp-evicted", "tcp-refused")
    with contextlib.ExitStack() as held:
        bad = [held.enter_context(Tcp(shared.at, source=f"127.0.9.{n}")) for n in range(1, 11)]
        for connection in bad[::2]:
            connection.socket.sendall(struct.pack("!H", len(CARD)) + CARD[:-1])
        for n in range(30):
            for source in (f"127.0.10.{n + 1}", "127.0.9.99"):
                assert held.enter_context(Tcp(shared.at, source=source)).ask(CARD).answer
        assert all(connection.is_closed(2) for connection in bad)
    now = counts(shared, "tcp-evicted", "tcp-refused")
    assert now[0] - evicted >= len(bad) and now[1] == refused


def test_answers_that_nobody_takes_are_bounded_in_all(corner):
    """Six hundred clients ask for a megabyte each and read nothing: the server holds 32 MB of it, those
    that came first make room, and who reads is answered."""
    count = 60 if SHORT else 600
    memory = resident_kilobytes(corner.process.pid)
    octets = query("txtmax.corner.example", "TXT")
    burst = (struct.pack("!H", len(octets)) + octets) * 20
    cut = select.poll()
    with contextlib.ExitStack() as held:
        for n in range(count):
            connection = held.enter_context(Tcp(corner.at, source=f"127.0.{11 + n // 40}.1",
                                                receive_buffer=4096))
            cut.register(connection.socket, 0)  # nothing but errors
            with contextlib.suppress(OSError):
                connection.socket.sendall(burst)
        assert client.tcp(corner.at, octets, source="127.0.30.1").answer
        if count == 600:
            if not SANITIZED:  # they keep what is freed
                assert resident_kilobytes(corner.process.pid) - memory < 48 << 10
            assert 0 < len(cut.poll(1000)) < count


def test_a_new_client_takes_the_place_of_the_longest_idle(tight):
    """RFC 7766 §6.2.3: idle time may be 0 under load."""
    connections = []
    try:
        for n in range(8):
            connections.append(Tcp(tight.at, source=f"127.0.6.{n + 1}"))
            assert connections[-1].ask(CARD).answer
        with Tcp(tight.at, source="127.0.6.100") as new:
            assert new.ask(CARD).answer
        assert connections[0].is_closed(IDLE / 2)
        assert connections[7].ask(CARD).answer
    finally:
        for connection in connections:
            connection.socket.close()


def test_udp_answers_while_tcp_is_full(tight):
    connections = [Tcp(tight.at, source=f"127.0.7.{n + 1}") for n in range(8)]
    try:
        for _ in range(20):
            assert client.ask(tight.at, CARD).answer
    finally:
        for connection in connections:
            connection.socket.close()


def test_without_descriptors_the_idle_make_room_and_no_core_is_burnt(tmp_path):
    """More clients than open files: a listener that stays readable must not spin."""
    site = Site(tmp_path, [zone("cc.example")], server={"workers": 1})
    site.publish()
    with Contactd(site, name="descriptors") as server:
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (40, 40))
        connections = [Tcp(server.at, source=f"127.0.8.{n + 1}") for n in range(60)]
        try:
            time.sleep(1)
            assert connections[-1].ask(CARD).answer
            before = server.process.cpu_seconds()
            time.sleep(1)
            assert server.process.cpu_seconds() - before < 0.3
            assert client.ask(server.at, CARD).answer
        finally:
            for connection in connections:
                connection.socket.close()
        assert client.tcp(server.at, CARD).answer
        assert server.log().count("cannot accept TCP connections") == 1


def test_truncated_over_udp_is_whole_by_tcp(corner):
    octets = query("big4096.corner.example", "TXT", additional=[opt(512)])
    assert client.ask(corner.at, octets).has(TC)
    reply = client.tcp(corner.at, octets)
    assert not reply.has(TC) and len(reply.answer) == 20
