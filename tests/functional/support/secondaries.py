"""contactd with secondaries of four makes, an editor of contacts files, zones as plain tuples."""

import functools
import os
import random
import re
import shutil
import time

import dns.name
import dns.rdata
import dns.rdatatype

from support import wire
from support.client import Tcp
from support.contactd import SAMPLES, Contactd, Site, serial_of, zone
from support.peers import Bind, Knot, Nsd, PowerDns, Unbound, need
from support.process import find_program, run
from support.wire import Message, Record

ZONES = ["cc.example", "cc-contacts.test"]
SECONDS_TO_FOLLOW = 5.0

# These give the names in the RDATA of RP and SOA back in lower case, as RFC 4034 §6.2 canonicalises
# them; BIND and PowerDNS keep them as they came.
LOWERS_CASE = {"nsd", "knot"}


# Zones: a record is (owner, type, TTL, RDATA) in wire format, names in full, letter case kept.

@functools.lru_cache(maxsize=200_000)
def _record(line):
    owner, ttl, _, kind, rdata = line.split(" ", 4)
    number = int(dns.rdatatype.from_text(kind))
    octets = dns.rdata.from_text("IN", kind, rdata, relativize=False).to_wire()
    return (dns.name.from_text(owner).to_wire(), number, int(ttl), octets)


def exported(text):
    """The records of an export, sorted, as dnspython reads them."""
    return sorted(_record(line) for line in text.splitlines() if line and line[0] != ";")


def transferred(at, domain, seconds=30):
    """The records that a server gives by AXFR, sorted. NSD closes its connections when it takes a
    zone: then it is asked again."""
    for _ in range(5):
        records = _transfer(at, domain, seconds)
        if records:
            return sorted((r.owner, r.type, r.ttl, r.rdata) for r in records[:-1])
        time.sleep(0.2)
    raise AssertionError(f"{at} closes each transfer of {domain}")


def _transfer(at, domain, seconds):
    """All records, or None where the connection was closed. PowerDNS sends one SOA alone first."""
    records = []
    with Tcp(at, timeout=seconds) as connection:
        connection.send(wire.query(domain, "AXFR"))
        while sum(r.type == wire.TYPES["SOA"] for r in (records[:1] + records[-1:])) < 2 \
                or len(records) < 2:
            try:
                octets = connection.receive()
            except ConnectionResetError:
                octets = None
            if octets is None:
                return None
            reply = Message(octets)
            assert reply.rcode == 0 and reply.answer, (at, domain, reply.rcode)
            records += reply.answer
    return records


def without_case(records):
    """The same with names in lower case: owners, and the names that stand in RDATA."""
    return sorted(Record(owner, kind, 1, ttl, rdata).key() for owner, kind, ttl, rdata in records)


def difference(ours, theirs):
    """What to say of two lists of records: the first few that only one of them has."""
    return {"missing": sorted(set(ours) - set(theirs))[:3],
            "too many": sorted(set(theirs) - set(ours))[:3], "records": (len(ours), len(theirs))}


def cards(records, domain):
    """The card (set of strings, one each) of each label that is an entry, in a zone's records."""
    apex, found = wire.name_from_text(domain), {}
    for owner, kind, _, rdata in records:
        labels = wire.name_to_labels(owner)
        if kind == 16 and owner.endswith(apex) and labels[0][:1] not in (b"_", b"*") \
                and wire.labels_to_name(labels[1:]) == apex:
            found.setdefault(labels[0], set()).add(b"".join(wire.txt_strings(rdata)))
    return found


def aliases(records, domain):
    """The labels of the zone's CNAMEs, without those below: each with the label it leads to."""
    depth = len(wire.name_to_labels(wire.name_from_text(domain))) + 1
    return {wire.name_to_labels(owner)[0]: wire.name_to_labels(rdata)[0]
            for owner, kind, _, rdata in records
            if kind == 5 and len(wire.name_to_labels(owner)) == depth}


# Contacts.

class Contacts:
    """A copy of the sample contacts, edited at random as a secretariat would, from a seed."""

    def __init__(self, folder, seed):
        self.folder = str(folder)
        shutil.copytree(SAMPLES, self.folder)
        self._random = random.Random(seed)
        self._removed = {}
        self._edits = 0

    def names(self):
        return sorted(n for n in os.listdir(self.folder) if n.endswith(".yaml"))

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return file.read()

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def any(self, pattern):
        """A random file that the pattern is found in, and its text."""
        names = self.names()
        self._random.shuffle(names)
        return next((n, self.read(n)) for n in names if re.search(pattern, self.read(n), re.M))

    def _phone(self):
        return f"+44 20 7946 {self._edits % 1000:04d}"

    def change_phone(self):
        """The first phone of a file; it differs from all that were ever written here."""
        self._edits += 1
        name, text = self.any(r"^    phone: \+")
        self.write(name, re.sub(r"(?m)^    phone: \+.*$", f"    phone: {self._phone()}", text, 1))
        return f"{name}: phone"

    def add_contact(self):
        self._edits += 1
        name = self._random.choice(self.names())
        text = self.read(name).rstrip("\n")
        taken = {int(n) for n in re.findall(r"(?m)^    order: (\d)", text)}
        free = sorted(set(range(1, 10)) - taken)
        if free:
            text += (f"\n  - id: extra{self._edits}\n    role: management\n    order: {free[-1]}\n"
                     f"    name: Extra desk {self._edits}\n    phone: {self._phone()}\n"
                     f"    email: Extra.Desk+{self._edits}@Registry.example\n    hours: 24x7\n")
            self.write(name, text)
        return f"{name}: contact added"

    def remove_contact(self):
        name, text = self.any(r"(?s)^  - .*^  - ")
        self.write(name, text[:text.rindex("\n  - ") + 1])
        return f"{name}: contact removed"

    def remove_files(self, most=40):
        """With 40 it is a tenth of all: publish wants --force."""
        names = self._random.sample(self.names(), self._random.randint(1, most))
        for name in names:
            self._removed[name] = self.read(name)
            os.unlink(os.path.join(self.folder, name))
        return f"{len(names)} files removed"

    def add_files(self):
        names = sorted(self._removed)[:self._random.randint(1, 40)]
        for name in names:
            self.write(name, self._removed.pop(name))
        return f"{len(names)} files added"

    def edit(self):
        """Some random edits, at least one of which changes a zone; says what they were."""
        kinds = [self.change_phone, self.change_phone, self.add_contact, self.remove_contact,
                 self.remove_files, self.add_files]
        done = [self._random.choice(kinds)() for _ in range(self._random.randint(1, 6))]
        return [*done, self.change_phone()]


# Servers.

class RestartingPowerDns(PowerDns):
    """Its zones stand in its database: a second start does not make them again."""

    def configure(self):
        if os.path.exists(self.path("pdns.lmdb")):
            return [f"--config-dir={self.folder}"]
        return super().configure()


MAKES = {"nsd": Nsd, "knot": Knot, "bind": Bind, "powerdns": RestartingPowerDns}


class Followed:
    """A primary and its secondaries, by name, which all serve `domains`."""

    domains = ()
    primary = None
    site = secondaries = serials = None

    def begin(self, seconds):
        """Starts the secondaries of a primary that runs, and waits until they follow it."""
        for secondary in self.secondaries.values():
            secondary.primary = self.primary.at
            secondary.start()
        self.follow(seconds)

    def __exit__(self, *_):
        for secondary in self.secondaries.values():
            secondary.stop()
        if self.primary:
            self.primary.stop()

    def follow(self, seconds=SECONDS_TO_FOLLOW):
        """Waits until every secondary serves what was published last; the seconds it took each."""
        start, times = time.monotonic(), {}
        waiting = {(name, domain) for name in self.secondaries for domain in self.domains}
        while waiting:
            for name, domain in sorted(waiting):
                if serial_of(self.secondaries[name].at, domain) == self.serials[domain]:
                    waiting.remove((name, domain))
                    times[name] = time.monotonic() - start
            assert not waiting or time.monotonic() - start < seconds, (
                f"not within {seconds} s: {sorted(waiting)}", self.serials)
            time.sleep(0.02)
        return times

    def assert_equal(self, domains=None):
        """Every secondary's AXFR is the export, record for record; see LOWERS_CASE."""
        for domain in domains or self.domains:
            ours = exported(self.site.export(domain))
            for name, secondary in self.secondaries.items():
                theirs = transferred(secondary.at, domain)
                if name in LOWERS_CASE:
                    assert without_case(ours) == without_case(theirs), \
                        (name, domain, difference(without_case(ours), without_case(theirs)))
                else:
                    assert ours == theirs, (name, domain, difference(ours, theirs))


class Ring(Followed):
    """contactd with two zones of the same contents, and all four makes as their secondaries."""

    domains = ZONES

    def __init__(self, folder, contacts, makes=MAKES):
        need(*(kind.program for kind in makes.values()))
        self.folder = str(folder)
        self.site = Site(folder, [zone(domain) for domain in ZONES], contacts=contacts.folder,
                         log={"level": "debug"})
        self.contacts = contacts
        self.secondaries = {name: kind(folder, secondary_of=ZONES) for name, kind in makes.items()}
        self.site.config["zone"][1]["hostmaster"] = "Host.Master@CC-Contacts.test"
        self.site.config["remote"] = [{"id": name, "address": f"127.0.0.1@{secondary.at[1]}"}
                                      for name, secondary in self.secondaries.items()]
        for item in self.site.config["zone"]:
            item["notify"] = list(self.secondaries)
        self.site.write()
        self.serials = self.site.publish()

    def __enter__(self):
        self.primary = Contactd(self.site)
        self.begin(30)
        return self

    def publish(self, edits):
        """Publishes after some edits; both serials must have moved."""
        before = self.serials
        self.serials = self.site.publish("--force")
        assert all(self.serials[domain] > before[domain] for domain in ZONES), (edits, before)


class _EditedUnbound(Unbound):
    """Unbound with words of its configuration replaced, each of which must be there."""

    replacements = {}

    def configure(self):
        arguments = super().configure()
        with open(self.path("unbound.conf"), encoding="utf-8") as file:
            text = file.read()
        for old, new in self.replacements.items():
            assert old in text
            text = text.replace(old, new)
        self.write("unbound.conf", text)
        return arguments


class UnboundForward(_EditedUnbound):
    """Asks contactd as if it were a resolver (forward-addr), which has nothing but its zones."""

    name = "unbound-forward"
    replacements = {"stub-zone:": "forward-zone:", "stub-addr:": "forward-addr:"}


class UnboundMixedCase(_EditedUnbound):
    """Asks in random letter case (0x20) and takes no answer that changes it."""

    name = "unbound-0x20"
    replacements = {"server:\n": "server:\n use-caps-for-id: yes\n"}


def tool(*arguments, code=0):
    """Runs another project's program to its end; its stdout. Its exit code must be as expected."""
    need(arguments[0])
    result = run([find_program(arguments[0]), *map(str, arguments[1:])], timeout=60)
    assert code in (None, result.returncode), (arguments, result.returncode,
                                               result.stdout[-2000:], result.stderr[-2000:])
    return result.stdout


def dig(at, *arguments):
    return tool("dig", f"@{at[0]}", "-p", at[1], "+time=5", *arguments)


def drill(at, *arguments):
    return tool("drill", f"@{at[0]}", "-p", at[1], *arguments)
