"""Transaction signatures (RFC 8945): clients of four makes with right, wrong, expired and truncated
signatures; transfers; what an acl asks for; keys that come and go."""

import os
import pwd
import re
import select
import signal
import socket
import time

import dns.message
import dns.name
import dns.query
import dns.rrset
import dns.tsig
import dns.tsigkeyring
import dns.zone
import pytest

from support import client, tsig
from support.client import Tcp
from support.contactd import Contactd, Site, program, zone
from support.ports import Port
from support.process import find_program, run, wait_until
from support.terms import Secret
from support.tsig import BADKEY, BADSIG, BADTIME, BADTRUNC, sign, tsig_of, verify
from support.wire import TC, Message, opt, query

NOTAUTH, REFUSED = 9, 5
KEYS = {"xfr": Secret("xfr.cc.example"), "k384": Secret("k384", "hmac-sha384"),
        "k512": Secret("k512", "hmac-sha512"), "old": Secret("old", "hmac-sha1")}
FORMS = {"xfr": "bind", "k384": "nsd", "k512": "knot", "old": "plain"}


def key_section(folder, names=KEYS):
    return [{"id": KEYS[name].name, "algorithm": KEYS[name].algorithm,
             "secret-file": KEYS[name].write(folder, FORMS[name])} for name in names]


def acl(name, **terms):
    return {"id": name, **terms}


@pytest.fixture(scope="module")
def keyed(tmp_path_factory):
    """Zones that are transferred with a key, in every combination of terms."""
    folder = tmp_path_factory.mktemp("keyed")
    xfr, k512 = KEYS["xfr"].name, KEYS["k512"].name
    site = Site(folder, [
        zone("cc.example", acl=["by-key"]),
        zone("both.example", acl=["key-and-address"]),
        zone("two.example", acl=["either-key"]),
        zone("denied.example", acl=["not-old", "any-address"]),
        zone("remote.example", acl=["by-remote"]),
        zone("members.example", audience="members", acl=["members-by-key"])],
        key=key_section(folder),
        remote=[{"id": "ns2", "address": ["127.0.4.1"], "key": [xfr, k512]}],
        acl=[acl("by-key", key=[xfr], action="transfer"),
             acl("key-and-address", key=[xfr], address=["127.0.2.0/24"], action="transfer"),
             acl("either-key", key=[xfr, k512], action="transfer"),
             acl("not-old", key=[KEYS["old"].name], deny="on"),
             acl("any-address", address=["127.0.0.0/8"], action="transfer"),
             acl("by-remote", remote=["ns2"], action="transfer"),
             acl("members-by-key", key=[xfr], action="query")])
    site.publish()
    with Contactd(site, name="keyed") as server:
        yield server


def run_client(*arguments):
    result = run([str(a) for a in arguments], check=False)
    return result.stdout + result.stderr


def dig(server, *arguments):
    return run_client("dig", "@127.0.0.1", "-p", server.port, "+tries=1", "+timeout=5", *arguments)


def kdig(server, *arguments):
    return run_client("kdig", "@127.0.0.1", "-p", server.port, "+retry=0", "+timeout=5", *arguments)


def drill(server, secret, *arguments):
    return run_client("drill", "-p", server.port, "-y",
                      f"{secret.name}:{secret.secret}:{secret.algorithm}", "@127.0.0.1", *arguments)


def dashed(secret, value=None):
    """As dig -y and kdig -y take it."""
    return f"{secret.algorithm}:{secret.name}:{value or secret.secret}"


def keyring(*secrets):
    return {dns.name.from_text(s.name): dns.tsig.Key(s.name, s.secret, s.algorithm) for s in secrets}


# Clients with a signature that is right.


@pytest.mark.parametrize("name", KEYS)
def test_dig_verifies_answers(keyed, name, tmp_path):
    secret = KEYS[name]
    (tmp_path / "key").write_text(secret.as_bind())
    for arguments in (["-k", tmp_path / "key"], ["-y", dashed(secret)]):
        said = dig(keyed, *arguments, "TXT", "nl.cc.example")
        assert "status: NOERROR" in said and "NOERROR 0" in said, said
        assert "TSIG could not" not in said and "Couldn't verify" not in said, said


@pytest.mark.parametrize("name", KEYS)
def test_kdig_verifies_answers(keyed, name):
    for protocol in ("+notcp", "+tcp"):
        said = kdig(keyed, protocol, "-y", dashed(KEYS[name]), "nl.cc.example", "TXT")
        assert "status: NOERROR" in said and "TSIG PSEUDOSECTION" in said, said
        assert "WARNING" not in said and "ERROR:" not in said, said


@pytest.mark.parametrize("name", ["xfr", "k512", "old"])  # ldns has no hmac-sha384 that works
def test_drill_verifies_answers(keyed, name):
    said = drill(keyed, KEYS[name], "nl.cc.example", "TXT")
    assert "rcode: NOERROR" in said and "1 security" in said, said


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("how", [dns.query.udp, dns.query.tcp])
def test_dnspython_verifies_answers(keyed, name, how):
    """Each rcode: the answer is verified, or it raises. dnspython compresses the key's name."""
    for owner, rrtype, rcode in (("nl.cc.example", "TXT", 0), ("none.cc.example", "TXT", 3),
                                 ("elsewhere.test", "A", REFUSED), ("nl.cc.example", "MAILA", 4)):
        message = dns.message.make_query(owner, rrtype, use_edns=0)
        message.use_tsig(keyring(KEYS[name]), keyname=KEYS[name].name,
                         algorithm=KEYS[name].algorithm)
        answer = how(message, "127.0.0.1", port=keyed.port, timeout=5)
        assert answer.had_tsig and answer.rcode() == rcode


def test_ldns_notify_gets_a_signed_notimp(keyed):
    """A primary takes no NOTIFY; who signs one learns that from the primary."""
    secret = KEYS["xfr"]
    said = run_client("ldns-notify", "-d", "-r", 1, "-p", keyed.port, "-y",
                      f"{secret.name}:{secret.secret}:{secret.algorithm}", "-z", "cc.example",
                      "127.0.0.1")
    octets = bytes.fromhex(re.search(r"hexdump of reply: ([0-9a-f]+)", said)[1])
    assert Message(octets).rcode == 4
    record = tsig_of(octets)
    assert record.error == 0 and len(record.mac) == 32
    request, mac = sign(query("cc.example", "SOA", flags=4 << 11), secret)
    reply = client.udp(keyed.at, request)
    assert Message(reply).rcode == 4
    verify(reply, secret, mac)


# Clients with one that is not.


def assert_denied(reply, error, secret=None, mac=None):
    """NOTAUTH and nothing of the zone; signed where a secret is given."""
    message, record = Message(reply), tsig_of(reply)
    assert (message.rcode, message.answer, message.authority) == (NOTAUTH, [], [])
    assert record.error == error
    if secret:
        return verify(reply, secret, mac)
    assert record.mac == b"" and record.other == b""
    return record


def both_ways(server, octets):
    with Tcp(server.at) as connection:
        connection.send(octets)
        return client.udp(server.at, octets), connection.receive()


def test_a_wrong_secret_is_badsig(keyed):
    wrong = Secret("other").secret
    request, _ = sign(query("nl.cc.example", "TXT", additional=[opt()]), KEYS["xfr"], spoil=True)
    for reply in both_ways(keyed, request):
        assert_denied(reply, BADSIG)
    assert "BADSIG" in dig(keyed, "-y", dashed(KEYS["xfr"], wrong), "TXT", "nl.cc.example")
    assert "BADSIG" in kdig(keyed, "-y", dashed(KEYS["xfr"], wrong), "nl.cc.example", "TXT")
    message = dns.message.make_query("nl.cc.example", "TXT")
    message.use_tsig(dns.tsigkeyring.from_text({KEYS["xfr"].name: wrong}))
    with pytest.raises(dns.tsig.PeerBadSignature):
        dns.query.udp(message, "127.0.0.1", port=keyed.port, timeout=5)


def test_an_unknown_key_or_algorithm_is_badkey(keyed):
    for lie in ({"name": "nobody"}, {"algorithm": "hmac-sha512"},
                {"algorithm": "hmac-md5.sig-alg.reg.int"}, {"algorithm": "hmac-sha224"}):
        request, _ = sign(query("nl.cc.example", "TXT"), KEYS["xfr"], **lie)
        for reply in both_ways(keyed, request):
            assert_denied(reply, BADKEY)
    assert "BADKEY" in dig(keyed, "-y", "nobody:" + KEYS["xfr"].secret, "TXT", "nl.cc.example")
    assert "BADKEY" in kdig(keyed, "-y", "hmac-sha224:xfr.cc.example:" + KEYS["xfr"].secret,
                            "nl.cc.example", "TXT")
    message = dns.message.make_query("nl.cc.example", "TXT")
    message.use_tsig(keyring(Secret("nobody")), keyname="nobody")
    with pytest.raises(dns.tsig.PeerBadKey):
        dns.query.udp(message, "127.0.0.1", port=keyed.port, timeout=5)


def test_an_expired_or_early_signature_is_badtime(keyed):
    """Signed, with the client's time and the server's (RFC 8945 §5.2.3)."""
    secret = KEYS["xfr"]
    for distance in (-310, 310, -86400, 1 << 40):
        moment = int(time.time()) + distance
        request, mac = sign(query("nl.cc.example", "TXT"), secret, moment=moment)
        for reply in both_ways(keyed, request):
            record = assert_denied(reply, BADTIME, secret, mac)
            assert (record.time, record.fudge) == (moment, 300)
            assert abs(int.from_bytes(record.other, "big") - time.time()) < 30
    for distance in (-280, 280):
        request, mac = sign(query("nl.cc.example", "TXT"), secret, moment=int(time.time()) + distance)
        reply = client.udp(keyed.at, request)
        assert Message(reply).rcode == 0
        verify(reply, secret, mac)
    said = dig(keyed, "+fuzztime", "-y", dashed(secret), "TXT", "nl.cc.example")
    assert "status: NOTAUTH" in said and "BADTIME" in said, said


def test_a_bad_mac_is_badsig_whatever_its_time(keyed):
    """The MAC comes before the time: CVE-2017-11104 is its lack."""
    request, _ = sign(query("cc.example", "AXFR"), KEYS["xfr"], moment=1, spoil=True)
    assert_denied(client.tcp(keyed.at, request).octets, BADSIG)


@pytest.mark.parametrize("name", KEYS)
def test_a_truncated_mac_is_badtrunc_or_formerr(keyed, name):
    """RFC 8945 §5.2.2.1: too short or too long is FORMERR; nobody agreed to anything between."""
    secret = KEYS[name]
    whole = {"xfr": 32, "k384": 48, "k512": 64, "old": 20}[name]
    for size in range(whole + 1):
        request, mac = sign(query("nl.cc.example", "TXT"), secret, size=size)
        reply = client.udp(keyed.at, request)
        if size == whole:
            assert Message(reply).rcode == 0
            verify(reply, secret, mac)
        elif size < max(10, whole // 2):
            assert Message(reply).rcode == 1 and tsig_of(reply) is None
        else:
            assert_denied(reply, BADTRUNC, secret, mac)
    if name == "xfr":
        said = dig(keyed, "-y", f"hmac-sha256-128:{secret.name}:{secret.secret}", "TXT",
                   "nl.cc.example")
        assert "status: NOTAUTH" in said and "BADTRUNC" in said, said


def test_no_room_for_the_tsig_is_question_tsig_and_tc(keyed):
    """RFC 8945 §5.3"""
    secret = KEYS["k512"]
    cut = 0
    for size in range(512, 1300, 20):
        request, mac = sign(query("nl.cc.example", "ANY", additional=[opt(size)]), secret)
        reply = client.udp(keyed.at, request)
        verify(reply, secret, mac)
        message = Message(reply)
        assert len(reply) <= size
        if message.has(TC):
            cut += 1
            assert (message.rcode, message.answer, message.authority) == (0, [], [])
    assert cut


# Transfers.


def signed_transfer(server, name, secret, source=None, rrtype="AXFR", edns=True):
    """Records of a transfer with every message verified; the rcode where it is refused."""
    request, mac = sign(query(name, rrtype, additional=[opt()] if edns else []), secret)
    records, soas, later = [], 0, False
    with Tcp(server.at, source) as connection:
        connection.send(request)
        while soas < 2:
            octets = connection.receive()
            message = Message(octets)
            if message.rcode:
                record = tsig_of(octets)
                if record.mac:
                    verify(octets, secret, mac)
                return message.rcode
            mac = verify(octets, secret, mac, later).mac  # RFC 8945 §5.3.1: on every message
            later = True
            records += message.answer
            soas = sum(r.type == 6 for r in records)
    return records


def test_every_message_of_a_transfer_is_signed(keyed):
    records = signed_transfer(keyed, "two.example", KEYS["xfr"])
    assert len(records) > 5000
    again = signed_transfer(keyed, "two.example", KEYS["k512"], edns=False)
    assert [r.key() for r in again] == [r.key() for r in records]
    assert signed_transfer(keyed, "two.example", KEYS["k384"]) == REFUSED


def test_other_makes_verify_transfers(keyed, tmp_path):
    """Over many messages: dig, kdig, dnspython."""
    secret = KEYS["xfr"]
    expected = len(signed_transfer(keyed, "cc.example", secret))
    (tmp_path / "key").write_text(secret.as_bind())
    said = dig(keyed, "-k", tmp_path / "key", "AXFR", "cc.example")
    messages = int(re.search(r"XFR size: (\d+) records \(messages (\d+)", said)[2])
    assert int(re.search(r"XFR size: (\d+)", said)[1]) == expected and messages > 10, said[-500:]
    assert "could not be validated" not in said and "Couldn't verify" not in said
    said = kdig(keyed, "-y", dashed(secret), "cc.example", "AXFR")
    assert f", {expected} records)" in said and "WARNING" not in said, said[-500:]
    transfer = dns.query.xfr("127.0.0.1", dns.name.from_text("cc.example"), port=keyed.port, keyring=keyring(secret),
                             keyname=secret.name, relativize=False, timeout=10, lifetime=30)
    assert dns.zone.from_xfr(transfer, relativize=False).get_soa()


def test_a_signed_soa_answers_an_ixfr_that_is_up_to_date(keyed):
    for rrtype in ("SOA", "IXFR"):
        serial = int.from_bytes(keyed.ask("cc.example", "SOA").answer[0].rdata[-20:-16], "big")
        message = dns.message.make_query("cc.example", rrtype)
        if rrtype == "IXFR":
            message.authority = [dns.rrset.from_text("cc.example.", 0, "IN", "SOA",
                                                     f". . {serial} 0 0 0 0")]
        secret = KEYS["xfr"]
        message.use_tsig(keyring(secret), keyname=secret.name)
        for how in (dns.query.udp, dns.query.tcp):
            answer = how(message, "127.0.0.1", port=keyed.port, timeout=5)
            assert answer.had_tsig and len(answer.answer) == 1


def test_several_signed_messages_on_one_connection(keyed):
    """Each answer over its own request's MAC; a transfer between them."""
    secrets = [KEYS[name] for name in KEYS]
    with Tcp(keyed.at) as connection:
        requests = [sign(query("nl.cc.example", "TXT", ident=n + 1), s)
                    for n, s in enumerate(secrets)]
        transfer, mac = sign(query("cc.example", "AXFR", ident=99), KEYS["xfr"])
        connection.send(*[octets for octets, _ in requests], transfer, requests[0][0])
        for secret, (_, prior) in zip(secrets, requests):
            verify(connection.receive(), secret, prior)
        soas, later = 0, False
        while soas < 2:
            octets = connection.receive()
            mac = verify(octets, KEYS["xfr"], mac, later).mac
            soas += sum(r.type == 6 for r in Message(octets).answer)
            later = True
        verify(connection.receive(), secrets[0], requests[0][1])


def test_too_many_transfers_are_a_signed_servfail(keyed):
    secret, open_ones = KEYS["xfr"], []
    try:
        for _ in range(257):
            connection = Tcp(keyed.at, f"127.0.7.{len(open_ones) // 40 + 1}", receive_buffer=4096)
            open_ones.append(connection)
            request, mac = sign(query("cc.example", "AXFR", additional=[opt()]), secret)
            connection.send(request)
            octets = connection.receive()
            verify(octets, secret, mac)
        assert Message(octets).rcode == 2
    finally:
        for connection in open_ones:
            connection.socket.close()


# What an acl asks for can't be met by less.


def outcome(server, domain, secret=None, source="127.0.0.1", **lie):
    octets = query(domain, "AXFR")
    if secret:
        octets, _ = sign(octets, secret, **lie)
    return client.tcp(server.at, octets, source=source).rcode


def test_an_acl_by_key_wants_that_key(keyed):
    assert outcome(keyed, "cc.example", KEYS["xfr"]) == 0
    assert outcome(keyed, "cc.example", KEYS["xfr"], source="127.0.9.9") == 0
    assert outcome(keyed, "cc.example") == REFUSED
    for other in ("k384", "k512", "old"):
        assert outcome(keyed, "cc.example", KEYS[other]) == REFUSED
    for lie in ({"spoil": True}, {"moment": 1}, {"size": 16}, {"name": "k512"}):
        assert outcome(keyed, "cc.example", KEYS["xfr"], **lie) == NOTAUTH


def test_an_acl_by_key_and_address_wants_both(keyed):
    assert outcome(keyed, "both.example", KEYS["xfr"], "127.0.2.7") == 0
    assert outcome(keyed, "both.example", None, "127.0.2.7") == REFUSED
    assert outcome(keyed, "both.example", KEYS["k512"], "127.0.2.7") == REFUSED
    assert outcome(keyed, "both.example", KEYS["xfr"], "127.0.3.7") == REFUSED


def test_either_of_two_keys_will_do(keyed):
    """So that one takes over from the other."""
    for name in ("xfr", "k512"):
        assert outcome(keyed, "two.example", KEYS[name]) == 0
    assert outcome(keyed, "two.example", KEYS["k384"]) == REFUSED


def test_a_key_may_be_denied(keyed):
    assert outcome(keyed, "denied.example", KEYS["old"]) == REFUSED
    assert outcome(keyed, "denied.example", KEYS["xfr"]) == 0
    assert outcome(keyed, "denied.example") == 0


def test_a_remote_comes_from_its_address_with_one_of_its_keys(keyed):
    for name in ("xfr", "k512"):
        assert outcome(keyed, "remote.example", KEYS[name], "127.0.4.1") == 0
        assert outcome(keyed, "remote.example", KEYS[name], "127.0.4.2") == REFUSED
    assert outcome(keyed, "remote.example", None, "127.0.4.1") == REFUSED
    assert outcome(keyed, "remote.example", KEYS["old"], "127.0.4.1") == REFUSED


def test_a_members_zone_opens_for_a_key(keyed):
    request, mac = sign(query("nl.members.example", "TXT", additional=[opt()]), KEYS["xfr"])
    reply = client.udp(keyed.at, request)
    assert Message(reply).answer
    verify(reply, KEYS["xfr"], mac)
    assert keyed.ask("nl.members.example").rcode == REFUSED
    for secret, lie, rcode in ((KEYS["k512"], {}, REFUSED), (KEYS["xfr"], {"spoil": True}, NOTAUTH),
                               (KEYS["xfr"], {"moment": 5}, NOTAUTH)):
        request, _ = sign(query("nl.members.example", "TXT"), secret, **lie)
        reply = Message(client.udp(keyed.at, request))
        assert (reply.rcode, reply.answer, reply.authority) == (rcode, [], [])


def test_a_refused_transfer_is_logged_now_and_then(keyed):
    for _ in range(5):
        assert outcome(keyed, "cc.example", KEYS["old"]) == REFUSED
    lines = re.findall(r"warning transfer to 127\.0\.0\.1@\d+ refused: .*", keyed.log())
    assert 1 <= len(lines) <= 4  # a minute, a worker


# Keys that come and go.


@pytest.fixture
def changing(tmp_path):
    site = Site(tmp_path, [zone("cc.example", acl=["by-key"])],
                key=key_section(tmp_path, ["xfr", "k512"]),
                acl=[acl("by-key", key=[KEYS["xfr"].name], action="transfer")])
    site.publish()
    with Contactd(site) as server:
        yield server


def reload(server, words):
    before = len(server.log())
    server.process.signal(signal.SIGHUP)
    return wait_until(lambda: words in server.log()[before:] and server.log()[before:], 10,
                      f"'{words}' in the log", server.process)


def test_a_key_that_is_removed_is_unknown_and_its_transfers_end_well(changing):
    secret, site = KEYS["xfr"], changing.site
    request, mac = sign(query("cc.example", "AXFR"), secret)
    with Tcp(changing.at, receive_buffer=4096) as slow:
        slow.send(request)
        octets = slow.receive()
        mac = verify(octets, secret, mac).mac
        site.config["key"] = site.config["key"][1:]
        site.config["acl"][0]["key"] = [KEYS["k512"].name]
        site.write()
        reload(changing, "reloaded")
        request, _ = sign(query("nl.cc.example", "TXT"), secret)
        assert_denied(client.udp(changing.at, request), BADKEY)
        assert outcome(changing, "cc.example", KEYS["k512"]) == 0
        soas = 1
        while soas < 2:
            octets = slow.receive()
            mac = verify(octets, secret, mac, later=True).mac
            soas += sum(r.type == 6 for r in Message(octets).answer)


def test_a_secret_that_changed_is_taken_at_a_reload(changing):
    fresh = Secret("fresh")
    path = changing.site.config["key"][0]["secret-file"]
    with open(path, "w", encoding="ascii") as file:
        file.write(fresh.as_plain())
    assert outcome(changing, "cc.example", KEYS["xfr"]) == 0
    reload(changing, "reloaded")
    assert outcome(changing, "cc.example", KEYS["xfr"]) == NOTAUTH
    with open(path, "w", encoding="ascii") as file:
        file.write(KEYS["xfr"].as_plain())


def test_a_secret_that_cannot_be_read_keeps_the_old_configuration(changing):
    site = changing.site
    path = site.config["key"][0]["secret-file"]
    for text, words in ((Secret("fresh").as_bind(), "names key fresh, the configuration says"),
                        ("", "holds no key"), ("no base64!\n", "holds 2 keys"),
                        (f"hmac-sha512:{KEYS['xfr'].name}:{KEYS['xfr'].secret}",
                         "names algorithm hmac-sha512, 'key' xfr.cc.example says hmac-sha256")):
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        said = reload(changing, "the configuration stays as it was")
        assert path in said and words in said, said
        assert outcome(changing, "cc.example", KEYS["xfr"]) == 0
        check = run([program("contactd"), "-c", site.path, "--check"])
        assert check.returncode == 1 and words in check.stderr
    assert KEYS["xfr"].secret not in changing.log()


def test_nothing_starts_without_a_secret(tmp_path):
    site = Site(tmp_path, [zone("cc.example")], key=key_section(tmp_path, ["xfr"]))
    site.publish()
    port = Port()
    site.config["server"]["listen"] = [f"127.0.0.1@{port.number}"]
    site.config["key"][0]["secret-file"] = str(tmp_path / "missing.key")
    site.write()
    port.release()
    result = run([program("contactd"), "-c", site.path], timeout=20)
    assert result.returncode == 1
    assert f"{tmp_path}/missing.key: no such file" in result.stderr
    check = run([program("contactd"), "-c", site.path, "--check"])
    assert check.returncode == 1 and "missing.key: error: no such file; " in check.stderr
    arguments = re.search(r"made by 'zonegen (.*)'", check.stderr).group(1).split()
    assert run([program("zonegen"), *arguments], timeout=20).returncode == 0
    assert run([program("contactd"), "-c", site.path, "--check"]).returncode == 0


TOOLS = {"tsig-keygen": ["tsig-keygen", "-a", "hmac-sha512", "made"],
         "keymgr": ["keymgr", "-t", "made", "hmac-sha512"],
         "rndc-confgen": None}


@pytest.mark.parametrize("tool", TOOLS)
def test_what_the_tools_of_others_print_is_a_secret_file(tool, tmp_path):
    path = tmp_path / "made.key"
    if tool == "rndc-confgen":
        run([find_program(tool), "-a", "-A", "hmac-sha512", "-c", str(path), "-k", "made"],
            check=True)
    else:
        path.write_text(run([find_program(TOOLS[tool][0]), *TOOLS[tool][1:]], check=True).stdout)
    path.chmod(0o600)
    site = Site(tmp_path, [zone("cc.example", acl=["by-key"])],
                key=[{"id": "made", "algorithm": "hmac-sha512", "secret-file": str(path)}],
                acl=[acl("by-key", key=["made"], action="query")])
    site.publish()
    secret = re.search(r"[A-Za-z0-9+/]{80,}={0,2}", path.read_text())[0]
    with Contactd(site) as server:
        said = dig(server, "-y", f"hmac-sha512:made:{secret}", "TXT", "nl.cc.example")
        assert "status: NOERROR" in said and "could not be validated" not in said
        assert secret not in server.log()


# What contactd asks.


class Secondary:
    """A secondary that is written down here: it gets NOTIFY and questions, and answers as told."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def receive(self, opcode, seconds=15):
        """The next message of an opcode, and who sent it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.socket], [], [], 0.2)[0]:
                octets, address = self.socket.recvfrom(65535)
                if octets[2] >> 3 & 15 == opcode:
                    return octets, address
        raise AssertionError("nothing came")

    def answer(self, octets, address, secret=None, **lie):
        """NOERROR, signed where a secret is given."""
        bare = tsig_of(octets).before if tsig_of(octets) else octets
        end = 12 + bare[12:].index(b"\0") + 5
        reply = bare[:2] + bytes([bare[2] | 0x84, 0]) + bare[4:6] + bytes(6) + bare[12:end]
        if secret:
            reply = tsig.sign_answer(reply, secret, tsig_of(octets).mac, **lie)
        self.socket.sendto(reply, address)


def test_notify_and_soa_questions_are_signed_and_answers_believed_with_the_key_alone(tmp_path):
    """An unsigned answer, and one with a wrong signature, change nothing and are logged once."""
    secret, secondary = KEYS["xfr"], Secondary()
    site = Site(tmp_path, [zone("cc.example", notify=["ns2"])],
                key=key_section(tmp_path, ["k512", "xfr"]),
                remote=[{"id": "ns2", "address": [f"127.0.0.1@{secondary.port}"],
                         "key": [secret.name, KEYS["k512"].name]}])
    site.publish()
    with Contactd(site) as server:
        octets, address = secondary.receive(4)
        verify_request(octets, secret)
        secondary.answer(octets, address)
        wait_until(lambda: "answers without a signature" in server.log(), 10, "a warning")
        octets, address = secondary.receive(4)
        secondary.answer(octets, address, secret, spoil=True)
        octets, address = secondary.receive(4)  # it goes on telling
        assert server.log().count("answers without a signature") == 1
        secondary.answer(octets, address, secret)
        octets, address = secondary.receive(0)  # believed: now it asks for the SOA
        verify_request(octets, secret)
        assert secret.secret not in server.log()


def verify_request(octets, secret):
    record = tsig_of(octets)
    assert len(octets) <= 512
    again, mac = sign(record.before, secret, moment=record.time, fudge=record.fudge)
    assert (again, record.error, record.fudge) == (octets, 0, 300)
    assert mac == record.mac and abs(record.time - time.time()) < 30


# zonegen key tsig.


def make_key(tmp_path, *arguments, code=0):
    result = run([program("zonegen"), "key", "tsig", "-c", tmp_path / "none.conf", *arguments])
    assert result.returncode == code, result.stderr
    return result.stdout if code == 0 else result.stderr


def secret_in(text):
    return re.search(r"[A-Za-z0-9+/]{42,}={0,2}", text)[0]


@pytest.mark.parametrize("form", ["bind", "knot", "nsd", "plain"])
def test_a_new_key_is_read_by_contactd_and_by_the_tools_of_its_form(form, tmp_path):
    path = tmp_path / "made.key"
    section = make_key(tmp_path, "--format", form, "--algorithm", "hmac-sha384", "Made.Example",
                       "--out", str(path))
    assert section == (f"key:\n  - id: made.example\n    algorithm: hmac-sha384\n"
                       f"    secret-file: {path}\n")
    assert path.stat().st_mode & 0o777 == 0o600
    assert "is there already" in make_key(tmp_path, "made.example", "--out", str(path), code=1)
    site = Site(tmp_path, [zone("cc.example")],
                key=[{"id": "made.example", "algorithm": "hmac-sha384", "secret-file": str(path)}])
    site.publish()
    secret = secret_in(path.read_text())
    assert len(secret) == 64
    with Contactd(site) as server:
        said = dig(server, "-y", f"hmac-sha384:made.example:{secret}", "TXT", "nl.cc.example")
        assert "status: NOERROR" in said
        if form == "bind":
            said = dig(server, "-k", path, "TXT", "nl.cc.example")
            assert "status: NOERROR" in said and "TSIG PSEUDOSECTION" in said
        if form == "plain":
            said = kdig(server, "-k", path, "nl.cc.example", "TXT")
            assert "status: NOERROR" in said and "TSIG PSEUDOSECTION" in said
    if form == "nsd":
        checked = run([find_program("nsd-checkconf"), "-s", "made.example", path])
        assert checked.stdout.strip() == secret
    if form == "knot":
        checked = run([find_program("knotc"), "-c", path, "conf-check"])
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_new_keys_differ_and_have_the_length_of_the_hash(tmp_path):
    for algorithm, octets in (("hmac-sha256", 44), ("hmac-sha384", 64), ("hmac-sha512", 88)):
        secrets = {secret_in(make_key(tmp_path, "xfr", "--algorithm", algorithm)) for _ in range(5)}
        assert len(secrets) == 5 and {len(s) for s in secrets} == {octets}
    assert "is no algorithm for a new key" in make_key(tmp_path, "xfr", "--algorithm", "hmac-sha1",
                                                       code=1)
    assert "is not the name of a key" in make_key(tmp_path, "a..b", code=1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_new_key_is_readable_for_the_servers_group(tmp_path):
    site = Site(tmp_path, [zone("cc.example")], server={"user": "nobody"})
    path = tmp_path / "made.key"
    site.zonegen("key", "tsig", "made", "--out", str(path))
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.stat().st_gid == pwd.getpwnam("nobody").pw_gid
    site.config["server"]["wrokers"] = 2
    site.write()
    alone = tmp_path / "alone.key"
    result = run([program("zonegen"), "key", "tsig", "-c", site.path, "x", "--out", str(alone)])
    assert result.returncode == 0 and alone.stat().st_mode & 0o777 == 0o600
    assert f"warning: {site.path} has errors, so {alone} is for this account alone" in result.stderr
