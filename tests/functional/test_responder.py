"""The responder at 3 am (DESIGN §3): the real dig, kdig, drill, nslookup and host, and no EDNS."""

import re

import pytest

from support import client
from support.contactd import NOW
from support.peers import need
from support.process import find_program, run
from support.wire import RD, TC, Message, name_from_text, query

LINE0 = re.compile(r"^0 .+ \(\.[a-z0-9-]+, [^()]+\) - verified \d{4}-\d\d-\d\d( STALE| EXPIRED)?")
LINE = re.compile(r"^[1-9] (security|dns|registration|management|csirt)")


def tool(name, *arguments, text=True):
    """What a tool prints; it must succeed."""
    need(name)
    result = run([find_program(name), *arguments], text=text, timeout=20)
    assert result.returncode == 0, result
    return result.stdout


def dig(server, *arguments):
    return tool("dig", f"@{server.at[0]}", "-p", str(server.port), *arguments)


def lines_of(output):
    """The strings in quotes that a tool printed, sorted as `sort` does."""
    return sorted(re.findall(r'^"(.*)"$', output, re.MULTILINE))


def test_a_card_on_one_screen(served):
    """dig +short TXT xa… | sort"""
    lines = lines_of(dig(served, "+short", "TXT", "nl.cc.example"))
    assert LINE0.match(lines[0]) and len(lines) > 1
    assert all(LINE.match(line) for line in lines[1:])
    assert [line[0] for line in lines[1:]] == sorted({line[0] for line in lines[1:]})
    assert re.search(r" 24x7 \+\d{7,15} \S+@\S+", lines[1])


@pytest.mark.parametrize("name", ["nl.cc.example", "www.bank.no.cc.example", "_security.nl.cc.example",
                                  "_dns.de.cc.example", "_schema.cc.example", "_meta.cc.example"])
def test_every_tool_prints_the_same(served, name):
    port, at = str(served.port), served.at[0]
    expected = sorted(b"".join(strings).decode("latin-1") for strings in served.ask_tcp(name).texts())
    whole = not served.ask(name).has(TC)  # drill asks without EDNS and does not turn to TCP
    outputs = {
        "dig": dig(served, "+short", "TXT", name),
        "kdig": tool("kdig", f"@{at}", "-p", port, "+short", "TXT", name),
        "drill": tool("drill", *([] if whole else ["-t"]), "-p", port, "TXT", name, f"@{at}"),
        "nslookup": tool("nslookup", f"-port={port}", "-type=TXT", name, at),
        "host": tool("host", "-p", port, "-t", "TXT", name, at),
    }
    for program, output in outputs.items():
        texts = re.findall(r'(?m)(?:^|\t| )("(?:[^"\\]|\\.)*"(?: "(?:[^"\\]|\\.)*")*)$', output)
        joined = sorted(t[1:-1].replace('" "', "").replace('\\"', '"').replace("\\;", ";")
                        for t in texts)
        plain = [re.sub(r"\\(\d{3})", lambda m: chr(int(m[1])), text) for text in joined]
        assert plain == expected, program


@pytest.mark.parametrize("name,label", [
    ("مصر", "xn--wgbh1c"), ("укр", "xn--j1amh"), ("УКР", "xn--j1amh"), ("рф", "xn--p1ai"),
    ("www.bank.مصر", "xn--wgbh1c"), ("почта.укр", "xn--j1amh"), ("இலங்கை", "xn--xkc2al3hye2a")])
def test_a_native_label_pasted_through_a_pipe(served, name, label):
    """dig without a terminal sends raw UTF-8 (RFC 2181 §11): a CNAME leads to the A-label, for
    names below it as well."""
    lines = dig(served, "+short", "TXT", f"{name}.cc.example").splitlines()
    assert lines[0] == f"{label}.cc.example."
    card = lines_of(dig(served, "+short", "TXT", f"{label}.cc.example"))
    assert sorted(line[1:-1] for line in lines[1:]) == card and card


def test_the_victims_name_gives_its_ccTLDs_card(served):
    card = lines_of(dig(served, "+short", "TXT", "no.cc.example"))
    for victim in ("www.bank.no", "bank.no", "a.b.c.d.e.f.no", "WWW.Bank.NO", "xn--bcher-kva.no"):
        assert lines_of(dig(served, "+short", "TXT", f"{victim}.cc.example")) == card


def test_a_contact_and_a_role_in_full(served):
    text = served.ask("_security.nl.cc.example").texts()[0]
    assert text[0].startswith(b"v=cc1; tld=nl; id=security; order=1; role=security,csirt; hours=24x7; ")
    pairs = dict(pair.split(b"=", 1) for pair in b"".join(text).split(b"; "))
    assert {b"tel", b"mail", b"verified", b"by", b"expires", b"oob", b"pgp"} <= pairs.keys()
    # The role csirt is held by the same contact.
    assert b"id=security" in served.ask("_csirt.nl.cc.example").texts()[0][0]
    uris = served.ask("_security.nl.cc.example", "URI").answer
    assert b"tel:+442079460870" in uris[0].rdata
    assert len(served.ask("_security.nl.cc.example", "CERT").answer) == 1
    assert len(served.ask("nl.cc.example", "RP").answer) == 3


def test_rp_leads_to_the_contacts_text(served):
    """RFC 1183 §2.2: txt-dname is a name that has TXT."""
    for record in served.ask("nl.cc.example", "RP").answer:
        mailbox_octets = 0
        while record.rdata[mailbox_octets]:
            mailbox_octets += 1 + record.rdata[mailbox_octets]
        txt_name = record.rdata[mailbox_octets + 1:]
        assert client.ask(served.at, query(txt_name, "TXT")).texts()


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
    output = dig(served, "TXT", "xx.cc.example")
    assert "status: NXDOMAIN" in output
    assert "no such entry; TXT _index.cc.example lists all" in output
    assert "ask for TXT" in dig(served, "A", "nl.cc.example")


def _queries_of_every_name(server, domain):
    """Each label, a victim's name below it, and each native form: plain, without EDNS. Names below
    a native form are longer by a CNAME, and are left aside (DESIGN §3)."""
    names = []
    for label in server.labels(domain):
        names += [f"{label}.{domain}", f"www.bank.{label}.{domain}"]
        if label.startswith("xn--"):
            native = label[4:].encode().decode("punycode")
            if len(native.encode()) <= 63:
                names.append(f"{native}.{domain}")
    return names, [query(name_from_text(name), "TXT", flags=RD) for name in names]


@pytest.mark.parametrize("domain", ["cc.example", "cc-contacts.test"])
def test_every_card_is_whole_in_512_octets_from_every_server(constellation, domain):
    """Plain drill shows an empty answer for a longer one (DESIGN §3)."""
    names, messages = _queries_of_every_name(constellation.server, domain)
    assert len(names) > 2 * 309
    servers = {"contactd": constellation.server.at,
               **{peer.name: peer.at for peer in constellation.secondaries}}
    cards = {}
    for server, at in servers.items():
        for name, octets in zip(names, client.udp_many(at, messages)):
            reply = Message(octets)
            assert not reply.has(TC) and len(octets) <= 512, (server, name)
            card = sorted(text[0] for text in reply.texts())
            assert card and card[0].startswith(b"0 "), (server, name)
            assert cards.setdefault(name, card) == card, (server, name)


def test_drill_shows_cards(constellation):
    """The real thing, from contactd and from each secondary."""
    labels = constellation.server.labels("cc.example")[::15]
    for at in [constellation.server.at, *[peer.at for peer in constellation.secondaries]]:
        for label in labels[:20]:
            output = tool("drill", "-p", str(at[1]), "TXT", f"www.bank.{label}.cc.example", f"@{at[0]}")
            assert re.search(r'TXT\t"0 .*\(\.' + label, output), (at, label, output)
