"""The responder at 3 am, whole repository, real tools (DESIGN §3): what dig, kdig, drill, nslookup
and host print, that every reference leads somewhere, that every card fits where there is no EDNS.
"""

import base64
import re
import urllib.parse

import dns.message
import pytest

from conftest import SHORT
from support import client, wire
from support.contactd import NOW, Contactd, Site, zone
from support.secondaries import (MAKES, ZONES, Contacts, Ring, aliases, cards, dig, drill, exported,
                                 tool)
from support.wire import CD, RD, TC, TYPES, Message, labels_to_name, name_from_text, query

CC = "cc.example"
SERVERS = ["contactd", *MAKES]
EVERY = 10 if SHORT else 1


@pytest.fixture(scope="module")
def ring(tmp_path_factory):
    """The sample as it is, at contactd and four secondaries."""
    folder = tmp_path_factory.mktemp("responder")
    with Ring(folder, Contacts(folder / "contacts", seed=1)) as servers:
        yield servers


@pytest.fixture(scope="module")
def records(ring):
    """The export of each zone, as tuples."""
    return {domain: exported(ring.site.export(domain)) for domain in ZONES}


@pytest.fixture(scope="module")
def at(ring):
    return ring.primary.at


def address_of(ring, server):
    return ring.primary.at if server == "contactd" else ring.secondaries[server].at


def ask_all(at, messages):
    """Replies to many questions over one TCP connection, none of them truncated."""
    with client.Tcp(at, timeout=20) as connection:
        return [connection.ask(octets) for octets in messages]


def unquoted(output):
    """The strings that dig +short printed, each record's joined."""
    return [re.sub(r"\\(.)", r"\1", line[1:-1].replace('" "', ""))
            for line in output.splitlines() if line.startswith('"')]


def every_dig(at, kind, names, folder):
    """dig +short of many names in one run: a dict by name."""
    batch = folder / "batch"
    batch.write_text("".join(f"{name} {kind}\n" for name in names), encoding="utf-8")
    said = dig(at, "+noall", "+question", "+answer", "+onesoa", "-f", str(batch))
    found, name = {}, None
    for line in said.splitlines():
        if line.startswith(";") and not line.startswith(";;"):
            name = line[1:].split()[0]
            found[name] = []
        elif line:
            found[name].append(line)
    return found


# What a responder types.

XA = """\
tld: xa
also:
  - テスト
registry: Xanadu Network Information Centre
territory: Xanadu
timezone: Europe/London
languages: [en, fr]
verified: 2026-11-01
verified-by: callback
contacts:
  - id: security
    role: security
    order: 1
    name: Xanadu CSIRT
    phone: +44 20 7946 0101
    email: csirt@nic-xa.example
    hours: 24x7
    pgp: 0123 4567 89AB CDEF 0123 4567 89AB CDEF 0123 4567
  - role: dns
    order: 2
    name: DNS operations
    phone: +44 20 7946 0102
    email: dns.ops@nic-xa.example
    hours: Mo-Fr 08:00-18:00
"""


def test_the_session_that_the_design_shows(tmp_path):
    """`dig +short TXT xa.cc.example | sort`, letter by letter."""
    (tmp_path / "xa.yaml").write_text(XA, encoding="utf-8")
    site = Site(tmp_path, [zone(CC)], contacts=tmp_path / "xa.yaml", tlds="any")
    site.publish()
    with Contactd(site, name="xanadu") as server:
        lines = tool("sh", "-c", f"dig @127.0.0.1 -p {server.port} +short TXT xa.cc.example | sort")
        assert lines.splitlines() == [
            '"0 Xanadu Network Information Centre (.xa, Xanadu) - verified 2026-11-01"',
            '"1 security 24x7 +442079460101 csirt@nic-xa.example Xanadu CSIRT"',
            '"2 dns Mo-Fr 08:00-18:00 Europe/London +442079460102 dns.ops@nic-xa.example '
            'DNS operations"']
        assert dig(server.at, "+short", "TXT", "_security.xa.cc.example") == (
            '"v=cc1; tld=xa; id=security; order=1; role=security; hours=24x7; tel=+442079460101; '
            'mail=csirt@nic-xa.example; tz=Europe/London; lang=en,fr; oob=yes; '
            'name=Xanadu CSIRT; " "pgp=0123456789ABCDEF0123456789ABCDEF01234567; '
            'verified=2026-11-01; by=callback; expires=2027-12-06"\n')
        # The label of `also` is a copy with its own label, and is found by its native form.
        copy = dig(server.at, "+short", "TXT", "テスト.cc.example").splitlines()
        assert copy[0] == "xn--zckzah.cc.example." and "(.xn--zckzah, Xanadu)" in "".join(copy)


def test_sorted_every_card_begins_with_line_0_and_goes_up_in_order(ring, records, tmp_path):
    """dig, all labels; `sort` in the C locale is the order of octets."""
    expected = cards(records[CC], CC)
    assert len(expected) == 309
    names = [f"{label.decode()}.{CC}." for label in sorted(expected)]
    answers = every_dig(ring.primary.at, "TXT", names, tmp_path)
    assert sorted(answers) == names
    for name, lines in answers.items():
        lines = sorted(line[line.index('"'):] for line in lines)
        label = name.split(".")[0]
        assert re.match(rf'"0 .+ \(\.{label}, .+\) - verified \d{{4}}-\d\d-\d\d', lines[0]), name
        orders = [int(line[1]) for line in lines]
        assert orders == sorted(set(orders)) and len(orders) > 1, (name, lines)
        assert {line[1:-1].encode() for line in lines} == expected[label.encode()]


def tool_outputs(at, name, kind="TXT", drill_options=()):
    """What each tool prints, through a pipe and in UTF-8."""
    port = str(at[1])
    return {"dig": dig(at, "+short", kind, name), "dig +noidnin": dig(at, "+noidnin", kind, name),
            "kdig": tool("kdig", f"@{at[0]}", "-p", port, "+short", kind, name),
            "drill": drill(at, *drill_options, name, kind),
            "nslookup": tool("nslookup", f"-port={port}", f"-type={kind}", name, at[0]),
            "host": tool("host", "-p", port, "-t", kind, name, at[0])}


@pytest.mark.parametrize("name,label", [
    ("no", "no"), ("www.bank.no", "no"), ("login.WWW.Bank.NO", "no"), ("sj", "sj"),
    ("xn--bcher-kva.no", "no"), ("рф", "xn--p1ai"), ("РФ", "xn--p1ai"), ("مصر", "xn--wgbh1c"),
    ("www.bank.рф", "xn--p1ai"), ("www.bank.РФ", "xn--p1ai"), ("почта.рф", "xn--p1ai"),
    ("УКР", "xn--j1amh"), ("ไทย", "xn--o3cw4h"), ("சிங்கப்பூர்", "xn--clchc0ea0b2g2a9gcd")])
def test_every_tool_shows_the_whole_card_of_a_pasted_name(at, records, name, label):
    """Victims' names, native labels as raw UTF-8, upper case as well; kdig, which converts labels
    by itself, gets there too. Names below an alias may exceed 512 octets: drill asks with EDNS."""
    card = cards(records[CC], CC)[label.encode()]
    below_alias = "." in name and not name.isascii()
    outputs = tool_outputs(at, f"{name}.{CC}", drill_options=("-b", "1232") if below_alias else ())
    for program, output in outputs.items():
        assert all(line.decode() in output for line in card), (program, output)
        if label != name.split(".")[-1].lower() and program not in ("kdig", "host"):
            assert f"{label}.{CC}" in output, (program, output)


@pytest.mark.parametrize("label", sorted({"xn--p1ai", "xn--wgbh1c", "xn--j6w193g"}))
def test_dig_sends_a_pasted_label_as_raw_utf8(at, label):
    """The question that dig prints is the octets that it sent, not an A-label."""
    native = label[4:].encode().decode("punycode")
    escaped = "".join(f"\\{octet:03d}" for octet in native.encode())
    for arguments in ((), ("+noidnin",)):
        said = dig(at, *arguments, "TXT", f"{native}.{CC}")
        assert re.search(rf"^;{re.escape(escaped)}\.{CC}\.\s", said, re.MULTILINE), said
        assert re.search(rf"\sCNAME\s+{label}\.{CC}\.$", said, re.MULTILINE), said


def test_every_native_label_leads_to_its_a_label(ring, records):
    """All aliases, and names below them, over TCP (a name below one may exceed 512 octets)."""
    found = aliases(records[CC], CC)
    native = [label for label in found if label.decode() == label.decode().lower()]
    expected = [label for label in cards(records[CC], CC) if label.startswith(b"xn--")
                and len(label[4:].decode().encode().decode("punycode").encode()) <= 63]
    assert sorted(found[label] for label in native) == sorted(expected)
    assert len(found) > len(native)  # upper case forms
    card = cards(records[CC], CC)
    for below in ([], [b"www", b"bank"]):
        for label, target in list(found.items())[::EVERY]:
            name = labels_to_name([*below, label, b"cc", b"example"])
            reply = client.tcp(ring.primary.at, query(name, "TXT"))
            assert {b"".join(text) for text in reply.texts()} == card[target], (below, label)


@pytest.mark.parametrize("name,begins", [
    ("_security.no", "v=cc1; tld=no; id=security; order=1; role=security,csirt; hours=24x7; "),
    ("_dns.no", "v=cc1; tld=no; id=dns; order=2; role=dns; "),
    ("_csirt.no", "v=cc1; tld=no; id=security; "), ("_security.sj", "v=cc1; tld=sj; id=security; "),
    ("_longyearbyen.no", "v=cc1; tld=no; id=longyearbyen; order=3; "), ("_index", "ac ad ae af "),
    ("_missing", ""), ("_stale", "cf gw "),
    ("_meta", "v=cc1; serial=1795305600; published=2026-11"),
    ("_schema", "by  how it was confirmed")])
def test_dig_shows_the_names_that_begin_with_an_underscore(at, name, begins):
    said = unquoted(dig(at, "+short", "TXT", f"{name}.{CC}"))
    assert any(text.startswith(begins) for text in said) and said, said


def test_a_role_is_the_union_of_its_contacts(at):
    said = unquoted(dig(at, "+short", "TXT", f"_dns.no.{CC}"))
    assert sorted(re.search(r"; id=(\w+);", text)[1] for text in said) == ["dns", "longyearbyen"]


def test_drill_and_nslookup_show_full_contacts_that_fit_and_dig_shows_all(at, records):
    """Full contacts may exceed 512 octets; then TCP is needed, drill -t."""
    for name in ("_security.no", "_dns.no", "_registration.fr"):
        text = unquoted(dig(at, "+short", "TXT", f"{name}.{CC}"))
        assert text
        for output in (drill(at, "-t", f"{name}.{CC}", "TXT"),
                       tool("nslookup", f"-port={at[1]}", "-type=TXT", f"{name}.{CC}", at[0])):
            plain = re.sub(r"\\(.)", r"\1", output.replace('" "', ""))
            assert all(line in plain for line in text), output


# References.

def test_every_rp_leads_to_a_text_and_its_mailbox_is_in_it(ring, records):
    """RFC 1183 §2.2; a dot in the local part does not end it (RFC 1035 §8)."""
    links = set()
    for owner, kind, _, rdata in records[CC]:
        if kind == TYPES["RP"]:
            labels = wire.name_to_labels(rdata)
            mailbox = b"@".join([labels[0], b".".join(labels[1:])]) if labels else None
            links.add((mailbox, rdata[len(labels_to_name(labels)):]))
    assert len(links) > 800
    links = sorted(links, key=str)
    replies = ask_all(ring.primary.at, [query(name, "TXT") for _, name in links])
    for (mailbox, name), reply in zip(links, replies):
        text = [b"".join(text) for text in reply.texts()]
        wanted = b"; mail=" + mailbox + b";" if mailbox else b"v=cc1; "
        assert any(wanted in one for one in text), (mailbox, name, text)
        assert mailbox or not any(b"; mail=" in one for one in text)


def contacts_in_full(ring, records):
    """For each name of a contact or role its texts as keys, and its URI and CERT as dnspython
    decodes them."""
    owners = sorted({owner for owner, kind, _, _ in records[CC] if kind == TYPES["RP"]
                     and owner[1:2] == b"_"})
    answers = {kind: ask_all(ring.primary.at, [query(owner, kind) for owner in owners])
               for kind in ("TXT", "URI", "CERT")}
    for n, owner in enumerate(owners):
        texts = [b"".join(text).decode() for text in answers["TXT"][n].texts()]
        keys = [dict(pair.split("=", 1) for pair in text.split("; ")) for text in texts]
        sets = {kind: dns.message.from_wire(answers[kind][n].octets).answer
                for kind in ("URI", "CERT")}
        yield owner, keys, {kind: list(*answer) for kind, answer in sets.items()}


def uris_of(keys):
    """What URI records a contact must have."""
    order, wanted = 10 * int(keys["order"]), set()
    for n, (key, scheme) in enumerate((("tel", "tel:"), ("sms", "sms:"), ("mail", "mailto:"))):
        values = keys[key].split(",") if key in keys else []
        wanted |= {(order + n, 0, scheme + value) for value in values}
    return wanted


def test_uri_and_cert_say_what_the_text_says(ring, records):
    """RFC 7553; RFC 4398 §2: type 6, key tag and algorithm 0; IPGP is the fingerprint's length, the
    fingerprint and a URL, which is left out here. dnspython decodes."""
    seen = {"URI": 0, "CERT": 0}
    for owner, contacts, found in contacts_in_full(ring, records):
        for kind in seen:
            seen[kind] += len(found[kind])
        uris = {(u.priority, u.weight, urllib.parse.unquote(u.target.decode()))
                for u in found["URI"]}
        assert uris == set().union(*map(uris_of, contacts)), owner
        assert all(re.fullmatch(rb"(tel|sms):\+\d+|mailto:[A-Za-z0-9.%_~@-]+", u.target)
                   for u in found["URI"]), owner
        prints = {keys["pgp"] for keys in contacts if "pgp" in keys}
        for cert in found["CERT"]:
            assert (cert.certificate_type, cert.key_tag, cert.algorithm) == (6, 0, 0)
            assert cert.certificate[0] == len(cert.certificate) - 1
        assert {cert.certificate[1:].hex().upper() for cert in found["CERT"]} == prints, owner
    assert seen["URI"] > 1500 and seen["CERT"] > 50


def test_dig_and_kdig_print_uri_and_cert(at):
    for program in (dig, lambda at, *arguments: tool("kdig", f"@{at[0]}", "-p", at[1], *arguments)):
        uri = program(at, "+short", "URI", f"_security.no.{CC}").split("\n")
        assert [line.strip() for line in uri if line] == [
            '10 0 "tel:+46846500400"', '12 0 "mailto:csirt@nic-no.example"']
        kind, tag, algorithm, data = program(at, "+short", "CERT", f"_security.no.{CC}").split()
        assert kind in ("IPGP", "6") and (tag, algorithm) == ("0", "0")
        assert base64.b64decode(data).hex() == "143f1a9c27b60e54d8a7f30e19c2b47d6581ae42f9"


# 512 octets.

def plain_questions(records, domain):
    """(name, card, label of an alias or None) of whatever must fit without EDNS: every label, every
    wildcard below a victim's name and below 64 octets, every alias."""
    apex = wire.name_to_labels(name_from_text(domain))
    found = cards(records, domain)
    for label, card in sorted(found.items())[::EVERY]:
        for below in ([], [b"www", b"bank"], [b"x" * 63], [b"w", b"y" * 61], [b"a", b"b"] * 16):
            assert len(labels_to_name(below)) - 1 <= 64
            yield labels_to_name([*below, label, *apex]), card, None
    for alias, label in sorted(aliases(records, domain).items())[::EVERY]:
        yield labels_to_name([alias, *apex]), found[label], alias


@pytest.mark.parametrize("domain", ZONES)
@pytest.mark.parametrize("server", SERVERS)
def test_every_card_comes_whole_in_512_octets_without_edns(ring, records, domain, server):
    """The answer that plain drill shows: TC clear, line 0 and all contacts."""
    asked = list(plain_questions(records[domain], domain))
    assert len(asked) * EVERY > 309 * 5 + 50
    address = address_of(ring, server)
    replies = client.udp_many(address, [query(name, "TXT", flags=RD) for name, _, _ in asked])
    longest = 0
    for (name, card, alias), octets in zip(asked, replies):
        octets = octets or client.udp(address, query(name, "TXT", flags=RD))
        reply = Message(octets)
        longest = max(longest, len(octets))
        assert not reply.has(TC | CD) and reply.rcode == 0 and len(octets) <= 512, (server, name)
        assert {b"".join(text) for text in reply.texts()} == card, (server, name)
        assert any(line.startswith(b"0 ") for line in card)
        assert len(reply.answer) == len(card) + (alias is not None)
    print(f"{server} {domain}: {len(asked)} cards, the longest answer has {longest} octets")


@pytest.mark.parametrize("server", SERVERS)
def test_drill_prints_whole_cards(ring, records, server):
    """Twenty labels: those with the widest cards, below a victim's name."""
    found = cards(records[CC], CC)
    widest = sorted(found, key=lambda label: sum(map(len, found[label])), reverse=True)[:20]
    assert len(widest) == 20
    for label in widest[::4 if SHORT else 1]:
        said = drill(address_of(ring, server), f"www.bank.{label.decode()}.{CC}", "TXT")
        assert all(f'"{line.decode()}"' in said for line in found[label]), (server, label, said)


# What the lists and hints say.

def test_lists_and_facts_about_the_repository(served):
    index = served.labels("cc.example")
    missing = b"".join(served.ask_tcp("_missing.cc.example").texts()[0]).decode().split()
    stale = b"".join(served.ask_tcp("_stale.cc.example").texts()[0]).decode().split()
    meta = b"".join(served.ask("_meta.cc.example").texts()[0]).decode()
    assert len(index) + len(missing) >= 309 and not set(index) & set(missing)
    assert set(stale) < set(index)
    assert meta.startswith("v=cc1; serial=") and f"tlds={len(index)};" in meta
    assert f"published={NOW}" in meta and f"stale={len(stale)}" in meta
    for label in stale:
        assert re.search(rb"STALE|EXPIRED", served.ask_tcp(f"{label}.cc.example").texts()[0][0])
    schema = served.ask_tcp("_schema.cc.example").texts()
    assert any(text[0].startswith(b"tel") for text in schema)
    assert len(served.ask("cc.example").texts()) == 2


def test_a_miss_says_so_in_dig(served):
    """The hint is in the extended error, which dig prints."""
    output = dig(served.at, "TXT", "xx.cc.example")
    assert "status: NXDOMAIN" in output
    assert "no such entry; TXT _index.cc.example lists all" in output
    assert "ask for TXT" in dig(served.at, "A", "nl.cc.example")
