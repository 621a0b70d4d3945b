"""The server's own certificate: what is wrong with it, what ends, what is renewed."""

import shutil
import signal
import subprocess

import pytest

from support import client, tls
from support.client import Tcp, transfer_records
from support.contactd import Contactd, Site, program, zone
from support.process import run, wait_until
from support.ports import Port
from support.tls import Tls, context
from support.wire import Message, query

CARD = query("nl.cc.example", "TXT")


def check(site):
    return run([program("contactd"), "--check", "-c", site.path])


def start_fails(site):
    result = run([program("contactd"), "-c", site.path], timeout=20)
    assert result.returncode == 1
    return result.stderr


@pytest.fixture
def plain_site(tmp_path):
    site = Site(tmp_path, [zone("cc.example")], server={"workers": 1})
    site.publish()
    return site


def test_what_is_wrong_with_the_files_is_said(plain_site, tls_root, tmp_path):
    """By --check and by a start, which is then refused."""
    good, key = tls_root.issue(f"{tmp_path}/good")
    _, alien = tls_root.issue(f"{tmp_path}/alien")
    young = tls_root.issue(f"{tmp_path}/young", begins=2)
    text = tls_root.write(f"{tmp_path}/text", b"no certificate\n")
    withdrawn = tls_root.write(f"{tmp_path}/withdrawn", tls_root.withdraw([]))
    locked = tls_root.write(f"{tmp_path}/locked", subprocess.run(
        ["openssl", "pkey", "-in", key, "-aes128", "-passout", "pass:x"], capture_output=True,
        check=True).stdout)
    for items, file, words in (
            ({"tls-cert": "/nonexistent/x"}, "/nonexistent/x", "cannot be read: no such file"),
            ({"tls-key": "/nonexistent/x"}, "/nonexistent/x", "cannot be read: no such file"),
            ({"tls-ca": "/nonexistent/x"}, "/nonexistent/x", "cannot be read: no such file"),
            ({"tls-cert": tmp_path}, tmp_path, "is not a plain file"),
            ({"tls-cert": text}, text, "holds no certificate that can be used"),
            ({"tls-key": text}, text, "holds no private key that can be used"),
            ({"tls-ca": text}, text, "holds no certificate that can be used"),
            ({"tls-ca": withdrawn}, withdrawn, "holds no certificate that can be used"),
            ({"tls-key": locked}, locked, "holds no private key that can be used, in PEM, without"),
            ({"tls-key": alien}, alien, f"does not fit the certificate in {good}"),
            ({"tls-cert": young[0], "tls-key": young[1]}, young[0], "certificate 1 is valid from")):
        held = Port(), Port()
        plain_site.config["server"].pop("tls-ca", None)
        plain_site.config["server"].update({
            "listen": [f"127.0.0.1@{held[0].number}"],
            "tls-listen": [f"127.0.0.1@{held[1].number}"], **tls.settings((good, key)), **items})
        plain_site.write()
        for port in held:
            port.release()
        result = check(plain_site)
        assert result.returncode == 1
        assert f"{file}: error: {words}" in result.stderr
        assert f" error {file}: {words}" in start_fails(plain_site)


@pytest.mark.parametrize("days,level,words", [
    (200, None, None), (20.5, "warning", ": the certificate expires in 20 days, on "),
    (1.5, "error", ": the certificate expires in 1 day, on "),
    (-1, "error", ": the certificate expired on ")])
def test_a_certificate_that_ends_soon_is_spoken_of(plain_site, tls_root, tmp_path, days, level,
                                                   words):
    """At the start, by --check, and it is served all the same; likewise at a reload."""
    pair = tls_root.issue(f"{tmp_path}/server", begins=-30, ends=days)
    plain_site.config["server"].update(tls.settings(pair))
    with Contactd(plain_site) as server:
        assert tls.ask(server.tls, CARD).answer
        server.process.signal(signal.SIGHUP)
        wait_until(lambda: "reloaded" in server.log(), 5)
        said = [line for line in server.log().splitlines() if ": the certificate" in line]
        result = check(plain_site)
        assert result.returncode == 0
        if level:
            assert len(said) == 2 and all(f" {level} " in line and words in line for line in said)
            assert words in result.stderr
        else:
            assert not said and not result.stderr


def test_a_chain_that_ends_before_the_certificate_is_spoken_of(plain_site, tls_root, tmp_path):
    middle = tls.Issuer(tmp_path, "Short", above=tls_root, days=3.5)
    plain_site.config["server"].update(tls.settings(middle.issue("s", chain=[middle.certificate])))
    with Contactd(plain_site) as server:
        wait_until(lambda: "certificate 2 of the chain expires in 3 days" in server.log(), 5)


def serial_of_certificate(server):
    with Tls(server.tls) as connection:
        return connection.socket.getpeercert(binary_form=True)


def test_a_renewed_certificate_is_taken_without_dropping_anyone(tmp_path, tls_root):
    """While a transfer runs and a connection is idle; tickets of before are of no more use."""
    pair = tls_root.issue(f"{tmp_path}/server")
    site = Site(tmp_path, [zone("cc.example")], server={"workers": 2, **tls.settings(pair)})
    site.publish()
    with Contactd(site) as server:
        old = serial_of_certificate(server)
        with Tls(server.tls) as idle, Tls(server.tls, receive_buffer=4096) as slow:
            assert idle.ask(CARD).answer
            slow.send(query("cc.example", "AXFR"))
            first = Message(slow.receive())
            fresh = tls_root.issue(f"{tmp_path}/fresh")
            for source, target in zip(fresh, pair):
                shutil.copy(source, target)
            server.process.signal(signal.SIGHUP)
            wait_until(lambda: "reloaded" in server.log(), 5)
            assert serial_of_certificate(server) != old
            messages = [first]
            while sum(r.type == 6 for m in messages for r in m.answer) < 2:
                messages.append(Message(slow.receive()))
            assert len(transfer_records(messages)) > 9000
            assert idle.ask(CARD).answer
            assert idle.socket.getpeercert(binary_form=True) == old
        assert server.log().index("reloaded") < server.log().index(" done: ")


def test_a_reload_with_a_bad_certificate_keeps_the_old_one(tmp_path, tls_root):
    pair = tls_root.issue(f"{tmp_path}/server")
    site = Site(tmp_path, [zone("cc.example")], server={"workers": 1, **tls.settings(pair)})
    site.publish()
    with Contactd(site) as server:
        old = serial_of_certificate(server)
        shutil.copy(tls_root.issue(f"{tmp_path}/other")[1], pair[1])
        server.process.signal(signal.SIGHUP)
        wait_until(lambda: "the configuration stays as it was" in server.log(), 5)
        assert "does not fit the certificate" in server.log()
        assert serial_of_certificate(server) == old and client.tcp(server.at, CARD).answer


def test_a_partner_taken_out_of_tls_ca_is_none_after_a_reload(tmp_path, tls_root, partners):
    own = context(certificate=partners.issue(f"{tmp_path}/member", names=("member.example",),
                                             use=tls.CLIENT))
    known = tls_root.write(f"{tmp_path}/known.pem", open(f"{tmp_path}/member.pem", "rb").read())
    site = Site(tmp_path, [zone("cc.example", audience="members", acl=["members"])],
                server={"workers": 1, **tls.settings(tls_root.issue(f"{tmp_path}/server"),
                                                 **{"tls-ca": known})},
                acl=[{"id": "members", "cert-hostname": "member.example", "action": "query"}])
    site.publish()
    with Contactd(site) as server:
        # The client's own certificate may stand there, whoever signed it.
        assert tls.ask(server.tls, CARD, own).answer
        shutil.copy(tls_root.path, known)
        server.process.signal(signal.SIGHUP)
        wait_until(lambda: "reloaded" in server.log(), 5)
        assert tls.ask(server.tls, CARD, own).rcode == 5


@pytest.mark.parametrize("days", [30, -1], ids=["in time", "overdue"])
def test_who_signed_can_withdraw_a_certificate(tmp_path, tls_root, partners, days):
    """By a list in tls-ca. One that is overdue holds on; who has none withdrew nothing."""
    pairs = {name: partners.issue(f"{tmp_path}/{name}", names=("member.example",), use=tls.CLIENT)
             for name in ("withdrawn", "other")}
    pairs["without a list"] = tls_root.issue(f"{tmp_path}/root", names=("member.example",),
                                             use=tls.CLIENT)
    known = tls_root.write(f"{tmp_path}/known.pem", b"".join(
        open(path, "rb").read() for path in (tls_root.path, partners.path))
        + partners.withdraw([pairs["withdrawn"][0]], days))
    site = Site(tmp_path, [zone("cc.example", audience="members", acl=["members"])],
                server={"workers": 1, **tls.settings(tls_root.issue(f"{tmp_path}/server"),
                                                     **{"tls-ca": known})},
                acl=[{"id": "members", "cert-hostname": "member.example", "action": "query"}])
    site.publish()
    with Contactd(site) as server:
        asked = {name: tls.ask(server.tls, CARD, context(certificate=pair)).rcode
                 for name, pair in pairs.items()}
        assert asked == {"withdrawn": 5, "other": 0, "without a list": 0}
        assert "is not taken: certificate revoked" in server.log()
        overdue = "its list of withdrawn certificates was to be renewed by"
        assert (overdue in server.log()) == (days < 0)


def test_the_log_says_where_it_listens(secure):
    # Workers answer before the main thread says so.
    wait_until(lambda: f"listening on 127.0.0.1@{secure.tls[1]} (TLS)" in secure.log(), 5)


def test_tls_listen_needs_a_restart(tmp_path, tls_root):
    site = Site(tmp_path, [zone("cc.example")],
                server={"workers": 1, **tls.settings(tls_root.issue(f"{tmp_path}/server"))})
    site.publish()
    with Contactd(site) as server:
        site.config["server"]["tls-listen"] = ["127.0.0.2@8853"]
        site.write()
        server.process.signal(signal.SIGHUP)
        wait_until(lambda: "'tls-listen' has changed: needs a restart" in server.log(), 5)


def test_a_stop_ends_tls_connections_in_order(tmp_path, tls_root):
    """What has come is answered, then close_notify."""
    site = Site(tmp_path, [zone("cc.example")],
                server={"workers": 1, **tls.settings(tls_root.issue(f"{tmp_path}/server"))})
    site.publish()
    server = Contactd(site)
    with Tls(server.tls) as connection, Tcp(server.tls) as half:
        half.socket.sendall(tls.recorded_hello()[:50])
        assert connection.ask(CARD).answer
        server.stop()
        assert connection.socket.recv(1) == b""
    assert "2 by TLS" in server.log() or "1 by TLS" in server.log()
