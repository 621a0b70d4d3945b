"""DNS cookies: contactd beside clients and servers of other makes, secrets that are rolled."""

import os
import re
import signal
import time

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from conftest import SHORT
from support import client, cookies
from support.contactd import Contactd, Site, zone
from support.contacts import write_entry
from support.peers import Bind, Knot, Nsd, need
from support.process import run, wait_until
from support.wire import opt, option, query

DOMAIN = "cc.example"
OLD = "e5e973e5a6b2a43f48e7dc849e37bfcf"
NEW = "445536bcd2513298075a5d379663c962"


def write_secrets(site, *secrets):
    with open(site.secrets, "w", encoding="ascii") as file:
        os.chmod(site.secrets, 0o600)
        file.write("".join(f"{secret}\n" for secret in secrets))


def make_site(folder, **server):
    contacts = folder / "contacts"
    contacts.mkdir()
    write_entry(contacts, "t1", "first")
    site = Site(folder, [zone(DOMAIN)], contacts=contacts, server=server, tlds="any")
    site.secrets = str(folder / "cookiesecrets.txt")
    site.publish()
    return site


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = make_site(tmp_path_factory.mktemp("cookies"))
    site.config["server"]["cookie-secret-file"] = site.secrets
    write_secrets(site, OLD)
    return site


@pytest.fixture(scope="module")
def server(site):
    with Contactd(site) as running:
        yield running


def reload(server, text="reloaded"):
    before = server.log().count(text)
    server.process.signal(signal.SIGHUP)
    wait_until(lambda: server.log().count(text) > before, 10, text, server.process)


@pytest.mark.parametrize("address", ["at", "at6"])
def test_a_client_learns_its_cookie_and_is_known_by_it(server, address):
    """RFC 7873 §5.2.3, §5.2.5, §5.4"""
    at = getattr(server, address)
    given = cookies.fetch(at)
    assert given[8:12] == b"\1\0\0\0"
    assert cookies.is_good(at, given) and not cookies.is_good(at, cookies.flip(given))
    assert cookies.ask(at, given).options()[cookies.CODE] == given
    renewed = cookies.ask(at, cookies.flip(given))
    assert renewed.rcode == 0 and renewed.answer
    assert cookies.is_good(at, renewed.options()[cookies.CODE])


def test_a_cookie_is_of_one_address(server):
    octets = query(DOMAIN, "SOA", additional=[cookies.cookie_option(cookies.PLAIN)])
    given = client.ask(server.at, octets, source="127.0.0.9").options()[cookies.CODE]
    assert not cookies.is_good(server.at, given)


def test_cookies_come_by_tcp_too_and_are_the_same(server):
    """RFC 7873 §5.2.3: by TCP a request is answered whatever its cookie."""
    for octets in (cookies.PLAIN, cookies.flip(cookies.fetch(server.at))):
        reply = client.tcp(server.at, query(DOMAIN, "SOA",
                                            additional=[cookies.cookie_option(octets)]))
        assert reply.rcode == 0 and reply.answer
        assert cookies.is_good(server.at, reply.options()[cookies.CODE])


def test_an_illegal_length_is_formerr(server):
    """RFC 7873 §5.2.2, §5.2: the first option counts."""
    for length in (0, 1, 7, 9, 15, 41, 200):
        reply = cookies.ask(server.at, bytes(length))
        assert reply.rcode == 1 and reply.opt and cookies.CODE not in reply.options()
    both = [opt(options=option(cookies.CODE, cookies.PLAIN) + option(cookies.CODE, b"x"))]
    assert client.ask(server.at, query(DOMAIN, "SOA", additional=both)).rcode == 0


def test_a_client_without_a_cookie_sees_no_difference(server):
    plain = client.ask(server.at, query(DOMAIN, "SOA", additional=[opt()]))
    assert cookies.CODE not in plain.options()


def test_no_question_without_a_cookie_is_formerr(server):
    assert cookies.ask_nothing(server.at, cookies.PLAIN).rcode == 0
    assert client.ask(server.at, query(DOMAIN, "SOA")[:4] + bytes(8)).rcode == 1


def test_dig_kdig_and_dnspython_keep_their_cookies(server):
    need("dig", "kdig")
    given = cookies.fetch(server.at).hex()
    at = ["@127.0.0.1", "-p", str(server.port), DOMAIN, "SOA"]
    said = run(["dig", *at, f"+cookie={given}"]).stdout
    assert re.search(rf"; COOKIE: {given} \(good\)", said)
    assert "(good)" in run(["dig", *at, "+cookie"]).stdout
    said = run(["kdig", *at, f"+cookie={given}"]).stdout
    assert given.upper() in said.upper().replace(" ", "")
    message = dns.message.make_query(DOMAIN, "SOA", use_edns=0, payload=1232, options=[
        dns.edns.GenericOption(cookies.CODE, bytes.fromhex(given))])
    reply = dns.query.udp(message, server.at[0], port=server.at[1], timeout=5)
    assert reply.rcode() == dns.rcode.NOERROR and reply.flags & dns.flags.QR
    assert [o.data.hex() for o in reply.options if o.otype == cookies.CODE] == [given]


def test_a_secret_is_rolled_without_a_restart(site, server):
    """RFC 9018 §5: whoever has a cookie keeps it through all three stages."""
    write_secrets(site, OLD)
    reload(server)
    first = cookies.fetch(server.at)
    write_secrets(site, OLD, NEW)
    reload(server)
    assert cookies.is_good(server.at, first)
    assert cookies.ask(server.at, first).options()[cookies.CODE] == first
    write_secrets(site, NEW, "# to be taken out soon", OLD)
    reload(server)
    assert cookies.is_good(server.at, first)
    second = cookies.ask(server.at, first).options()[cookies.CODE]
    assert second != first and cookies.is_good(server.at, second)
    write_secrets(site, NEW)
    reload(server)
    assert cookies.is_good(server.at, second) and not cookies.is_good(server.at, first)
    write_secrets(site, OLD)
    reload(server)


def test_a_file_that_is_wrong_changes_nothing_and_is_named(site, server):
    given = cookies.fetch(server.at)
    write_secrets(site, NEW, "nothing")
    reload(server, "the configuration stays as it was")
    assert f"{site.secrets}:2:1: " in server.log() and "nothing" not in server.log()
    assert NEW not in server.log() and cookies.is_good(server.at, given)
    write_secrets(site, OLD)
    reload(server)


def test_without_a_file_a_secret_lasts_as_long_as_the_server(tmp_path):
    site = make_site(tmp_path)
    with Contactd(site) as running:
        given = cookies.fetch(running.at)
        reload(running)
        assert cookies.is_good(running.at, given)
    with Contactd(site) as running:
        assert not cookies.is_good(running.at, given)
        site.config["server"]["cookies"] = "off"
        site.write()
        reload(running)
        assert cookies.CODE not in cookies.ask(running.at, given).options()
        assert cookies.ask_nothing(running.at, given).rcode == 1


# One secret for a set of servers (RFC 9018).


def _takes(name, at, given):
    """Whether a server takes a cookie that is more than a second old for good. NSD sends back what is
    good and makes anew what is not; Knot and BIND, as they are configured here, want a good one."""
    if name == "contactd":
        return cookies.is_good(at, given)
    reply = cookies.ask(at, given)
    if name == "nsd":
        return reply.options()[cookies.CODE] == given
    assert reply.rcode in (0, 23)
    return reply.rcode == 0


@pytest.mark.skipif(SHORT, reason="about other programs")
def test_four_makes_share_a_secret(site, server, tmp_path):
    """Each takes the cookies of each, and none that was changed."""
    file = tmp_path / "zone"
    file.write_text(site.export(DOMAIN))
    peers = []
    servers = {"contactd": server.at}
    try:
        for make in (Nsd, Knot, Bind):
            peer = make(tmp_path, zones={DOMAIN: str(file)})
            peer.cookie_secret = OLD
            peers.append(peer.start())
        for peer in peers:
            servers[peer.name] = peer.wait().at
        given = {name: cookies.fetch(at) for name, at in servers.items()}
        time.sleep(1.1)  # so that what is made anew is not the same
        for judge, at in servers.items():
            for maker, cookie in given.items():
                assert _takes(judge, at, cookie), (judge, maker)
                assert not _takes(judge, at, cookies.flip(cookie)), (judge, maker)
    finally:
        for peer in peers:
            peer.stop()
