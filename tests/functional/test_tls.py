"""contactd alone: DNS over TLS (RFC 7858)."""

import contextlib
import random
import socket
import ssl
import struct
import subprocess
import time

import pytest

from conftest import SANITIZED
from support import client, tls
from support.client import Tcp
from support.contactd import Contactd, Site, zone
from support.process import SLOW, wait_until
from support.renegotiation import APPLICATION, Renegotiating
from support.tls import NAME, V12, V13, Tls, context, frame
from support.wire import Message, opt, option, query

CARD = query("nl.cc.example", "TXT")
PADDING = 12
IDLE = 1.0


# What it answers.


@pytest.mark.parametrize("version", [V12, V13], ids=["1.2", "1.3"])
def test_queries_are_answered_by_tls_1_2_and_1_3(secure, tls_root, version):
    """RFC 7858 §3; the name in the certificate and its chain are checked."""
    with Tls(secure.tls, context(tls_root.path, least=version, most=version)) as connection:
        assert connection.ask(CARD).texts() == client.tcp(secure.at, CARD).texts()
        assert connection.socket.selected_alpn_protocol() == "dot"
        assert connection.socket.compression() is None
        assert connection.socket.cipher()[0].endswith(("GCM-SHA256", "GCM-SHA384", "POLY1305",
                                                       "POLY1305_SHA256", "GCM_SHA384"))


def test_kdig_asks_and_checks_the_name(secure, tls_root):
    strict = ("+tls-ca=" + tls_root.path, "+tls-hostname=" + NAME)
    said = tls.kdig(secure.tls, *strict, "TXT", "nl.cc.example").stdout
    assert "TLS session (TLS1.3)" in said and "status: NOERROR" in said and "PADDING" in said
    other = tls.kdig(secure.tls, strict[0], "+tls-hostname=other.example", "+retry=0", "TXT",
                     "nl.cc.example")
    assert "NOERROR" not in other.stdout



def test_ipv6(secure):
    assert tls.ask(("::1", secure.tls[1]), CARD).answer


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_1_1_is_refused(secure):
    weak = context(least=ssl.TLSVersion.TLSv1, most=ssl.TLSVersion.TLSv1_1)
    weak.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError, match="(?i)alert.protocol.version"):
        Tls(secure.tls, weak)


def test_only_forward_secret_ciphers_with_aead(secure):
    """BCP 195, which RFC 7858 §3.2 asks for."""
    weak = context(most=V12)
    weak.set_ciphers("AES128-SHA:AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError, match="(?i)alert.handshake.failure"):
        Tls(secure.tls, weak)


def test_alpn_is_dot_or_absent(secure):
    """RFC 7301: who names protocols, and not ours, is told so."""
    with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
        Tls(secure.tls, context(alpn=("h2", "http/1.1")))
    with Tls(secure.tls, context(alpn=("h2", "dot"))) as connection:
        assert connection.socket.selected_alpn_protocol() == "dot"
    with Tls(secure.tls, context(alpn=())) as connection:
        assert connection.ask(CARD).answer


def test_clear_text_is_not_answered_on_the_tls_port(secure):
    """RFC 7858 §3.1"""
    reply = tls.raw(secure.tls, frame(CARD), wait=2)
    assert b"\x02nl" not in reply and len(reply) <= 7  # nothing, or a TLS alert
    assert client.udp(secure.tls, CARD, timeout=0.2, tries=1) is None


def test_sessions_are_resumed_without_early_data(secure):
    """RFC 7858 §3.4; early data could be replayed."""
    for version in (V12, V13):
        made = context(alpn=("dot",), least=version, most=version)
        with Tls(secure.tls, made) as first:
            assert first.ask(CARD).answer
            session = first.socket.session
        with Tls(secure.tls, made, session=session) as second:
            assert second.socket.session_reused and second.ask(CARD).answer
    said = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{secure.tls[1]}",
                           "-alpn", "dot"], input="", capture_output=True, text=True, timeout=10,
                          check=False).stdout
    assert "Max Early Data: 0" in said or "Max Early Data" not in said


# Octets as they come.


def test_a_hundred_queries_in_one_record_are_all_answered(secure):
    """RFC 7858 §3.3"""
    queries = [query("nl.cc.example", "TXT", ident=n) for n in range(100)]
    with Tls(secure.tls) as connection:
        connection.send(*queries)
        assert [Message(connection.receive()).id for _ in queries] == list(range(100))


@pytest.mark.parametrize("size", [1, 7, 16384])
def test_messages_may_come_in_records_of_any_size(secure, size):
    with Tls(secure.tls) as connection:
        connection.send_records(frame(*[CARD] * (20 if size < 16384 else 2000)), size)
        for _ in range(20 if size < 16384 else 2000):
            assert Message(connection.receive()).answer
        assert connection.ask(CARD).answer


def test_more_answers_than_any_buffer_holds_are_all_sent(secure):
    """A client that writes a thousand queries for a long answer before it reads."""
    octets = query("_index.cc.example", "TXT")
    with Tls(secure.tls, timeout=20, receive_buffer=65536) as connection:
        connection.socket.setblocking(False)
        waiting, received, wanted = frame(octets) * 1000, 0, None
        while wanted is None or received < wanted:
            with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
                while waiting:
                    waiting = waiting[connection.socket.send(waiting[:16384]):]
            try:
                part = connection.socket.recv(1 << 18)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                time.sleep(0.0005)
                continue
            if wanted is None:
                wanted = 1000 * (2 + struct.unpack("!H", part[:2])[0])
            assert part
            received += len(part)
    assert received == wanted


def test_the_longest_message_is_read(secure):
    octets = query("nl.cc.example", "TXT", after=b"\0" * (65535 - len(CARD)))
    with Tls(secure.tls) as connection:
        assert connection.ask(octets).rcode == 1
        assert connection.ask(CARD).answer


def test_a_client_that_says_goodbye_gets_its_answers_and_a_goodbye(secure):
    """RFC 7858 §3.4: close_notify."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    talk = context().wrap_bio(incoming, outgoing, server_hostname=NAME)
    with socket.create_connection(secure.tls, timeout=5) as connection:

        def step(action):
            while True:
                try:
                    return action()
                except ssl.SSLWantReadError:
                    connection.sendall(outgoing.read())
                    octets = connection.recv(65536)
                    incoming.write(octets) if octets else incoming.write_eof()

        step(talk.do_handshake)
        talk.write(frame(*[CARD] * 30))
        with contextlib.suppress(ssl.SSLWantReadError):
            talk.unwrap()  # close_notify right behind the queries
        connection.sendall(outgoing.read())
        octets = b"x"
        while octets:
            octets = connection.recv(65536)
            incoming.write(octets)
        incoming.write_eof()
        plain = b""
        with pytest.raises(ssl.SSLZeroReturnError):  # the end without close_notify: SSLEOFError
            while True:
                plain += talk.read(1 << 20)
    assert len(plain) == 30 * (2 + len(client.tcp(secure.at, CARD).octets))


def test_an_idle_connection_is_closed_with_a_goodbye(tight):
    with Tls(tight.tls) as connection:
        assert connection.ask(CARD).answer
        connection.socket.settimeout(5)
        assert connection.socket.recv(1) == b""  # the end without close_notify: SSLEOFError


# Padding.


def test_replies_are_padded_where_the_client_pads(secure):
    """RFC 7830 §4; RFC 8467: a multiple of 468."""
    padded = [opt(options=option(PADDING, b"\0" * 9))]
    for name in ("nl.cc.example", "_index.cc.example", "no-such.cc.example"):
        reply = tls.ask(secure.tls, query(name, "TXT", additional=padded))
        assert len(reply.octets) % 468 == 0
        assert set(reply.options()[PADDING]) <= {0}
    assert PADDING not in tls.ask(secure.tls, query("nl.cc.example", "TXT",
                                                    additional=[opt()])).options()


def test_what_is_not_encrypted_is_not_padded(secure):
    """RFC 7830 §6"""
    padded = query("nl.cc.example", "TXT", additional=[opt(options=option(PADDING, b"\0" * 9))])
    assert PADDING not in client.tcp(secure.at, padded).options()
    assert PADDING not in client.ask(secure.at, padded).options()


def test_keepalive_is_told_by_tls(secure):
    """RFC 7828 §3.3.2"""
    assert tls.ask(secure.tls, query("nl.cc.example", "TXT",
                                     additional=[opt()])).options()[11] == struct.pack("!H", round(100 * SLOW))


# Limits: those of TCP.


@pytest.fixture(scope="module")
def tight(tmp_path_factory, tls_root):
    """One worker, eight connections in all, three for a client, a second of silence."""
    folder = tmp_path_factory.mktemp("tight")
    site = Site(folder, [zone("cc.example")], server={
        "workers": 1, "tcp-max": 8, "tcp-per-client": 3, "tcp-idle": "1s",
        **tls.settings(tls_root.issue(f"{folder}/server"))}, log={"level": "debug"})
    site.publish()
    with Contactd(site, name="tight") as server:
        server.quiet = tls.descriptors(server.process.pid)
        yield server


def calm_down(server):
    """Waits until no accepted connection is left; some may be on their way to be accepted, and count
    for their client."""
    wait_until(lambda: tls.descriptors(server.process.pid) <= server.quiet, 5, "no connection")


def is_cut(connection, seconds):
    connection.settimeout(seconds)
    try:
        return connection.recv(1) == b""
    except socket.timeout:
        return False
    except OSError:
        return True


def test_a_client_has_so_many_connections_by_tcp_and_tls_together(tight):
    calm_down(tight)
    with Tls(tight.tls, source="127.0.2.1") as first, Tcp(tight.at, source="127.0.2.1") as second, \
            Tls(tight.tls, source="127.0.2.1") as third:
        for connection in (first, second, third):
            assert connection.ask(CARD).answer
        with Tls(tight.tls, source="127.0.2.1") as fourth:
            assert is_cut(first.socket, 2) and fourth.ask(CARD).answer
        for connection in (second, third):
            assert connection.ask(CARD).answer


def test_the_idle_make_room(tight):
    """Those whose handshake has not begun among them."""
    calm_down(tight)
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(Tcp(tight.tls, source=f"127.0.3.{n}")) for n in range(1, 9)]
        late = held.enter_context(Tls(tight.tls, source="127.0.3.9"))
        assert late.ask(CARD).answer
        assert is_cut(sockets[0].socket, 0.5) and not is_cut(sockets[7].socket, 0.05)


@pytest.mark.parametrize("stage", ["nothing", "half a hello", "a hello", "no query"])
def test_the_silent_are_cut_at_every_stage(tight, stage):
    hello = tls.recorded_hello()
    calm_down(tight)
    begun = time.monotonic()
    if stage == "no query":
        with Tls(tight.tls) as connection:
            assert is_cut(connection.socket, 3)
    else:
        with Tcp(tight.tls) as connection:
            connection.socket.sendall({"nothing": b"", "half a hello": hello[:100],
                                       "a hello": hello}[stage])
            while connection.socket.recv(65536):
                pass
    assert 0.9 < time.monotonic() - begun < 3


def test_a_handshake_octet_by_octet_is_cut(tight):
    """The time does not start again with each octet."""
    hello = tls.recorded_hello()
    begun = time.monotonic()
    with Tcp(tight.tls) as connection, contextlib.suppress(OSError):
        for octet in hello:
            connection.socket.sendall(bytes([octet]))
            time.sleep(0.01)
            if time.monotonic() - begun > 3:
                break
        assert is_cut(connection.socket, 1)
    assert time.monotonic() - begun < 3


def test_octets_that_hold_no_message_do_not_buy_time(tight):
    """Half a message in many records."""
    with Tls(tight.tls) as connection:
        begun = time.monotonic()
        with contextlib.suppress(OSError):
            connection.socket.sendall(b"\1\0")
            while time.monotonic() - begun < 4:
                connection.socket.sendall(b"x")
                time.sleep(0.05)
        assert time.monotonic() - begun < 3


# Clients that do not keep to the rules.


def test_whatever_comes_instead_of_a_handshake_does_no_harm(tight):
    """Every prefix of a ClientHello, then the end; garbage; a flipped octet. Nothing is left."""
    hello = tls.recorded_hello()
    dice = random.Random(9103)
    calm_down(tight)
    assert tls.ask(tight.tls, CARD, source="127.0.9.9").answer
    memory = tls.resident_kilobytes(tight.process.pid)
    for number in range(0, len(hello)):
        tls.raw(tight.tls, hello[:number])
    for _ in range(300):
        flipped = bytearray(hello)
        flipped[dice.randrange(len(hello))] ^= 1 << dice.randrange(8)
        tls.raw(tight.tls, bytes(flipped))
        tls.raw(tight.tls, dice.randbytes(dice.randrange(1, 600)))
        tls.raw(tight.tls, b"\x16\x03\x01" + dice.randbytes(dice.randrange(1, 600)))
    calm_down(tight)
    assert tls.ask(tight.tls, CARD, source="127.0.9.9").answer
    assert "no TLS with " in tight.log()
    if not SANITIZED:  # sanitizers keep what is freed
        assert tls.resident_kilobytes(tight.process.pid) - memory < 2048


def test_closing_at_every_stage_leaves_nothing_behind(tight):
    """With a reset and without, before the handshake's end, with answers on their way."""
    for n in range(60):
        with contextlib.suppress(OSError, ssl.SSLError):
            connection = (Tcp if n % 3 == 0 else Tls)(tight.tls, source=f"127.0.4.{n + 1}")
            if n % 3 == 0:
                connection.socket.sendall(tls.recorded_hello())
            else:
                connection.send(*[CARD] * (n % 5 * 200))
            if n % 2:
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                             struct.pack("ii", 1, 0))
            connection.socket.close()
    calm_down(tight)
    assert tls.ask(tight.tls, CARD, source="127.0.9.9").answer


def test_a_renegotiation_is_not_done(secure):
    """The client asks for one and gets nothing of it."""
    said = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{secure.tls[1]}", "-tls1_2"],
        input="R\n", capture_output=True, text=True, timeout=10, check=False)
    assert "no renegotiation" in said.stderr
    assert tls.ask(secure.tls, CARD).answer


def test_who_goes_on_renegotiating_is_cut(tight):
    """After what an honest client could want of it; until then queries are answered."""
    calm_down(tight)
    with Renegotiating(tight.tls, source="127.0.12.1") as connection:
        connection.socket.sendall(connection.renegotiations(3) +
                                  connection.record(APPLICATION, frame(CARD)))
        connection.socket.settimeout(5)
        heard = connection.socket.recv(65536)
        while len(heard) < 200:  # three alerts and the answer
            heard += connection.socket.recv(65536)
        connection.socket.sendall(connection.renegotiations(200))
        assert connection.is_cut(IDLE / 2)
    assert tls.ask(tight.tls, CARD).answer


def test_memory_of_idle_connections(secure):
    """What tls_session.h says, with room; and they give it back."""
    if SANITIZED:
        pytest.skip("sanitizers keep what is freed")
    count, connections = 200, []
    with contextlib.ExitStack() as held:
        for n in range(count + 20):
            if n == 20:
                before = tls.resident_kilobytes(secure.process.pid)
            connection = held.enter_context(Tls(secure.tls, source=f"127.0.{5 + n // 20}.1"))
            assert connection.ask(CARD).answer
            connections.append(connection)
        each = (tls.resident_kilobytes(secure.process.pid) - before) / count
    assert each < 32
