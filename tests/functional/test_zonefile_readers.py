"""`zonegen export` is a zone file for everyone: what other projects' readers say of it, which must
be nothing at all, and the digest in it, verified by programs that share no code with zonegen's."""

import re

import pytest

from support import client, wire
from support.peers import Knot, need
from support.ports import Port
from support.process import Process, find_program, run, wait_until
from support.secondaries import exported

DOMAINS = ["cc.example", "cc-contacts.test", "members.cc.example"]
# Without members.cc.example, which pdnsutil wants to be delegated in the file of cc.example.
PDNS_DOMAINS = DOMAINS[:2]


@pytest.fixture(scope="module")
def exports(sample, tmp_path_factory):
    """The sample's zones as files, a dict by domain."""
    folder = tmp_path_factory.mktemp("exports")
    paths = {}
    for domain in DOMAINS:
        paths[domain] = folder / f"{domain}.zone"
        paths[domain].write_text(sample.export(domain), encoding="ascii")
    return paths


@pytest.fixture(scope="module")
def altered(exports):
    """The zone with one digit of one phone changed."""
    text = exports["cc.example"].read_text(encoding="ascii")
    path = exports["cc.example"].with_suffix(".altered")
    number = re.search(r"\+(\d{7,15}) ", text)[1]
    other = number[:-1] + str((int(number[-1]) + 1) % 10)
    path.write_text(text.replace(number, other, 1), encoding="ascii")
    return path


def said(program, *arguments):
    """What a program says on both channels; it must succeed."""
    need(program)
    result = run([find_program(program), *map(str, arguments)])
    assert result.returncode == 0, (result.stdout[-2000:], result.stderr[-2000:])
    return result.stdout + result.stderr


@pytest.mark.parametrize("domain", DOMAINS)
def test_named_checkzone_has_nothing_to_say(exports, domain):
    lines = said("named-checkzone", "-i", "full", "-k", "fail", "-n", "fail", "-r", "fail",
                 domain, exports[domain]).splitlines()
    assert len(lines) == 2 and lines[1] == "OK"
    assert re.fullmatch(rf"zone {domain}/IN: loaded serial \d+", lines[0])


@pytest.mark.parametrize("domain", DOMAINS)
def test_kzonecheck_has_nothing_to_say(exports, domain):
    assert said("kzonecheck", "-o", domain, exports[domain]) == ""


@pytest.mark.parametrize("domain", DOMAINS)
def test_nsd_checkzone_has_nothing_to_say(exports, domain):
    assert said("nsd-checkzone", domain, exports[domain]) == f"zone {domain} is ok\n"


@pytest.mark.parametrize("domain", DOMAINS)
def test_ldns_reads_every_record_and_prints_them_all(exports, domain):
    """What goes in comes out: ldns's own print of it, read by dnspython."""
    need("ldns-read-zone")
    result = run([find_program("ldns-read-zone"), str(exports[domain])])
    assert (result.returncode, result.stderr) == (0, "")
    lines = [line.replace("\t", " ", 4) for line in result.stdout.splitlines()]
    ours = exported(exports[domain].read_text(encoding="ascii"))
    # It writes type 6 as IPGP, which dnspython does not know.
    assert exported("\n".join(lines).replace(" CERT IPGP ", " CERT 6 ")) == ours


@pytest.fixture(scope="module")
def bind_backend(exports, tmp_path_factory):
    """A configuration of PowerDNS with zone files (its bind backend)."""
    need("pdnsutil", "pdns_server")
    folder, port = tmp_path_factory.mktemp("pdns"), Port()
    (folder / "named.conf").write_text("".join(
        f'zone "{domain}" {{ type master; file "{exports[domain]}"; }};\n'
        for domain in PDNS_DOMAINS))
    (folder / "pdns.conf").write_text(f"""launch=bind
bind-config={folder}/named.conf
8bit-dns=yes
local-address=127.0.0.1
local-port={port.number}
socket-dir={folder}
daemon=no
guardian=no
""")
    return folder, port


@pytest.mark.parametrize("domain", PDNS_DOMAINS)
def test_pdnsutil_check_zone_finds_neither_errors_nor_warnings(bind_backend, exports, domain):
    records = len(exported(exports[domain].read_text(encoding="ascii")))
    assert (f"Checked {records} records of '{domain}', 0 errors, 0 warnings."
            in said("pdnsutil", f"--config-dir={bind_backend[0]}", "check-zone", domain))


def test_powerdns_answers_from_the_file(bind_backend, served):
    """Cards, raw UTF-8 and a name below it, URI and CERT."""
    folder, port = bind_backend
    port.release()
    arguments = [find_program("pdns_server"), f"--config-dir={folder}"]
    process = Process("pdns-bind", arguments, str(folder))
    try:
        at = ("127.0.0.1", port.number)
        ready = wire.query("cc.example", "SOA")
        wait_until(lambda: client.udp(at, ready, timeout=0.2, tries=1), 20, "an answer", process)
        for name, kind in (("no.cc.example", "TXT"), ("www.bank.no.cc.example", "TXT"),
                           ("рф.cc.example", "TXT"), ("www.bank.рф.cc.example", "TXT"),
                           ("_security.no.cc.example", "URI"), ("_security.no.cc.example", "CERT"),
                           ("no.cc-contacts.test", "RP")):
            ours, theirs = (client.tcp(server, wire.query(name, kind))
                            for server in (served.at, at))
            assert ours.rcode == theirs.rcode == 0 and ours.answer
            assert sorted(r.key() for r in ours.answer) == sorted(r.key() for r in theirs.answer)
    finally:
        process.stop()
    assert "error" not in process.log().lower() and "warning" not in process.log().lower()


# ZONEMD (RFC 8976)

@pytest.mark.parametrize("domain", DOMAINS)
def test_ldns_verifies_the_digest(exports, domain):
    """-Z: a valid ZONEMD is required, DNSSEC is not."""
    assert "Zone is verified and complete" in said("ldns-verify-zone", "-Z", exports[domain])


def test_ldns_refuses_the_digest_of_an_altered_zone(altered):
    need("ldns-verify-zone")
    result = run([find_program("ldns-verify-zone"), "-Z", str(altered)])
    assert result.returncode != 0 and "No ZONEMD matching the zone data" in result.stderr


class VerifyingKnot(Knot):
    name = "knot-zonemd"

    def configure(self):
        arguments = super().configure()
        with open(arguments[1], encoding="utf-8") as file:
            text = file.read()
        assert " semantic-checks: off\n" in text
        self.write("knot.conf", text.replace(" semantic-checks: off\n",
                                             " semantic-checks: on\n   zonemd-verify: on\n"))
        return arguments


def test_knot_verifies_the_digests_and_refuses_that_of_an_altered_zone(exports, altered, tmp_path):
    good = VerifyingKnot(tmp_path / "good", zones={d: str(p) for d, p in exports.items()})
    bad = VerifyingKnot(tmp_path / "bad", zones={"cc.example": str(altered)})
    try:
        good.start().wait()
        bad.start()
        wait_until(lambda: "ZONEMD, verification failed" in bad.process.log(), 20,
                   "the zone is refused", bad.process)
        assert client.ask(bad.at, wire.query("cc.example", "SOA")).rcode == 2
        assert " error: " not in good.process.log() and " warning: " not in good.process.log()
    finally:
        good.stop()
        bad.stop()
