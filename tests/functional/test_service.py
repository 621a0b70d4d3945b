"""contactd at work: publishes under load, killed publishes, reloads, stops."""

import random
import re
import signal
import subprocess
import time

import pytest

from conftest import SHORT
from support import client
from support.activated import ActivatedShared
from support.client import Tcp, transfer, transfer_records
from support.contactd import NOW, Contactd, Site, program, zone
from support.contacts import write_entry
from support.numbered import UDP, Expected
from support.process import SANITIZER, environment, run, wait_until
from support.slow import Liar, SlowReader
from support.trial import Trial
from support.wire import Message, opt, query, txt_strings
from support.witness import BAD, Witness

LABELS = [f"t{n}" for n in range(150)]


class Shop:
    """A site whose every record tells by a marker which publish it is of."""

    def __init__(self, folder):
        self.contacts = folder / "contacts"
        self.contacts.mkdir()
        self.site = Site(folder, [zone("cc.example", serial="counter")], contacts=self.contacts,
                         tlds="any")
        self.markers = {}  # serial: marker
        self.publish(0)

    def write(self, number):
        for label in LABELS:
            write_entry(self.contacts, label, f"marker{number}", contacts=3)

    def publish(self, number):
        self.write(number)
        self.markers[self.site.publish()["cc.example"]] = f"marker{number}".encode()


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def markers_in(records):
    """The markers that TXT records hold."""
    return {marker for r in records if r.type == 16
            for marker in re.findall(rb"marker\d+", r.rdata)}


def check_transfer(server, markers):
    """One transfer is of one publish: SOA, _meta and all cards agree. Returns its serial."""
    records = transfer_records(transfer(server.at, "cc.example"))
    serial = int.from_bytes(records[0].rdata[-20:-16], "big")
    meta = next(r for r in records if r.owner.startswith(b"\x05_meta"))
    assert f"serial={serial};".encode() in b"".join(txt_strings(meta.rdata))
    found = markers_in(records)
    assert len(found) == 1
    assert markers.get(serial, *found) == found.pop()
    return serial


def test_new_contents_are_served_without_a_reload(shop):
    """DESIGN §6: by UDP at once, on TCP connections that are open, too."""
    with Contactd(shop.site) as server, Tcp(server.at) as connection:
        for number in range(1, 4):
            shop.publish(number)
            octets = query("t7.cc.example", "TXT")
            for _ in range(20):
                assert markers_in(client.ask(server.at, octets).answer) == \
                    {f"marker{number}".encode()}
            assert markers_in(connection.ask(octets).answer) == {f"marker{number}".encode()}


# What is done to a server while it is asked; tests/soak does each of them a thousand times.
PUBLISHES, RELOADS, CERTIFICATES, CALLS, RESTARTS = (4, 4, 2, 2, 2) if SHORT else (10, 10, 4, 4, 4)
RATE = 500 if SHORT else 4000


def test_nothing_is_lost_or_wrong_whatever_is_done(tmp_path):
    """By UDP, TCP and TLS: every answer is of one publish, of none that is older than what was seen
    or published before it was asked; so is each transfer. All the time the log is read slowly."""
    with SlowReader() as reader, Trial(
            tmp_path, lambda site: Contactd(site, output=reader.descriptor), rate=RATE, lanes=2,
            tcp_lanes=1, entries=12) as trial:
        trial.compare("publishes", trial.numbered.publish, PUBLISHES)
        trial.compare("reloads", trial.reload, RELOADS)
        trial.compare("certificates", trial.reload_certificate, CERTIFICATES)
        trial.compare("calls of contactctl", trial.hammer_control, CALLS)
        trial.end()
        assert trial.by_tls.counts["answered"] and trial.by_tls.counts["again"] == 0
        assert trial.secondary.done["IXFR"] > 0
    assert not SANITIZER.search(reader.text())


def test_nothing_is_lost_by_a_restart_with_a_new_binary(tmp_path):
    """The service manager keeps the sockets: what comes meanwhile waits in them."""
    with Trial(tmp_path, ActivatedShared, rate=RATE, lanes=2, tcp_lanes=1, entries=12) as trial:
        trial.compare("restarts", trial.restart, RESTARTS)
        trial.end()


@pytest.mark.parametrize("lie,count", [
    (lambda octets: octets[:-1], "wrong"),
    (lambda octets: octets.replace(b"other", b"Other"), "wrong"),
    (lambda octets: octets.replace(b"n00000005", b"n00000006", 1), "mixed"),
    (lambda octets: octets.replace(b"n00000005", b"n00000003"), "back"),
    (lambda octets: octets.replace(b"n00000005", b"n00000007"), "ahead"),
    (lambda octets: None, "lost"),
    (lambda octets: octets, "right")])
def test_the_witness_tells_what_is_wrong(tmp_path, lie, count):
    """What the test above trusts, before a server that lies."""
    head = b"\0\0\x84\0" + bytes(8)
    even, odd = (head + b"n%08d and n%08d " % (n, n) + text
                 for n, text in ((4, b"one"), (5, b"other")))
    expected = Expected(1, [(UDP, query("cc.example", "TXT"))], {0: ([even], 4), 1: ([odd], 5)})
    with Liar(lambda octets: lie(octets[:2] + odd[2:])) as liar, Witness(
            liar.at, expected.write(tmp_path / "expected"), tmp_path, 1, 0, 8,
            patience=0.05) as witness:
        witness.published(5)
        witness.begun(5)
        witness.rate(500)
        wait_until(lambda: witness.tell()["periods"][0][count] > 2, 10, count)
        told = witness.end()["periods"][0]
        assert {word for word in (*BAD, "right", "lost") if told[word]} == {count}


def test_a_publish_that_is_killed_leaves_the_old_contents(shop):
    """kill -9 at any moment: old or new, and the next publish works."""
    rng = random.Random(3)
    with Contactd(shop.site) as server:
        for number in range(1, 16):
            shop.write(number)
            publish = subprocess.Popen(
                [program("zonegen"), "publish", "-c", shop.site.path, "--now", NOW],
                env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rng.random() * 0.08)
            publish.kill()
            publish.wait()
            check_transfer(server, {})
            assert markers_in(server.ask("t5.cc.example").answer)
        shop.publish(99)
        assert check_transfer(server, shop.markers) == max(shop.markers)
    export = shop.site.export("cc.example")
    assert set(re.findall(r"marker\d+", export)) == {"marker99"}


def reload_and_wait(server, words):
    """SIGHUP; waits until the log says so."""
    before = len(server.log())
    server.process.signal(signal.SIGHUP)
    return wait_until(lambda: words in server.log()[before:] and server.log()[before:], 10,
                      f"'{words}' in the log", server.process)


def identity(server):
    return server.ask("id.server", "TXT", rrclass=3).texts()[0][0]


@pytest.fixture
def reloading(tmp_path):
    site = Site(tmp_path, [zone("cc.example")])
    site.publish()
    with Contactd(site) as server:
        yield server


def test_sighup_takes_a_new_configuration(reloading):
    """Identity, acl, zones; connections stay open."""
    site = reloading.site
    with Tcp(reloading.at) as connection:
        assert connection.ask(query("nl.cc.example", "TXT")).answer
        site.config["server"]["identity"] = "second"
        site.config["acl"][0]["address"] = ["127.0.8.0/24"]
        site.config["zone"].append(zone("more.example"))
        site.write()
        reloading.process.signal(signal.SIGHUP)
        wait_until(lambda: identity(reloading) == b"second", 10, "new identity", reloading.process)
        assert connection.ask(query("nl.cc.example", "TXT")).answer
    assert client.tcp(reloading.at, query("cc.example", "AXFR")).rcode == 5
    assert client.tcp(reloading.at, query("cc.example", "AXFR"), source="127.0.8.1").rcode == 0
    assert reloading.ask("nl.more.example").rcode == 2
    site.publish()
    wait_until(lambda: reloading.ask("nl.more.example").rcode == 0, 5, "the new zone is served")


def test_sighup_with_a_wrong_configuration_keeps_the_old_one(reloading):
    site = reloading.site
    with open(site.path, encoding="utf-8") as file:
        good = file.read()
    with open(site.path, "w", encoding="utf-8") as file:
        file.write(good.replace("identity: functional", "identity: other\n    udp-maximum: 1"))
    log = reload_and_wait(reloading, "udp-maximum")
    assert "contactd.conf:" in log
    assert identity(reloading) == b"functional" and reloading.ask("nl.cc.example").answer


@pytest.mark.parametrize("item,value", [("listen", ["127.0.0.1@10001"]), ("workers", 3)])
def test_what_needs_a_restart_is_refused(reloading, item, value):
    site = reloading.site
    site.config["server"].update({item: value, "identity": "other"})
    site.write()
    log = reload_and_wait(reloading, "restart")
    assert item in log
    assert identity(reloading) == b"functional" and reloading.ask("nl.cc.example").answer


def test_a_transfer_outlives_its_zone(reloading):
    """A snapshot of its own: the zone leaves the configuration and the database meanwhile."""
    whole = transfer_records(transfer(reloading.at, "cc.example"))
    with Tcp(reloading.at, receive_buffer=4096, timeout=20) as connection:
        connection.send(query("cc.example", "AXFR"))
        records = Message(connection.receive()).answer
        reloading.site.config["zone"] = [zone("other.example")]
        reloading.site.write()
        reloading.site.publish("--force")
        reloading.process.signal(signal.SIGHUP)
        wait_until(lambda: reloading.ask("nl.cc.example").rcode == 5, 5, "REFUSED")
        while len(records) < 2 or records[-1].type != 6:
            records += Message(connection.receive()).answer
        assert [r.key() for r in records[:-1]] == [r.key() for r in whole]
        # What is asked on the connection now gets an answer from the new configuration.
        assert connection.ask(query("nl.cc.example", "TXT")).rcode == 5


def test_sigterm_finishes_what_is_on_its_way(reloading):
    """Whole answers, then the end; a transfer goes on; exit code 0."""
    with Tcp(reloading.at, timeout=20) as queries, \
            Tcp(reloading.at, receive_buffer=4096, timeout=20) as transfers:
        transfers.send(query("cc.example", "AXFR"))
        transfers.receive()
        queries.send(*[query("nl.cc.example", "TXT")] * 200)
        assert Message(queries.receive()).answer
        start = time.monotonic()
        reloading.process.signal(signal.SIGTERM)
        answered = 1
        while (octets := queries.receive()) is not None:
            assert Message(octets).answer
            answered += 1
        assert answered == 200
        last = None
        while (octets := transfers.receive()) is not None:
            last = Message(octets)
        assert last.answer[-1].type == 6, "the transfer was cut"
        assert reloading.process.wait(10) == 0
        assert time.monotonic() - start < 8


def test_sigterm_leaves_nothing_unanswered_that_was_received(reloading):
    """More than a read or a batch takes, all of it there before the signal is."""
    octets = query("nl.cc.example", "TXT")
    datagrams, messages = 3000, 900
    with client.udp_socket(reloading.at) as by_udp, Tcp(reloading.at, timeout=20) as by_tcp, \
            Tcp(reloading.at, timeout=20) as also_by_tcp:
        assert by_tcp.ask(octets).answer and also_by_tcp.ask(octets).answer
        reloading.process.signal(signal.SIGSTOP)
        for _ in range(datagrams):
            by_udp.send(octets)
        for connection in (by_tcp, also_by_tcp):
            connection.send(*[octets] * messages)
        reloading.process.signal(signal.SIGTERM)
        reloading.process.signal(signal.SIGCONT)
        for connection in (by_tcp, also_by_tcp):
            for _ in range(messages):
                assert Message(connection.receive()).answer
            assert connection.receive() is None
        by_udp.settimeout(2)
        for _ in range(datagrams):
            assert by_udp.recv(4096)
        assert reloading.process.wait(10) == 0


def test_sigterm_does_not_wait_for_the_idle(reloading):
    with Tcp(reloading.at) as idle:
        start = time.monotonic()
        reloading.process.signal(signal.SIGTERM)
        assert idle.is_closed(3)
        assert reloading.process.wait(5) == 0
        assert time.monotonic() - start < 3


def test_contactd_may_start_before_the_first_publish(tmp_path):
    """RFC 8914 §4.15: not ready; and serves as soon as there is something."""
    site = Site(tmp_path, [zone("cc.example")])
    site.publish()
    site.config["zone"].append(zone("later.example"))
    site.write()
    with Contactd(site) as server:
        assert server.ask("nl.later.example", additional=[opt()]).extended_error()[0] == 14
        assert server.ask("nl.cc.example").answer
        site.publish()
        wait_until(lambda: server.ask("nl.later.example").answer, 2, "the new zone is served")


def test_a_zone_that_is_published_no_more_is_refused(reloading):
    """Out of the configuration, out of the database, with a reload."""
    site = reloading.site
    site.config["zone"] = [zone("other.example")]
    site.write()
    site.publish("--force")
    reloading.process.signal(signal.SIGHUP)
    wait_until(lambda: reloading.ask("nl.cc.example").rcode == 5, 5, "REFUSED")
    assert reloading.ask("nl.other.example").answer


def test_the_database_is_only_read(reloading):
    """DESIGN §2: contactd writes nothing but the lock."""
    path = reloading.site.database
    with open(path, "rb") as file:
        before = file.read()
    client.udp_many(reloading.at, [query(f"{n}.cc.example", "TXT") for n in range(500)])
    transfer(reloading.at, "cc.example")
    with open(path, "rb") as file:
        assert file.read() == before


def test_check_says_what_is_wrong_and_where(tmp_path):
    site = Site(tmp_path, [zone("cc.example")])
    assert run([program("contactd"), "--check", "-c", site.path]).returncode == 0
    with open(site.path, "a", encoding="utf-8") as file:
        file.write("zonne: 1\n")
    result = run([program("contactd"), "--check", "-c", site.path])
    assert result.returncode == 1 and "contactd.conf:" in result.stderr
    assert run([program("contactd"), "--nonsense"]).returncode == 64
