"""contactd alone: differences (IXFR, RFC 1995), from every serial that the history keeps."""

import shutil

import dns.edns
import dns.query
import dns.versioned
import dns.xfr
import dns.zone
import pytest

from support import client, cookies
from support.cases import ixfr, soa_record
from support.client import Tcp, transfer, transfer_records
from support.contactd import Contactd, Site, serial_of, zone
from support.contacts import write_entries, write_entry
from support.process import run
from support.secondaries import Contacts
from support.wire import AA, TC, Message, opt, query

SOA = 6
PLAIN, NSEC, NSEC3 = "plain.example", "nsec.example", "nsec3.example"


def exact(record):
    """All of a record, letter case too."""
    return (record.owner, record.type, record.rrclass, record.ttl, record.rdata)


def soa_serial(record):
    return int.from_bytes(record.rdata[-20:-16], "big")


def difference(at, name, serial, additional=()):
    """The messages of an IXFR by TCP, up to its last SOA."""
    messages = transfer(at, name, rrtype="IXFR", authority=soa_record(serial),
                        additional=additional)
    assert messages[-1].rcode == 0
    return messages


def records_of(messages):
    return [record for message in messages for record in message.answer]


def apply(before, records):
    """A zone, as a set of records, after one condensed difference (RFC 1995 §4): what is removed must
    be there, what is added must not, nothing comes twice."""
    marks = [i for i, record in enumerate(records) if record.type == SOA]
    assert marks[:2] == [0, 1] and len(marks) == 4 and marks[3] == len(records) - 1, marks
    new, old = exact(records[0]), exact(records[1])
    assert exact(records[marks[2]]) == exact(records[marks[3]]) == new
    removed = [old, *map(exact, records[2:marks[2]])]
    added = [new, *map(exact, records[marks[2] + 1:marks[3]])]
    assert len(set(removed)) == len(removed) and len(set(added)) == len(added)
    assert set(removed) <= before, set(removed) - before
    after = before - set(removed)
    assert not set(added) & after
    return after | set(added)


class Past:
    """A site whose zones are transferred whole at each serial, to hold differences against."""

    def __init__(self, folder, zones, **top):
        self.contacts = Contacts(folder / "contacts", 1995)
        self.site = Site(folder, zones, contacts=self.contacts.folder, **top)
        self.names = [item["domain"] for item in zones]
        for name in self.names:
            if any(item["domain"] == name and "dnssec" in item for item in zones):
                self.site.zonegen("key", "generate", name)
        self.site.publish()
        self.server = Contactd(self.site)
        self.zones = {name: {} for name in self.names}  # name -> serial -> records
        self.note()

    def whole(self, name):
        return set(map(exact, transfer_records(transfer(self.server.at, name))))

    def note(self):
        for name in self.names:
            self.zones[name].setdefault(serial_of(self.server.at, name), self.whole(name))

    def publish(self):
        self.site.publish("--force")
        self.note()


@pytest.fixture(scope="module")
def past(tmp_path_factory):
    """Seven publishes of random edits, entries removed and added among them; in the middle a restore
    of something else over one zone, and of what was there before."""
    made = Past(tmp_path_factory.mktemp("past"), [
        zone(PLAIN, serial="counter"), zone(NSEC, dnssec="on", policy="plain"),
        zone(NSEC3, dnssec="on", policy="hashed")],
        policy=[{"id": "plain", "denial": "nsec"}, {"id": "hashed", "denial": "nsec3"}])
    for turn in range(7):
        made.contacts.edit()
        if turn == 3:
            made.contacts.remove_files()
        made.publish()
    yield made
    made.server.stop()


@pytest.mark.parametrize("name", [PLAIN, NSEC, NSEC3])
def test_a_difference_from_every_kept_serial_gives_the_present_zone(past, name):
    """RFC 1995 §4, §5: condensed into one sequence, exact to the letter case; DNSSEC records too."""
    now = max(past.zones[name])
    assert len(past.zones[name]) == 8
    for serial, before in past.zones[name].items():
        if serial == now:
            continue
        messages = difference(past.server.at, name, serial)
        records = records_of(messages)
        assert (soa_serial(records[0]), soa_serial(records[1])) == (now, serial)
        assert apply(before, records) == past.zones[name][now]
        assert sum(len(m.octets) for m in messages) < sum(
            len(m.octets) for m in transfer(past.server.at, name))
        for message in messages:
            assert (message.id, message.rcode) == (0x4242, 0)
            assert message.has(AA) and not message.has(TC)
            assert message.question == query(name, "IXFR")[12:]
            assert not message.authority and not message.additional and message.opt is None


def test_every_message_of_a_difference_has_an_opt_when_the_question_had_one(past):
    """RFC 9103 §6.3.4"""
    messages = difference(past.server.at, NSEC, min(past.zones[NSEC]), additional=[opt()])
    assert len(messages) > 1 and all(message.opt is not None for message in messages)


def test_several_differences_and_queries_on_one_connection(past):
    """RFC 5936 §4.1.2, RFC 9103 §6.1"""
    serials = sorted(past.zones[PLAIN])
    with Tcp(past.server.at, timeout=30) as connection:
        connection.send(ixfr(PLAIN, serials[-2], ident=1), query(PLAIN, "SOA", ident=2),
                        ixfr(NSEC, min(past.zones[NSEC]), ident=3), ixfr(PLAIN, serials[0], ident=4),
                        query(PLAIN, "AXFR", ident=5), query(f"_meta.{PLAIN}", "TXT", ident=6))
        came = {number: [] for number in range(1, 7)}
        while not came[6]:
            message = Message(connection.receive())
            came[message.id] += message.answer
    assert len(came[2]) == 1 and came[6]
    assert apply(past.zones[PLAIN][serials[-2]], came[1]) == past.zones[PLAIN][serials[-1]]
    assert apply(past.zones[PLAIN][serials[0]], came[4]) == past.zones[PLAIN][serials[-1]]
    assert apply(past.zones[NSEC][min(past.zones[NSEC])], came[3]) == \
        past.zones[NSEC][max(past.zones[NSEC])]
    assert set(map(exact, came[5])) == past.zones[PLAIN][serials[-1]]


def test_a_serial_that_was_never_published_gets_the_whole_zone(past):
    """RFC 1995 §4"""
    for serial in (0, min(past.zones[PLAIN]) - 1):
        records = records_of(difference(past.server.at, PLAIN, serial))
        assert set(map(exact, records)) == past.zones[PLAIN][max(past.zones[PLAIN])]
    assert "AXFR-style IXFR of plain.example serial" in past.server.log()


def test_the_log_says_from_where_to_where(past):
    first, now = min(past.zones[NSEC3]), max(past.zones[NSEC3])
    difference(past.server.at, NSEC3, first)
    assert f"IXFR of nsec3.example from serial {first} to {now} to 127.0.0.1@" in past.server.log()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A small zone, changed once by one contact."""
    folder = tmp_path_factory.mktemp("small")
    contacts = write_entries(folder / "contacts", [f"t{n}" for n in range(40)])
    site = Site(folder, [zone("cc.example", serial="counter"),
                         zone("closed.example", serial="counter", acl=[])],
                contacts=contacts, tlds="any", server={"udp-max": 4096})
    del site.config["zone"][1]["acl"]
    site.write()
    first = site.publish()["cc.example"]
    (folder / "before").write_text(site.export("cc.example"), encoding="utf-8")
    with Contactd(site) as server:
        before = set(map(exact, transfer_records(transfer(server.at, "cc.example"))))
        write_entry(folder / "contacts", "t7", "Other desk")
        assert site.publish()["cc.example"] == first + 1
        after = set(map(exact, transfer_records(transfer(server.at, "cc.example"))))
        yield site, server, first, before, after


def proved(server, size=4096):
    """What is larger than 18 times its question goes to clients with a cookie only."""
    return [cookies.cookie_option(cookies.fetch(server.at), size)]


def test_by_udp_the_difference_comes_where_all_of_it_fits(small):
    """RFC 1995 §2, §4: else one SOA."""
    _, server, first, before, after = small
    whole = client.ask(server.at, ixfr("cc.example", first, additional=proved(server)))
    assert whole.has(AA) and not whole.has(TC) and whole.opt is not None
    assert apply(before, whole.answer) == after
    for size in (512, 1232, len(whole.octets) - 1, len(whole.octets), 4095):
        reply = client.ask(server.at, ixfr("cc.example", first, additional=proved(server, size)))
        assert len(reply.octets) <= size and not reply.has(TC)
        if size >= len(whole.octets):
            assert reply.octets[12:] == whole.octets[12:]
        else:
            assert [soa_serial(record) for record in reply.answer] == [first + 1]
    reply = client.ask(server.at, ixfr("cc.example", first))
    assert [record.type for record in reply.answer] == [SOA] and reply.opt is None


def test_by_udp_the_question_comes_back_as_it_was_asked(small):
    """Pointers lead to it, whatever its letter case."""
    _, server, first, before, after = small
    reply = client.ask(server.at, ixfr("CC.eXample", first, additional=proved(server)))
    assert reply.question == query("CC.eXample", "IXFR")[12:]
    assert apply(before, reply.answer) == after


def test_by_udp_who_may_have_forged_its_address_gets_one_soa(small):
    _, server, first, _, _ = small
    reply = client.ask(server.at, ixfr("cc.example", first, additional=[opt(4096)]))
    assert [soa_serial(record) for record in reply.answer] == [first + 1] and not reply.has(TC)


def test_by_udp_only_who_may_transfer_gets_a_difference(small):
    _, server, first, _, _ = small
    reply = client.ask(server.at, ixfr("closed.example", first, additional=[opt(4096)]))
    assert (reply.rcode, reply.answer) == (5, [])


def test_many_differences_by_udp_at_once_are_each_right(small):
    """More than a batch has room for: the rest are one SOA."""
    _, server, first, before, after = small
    replies = client.udp_many(server.at,
                              [ixfr("cc.example", first, additional=proved(server))] * 200)
    seen = set()
    for reply in map(Message, replies):
        seen.add(len(reply.answer) > 1)
        if len(reply.answer) > 1:
            assert apply(before, reply.answer) == after
        else:
            assert soa_serial(reply.answer[0]) == first + 1
    assert True in seen


@pytest.mark.parametrize("mode", [dns.query.UDPMode.NEVER, dns.query.UDPMode.ONLY])
def test_dnspython_applies_the_difference(small, mode):
    """An implementation of its own, which refuses what is out of order."""
    site, server, _, _, _ = small
    mirror = dns.zone.from_file(f"{site.folder}/before", "cc.example",
                                zone_factory=dns.versioned.Zone)
    question, _ = dns.xfr.make_query(mirror)
    cookie = dns.edns.GenericOption(cookies.CODE, cookies.fetch(server.at))
    question.use_edns(0, payload=4096, options=[cookie])
    dns.query.inbound_xfr(server.at[0], mirror, question, port=server.at[1], udp_mode=mode)
    assert mirror == dns.zone.from_text(site.export("cc.example"), "cc.example")


@pytest.mark.skipif(not shutil.which("dig") or not shutil.which("kdig"), reason="dig or kdig missing")
def test_dig_and_kdig_read_a_difference(small):
    _, server, first, _, _ = small
    for command in (["dig", "+noidnout", "+tcp", "+nocmd", "+nostats", "-p", str(server.at[1]),
                     "@127.0.0.1", f"IXFR={first}", "cc.example"],
                    ["kdig", "-p", str(server.at[1]), "@127.0.0.1", f"IXFR={first}", "cc.example"]):
        said = run(command)
        lines = [line.split() for line in said.stdout.splitlines() if line and line[0] != ";"]
        assert sum(line[3] == "SOA" for line in lines) == 4, said.stdout
        assert any("Other" in line for line in said.stdout.splitlines())


def test_a_difference_larger_than_the_zone_is_the_whole_zone(tmp_path):
    """RFC 1995 §5"""
    labels = [f"t{n}" for n in range(60)]
    contacts = write_entries(tmp_path / "contacts", labels)
    site = Site(tmp_path, [zone("cc.example", serial="counter")], contacts=contacts, tlds="any")
    first = site.publish()["cc.example"]
    with Contactd(site) as server:
        write_entries(tmp_path / "contacts", labels, "Everything else")
        site.publish()
        whole = set(map(exact, transfer_records(transfer(server.at, "cc.example"))))
        records = records_of(difference(server.at, "cc.example", first))
        assert records[1].type != SOA and set(map(exact, records)) == whole
        # What comes back as it was is no difference any more: condensed, it is small again.
        write_entries(tmp_path / "contacts", labels)
        site.publish()
        records = records_of(difference(server.at, "cc.example", first))
        assert records[1].type == SOA and len(records) < 20


def test_a_history_that_is_off_means_the_whole_zone(tmp_path):
    contacts = write_entries(tmp_path / "contacts", ["xa", "xb"])
    site = Site(tmp_path, [zone("cc.example", serial="counter", history="off")], contacts=contacts,
                tlds="any")
    first = site.publish()["cc.example"]
    with Contactd(site) as server:
        write_entry(tmp_path / "contacts", "xa", "Other desk")
        site.publish()
        records = records_of(difference(server.at, "cc.example", first))
        assert records[1].type != SOA and soa_serial(records[-1]) == first + 1


def test_differences_lead_over_a_restore(tmp_path):
    """What a restore put in place is a difference like any other, where its serial is newer."""
    contacts = write_entries(tmp_path / "contacts", [f"t{n}" for n in range(30)])
    site = Site(tmp_path, [zone("cc.example", serial="counter")], contacts=contacts, tlds="any")
    first = site.publish()["cc.example"]
    with Contactd(site) as server:
        before = set(map(exact, transfer_records(transfer(server.at, "cc.example"))))
        text = site.export("cc.example").replace("Team", "Restored").replace(
            f" {first} ", f" {first + 5} ", 1)
        file = tmp_path / "zone"
        file.write_text(text, encoding="utf-8")
        site.zonegen("restore", "--force", str(file), "cc.example")
        after = set(map(exact, transfer_records(transfer(server.at, "cc.example"))))
        records = records_of(difference(server.at, "cc.example", first))
        if records[1].type == SOA:
            assert apply(before, records) == after
        else:
            assert set(map(exact, records)) == after
