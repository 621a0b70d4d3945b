"""A zone with everything around it on loopback: contactd and NSD serve it, NSD serves its signed parent
with the DS that the test wants, Unbound is the resolver that finds them all, and another Unbound
and delv validate what they find from the parent's key down."""

import os
import re
import signal
import time

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rdatatype
import dns.rrset

from support.contactd import Contactd, Site, program, serial_of, zone
from support.contacts import write_entry
from support.keys import Key
from support.peers import Nsd, Unbound
from support.ports import Port
from support.process import find_program, run, wait_until
from support.validators import SECURE, Validator, delv, delv_verdict

ZONE, PARENT = "cc.example", "example"
PARENT_ADDRESS = "127.0.0.3"  # its servers are told from the zone's by their address
DS_TTL, ZONE_TTL = 3600, 14400
# Some time ago: whatever zonegen signs at its clock is in force by the clock of the validators, too.
START = int(time.time()) // 3600 * 3600 - 14 * 86400
# What is validated: positive, from a wildcard, no such name, no such type.
JUDGED = [("cc.example", "SOA"), ("no.cc.example", "TXT"), ("www.bank.no.cc.example", "TXT"),
          ("zz.cc.example", "TXT"), ("no.cc.example", "A")]


def when(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Parent(Nsd):
    """NSD with the zone `example`, signed: the delegation of the zone, and its DS."""

    name = "parent"

    def __init__(self, folder):
        super().__init__(folder)
        self.at = (PARENT_ADDRESS, self.port.number)
        self.zones = {PARENT: self.path("example.zone")}
        self.key = Key(self.path("parent-keys"), PARENT)
        self.serial = 0
        self._write_zone([])

    def _write_zone(self, ds):
        self.serial += 1
        lines = ["$ORIGIN example.", "$TTL 3600",
                 f"@ SOA ns hostmaster {self.serial} 3600 900 604800 300", "@ NS ns",
                 f"ns A {PARENT_ADDRESS}",
                 "cc NS ns1.cc", "cc NS ns2.cc", "ns1.cc A 127.0.0.1", "ns2.cc A 127.0.0.2"]
        lines += [f"cc {DS_TTL} IN DS {item}" for item in ds]
        lines += [f"@ IN DNSKEY {self.key.dnskey}"]
        self.write("example.unsigned", "\n".join(lines) + "\n")
        said = run([find_program("dnssec-signzone"), "-P", "-z", "-d", self.folder, "-o", PARENT,
                    "-f", self.zones[PARENT], self.path("example.unsigned"), self.key.path])
        assert said.returncode == 0, said.stderr

    def configure(self):
        arguments = super().configure()
        with open(arguments[-1], encoding="ascii") as file:
            text = file.read().replace("ip-address: 127.0.0.1", f"ip-address: {PARENT_ADDRESS}")
        self.write("nsd.conf", text)
        return arguments

    def publish(self, ds):
        """Serves these DS, in presentation format without owner."""
        # NSD reads a file again when its time differs, which it may know in seconds only.
        before = os.stat(self.zones[PARENT]).st_mtime
        self._write_zone(ds)
        os.utime(self.zones[PARENT], (before + 1, before + 1))
        self.process.signal(signal.SIGHUP)
        wait_until(lambda: serial_of(self.at, PARENT) == self.serial, 20, "the parent has the DS",
                   self.process)


class Secondary(Nsd):
    """The second server of the zone."""

    address = "127.0.0.2"

    def __init__(self, folder, primary):
        super().__init__(folder, secondary_of=[ZONE], primary=primary)
        self.at = (self.address, self.port.number)

    def configure(self):
        arguments = super().configure()
        with open(arguments[-1], encoding="ascii") as file:
            text = file.read().replace("ip-address: 127.0.0.1", f"ip-address: {self.address}")
        self.write("nsd.conf", text)
        return arguments


class Resolver(Unbound):
    """Finds the parent and the zone, and keeps nothing in its cache."""

    def __init__(self, folder, primary, parent):
        super().__init__(folder, secondary_of=[ZONE], primary=primary)
        self.parent = parent

    def configure(self):
        arguments = super().configure()
        with open(self.path("unbound.conf"), "a", encoding="ascii") as file:
            file.write(f"stub-zone:\n name: {PARENT}\n stub-addr: {self.parent[0]}@{self.parent[1]}\n"
                       "server:\n cache-max-ttl: 0\n cache-max-negative-ttl: 0\n")
        return arguments

    def wait(self, seconds=20):
        def answers():
            return ask(self.at, ZONE, "SOA", rd=True, timeout=0.5).answer
        wait_until(lambda: _or_none(answers), seconds, "the resolver answers", self.process)
        return self


def _or_none(what):
    try:
        return what()
    except (dns.exception.DNSException, OSError):
        return None


def ask(at, name, kind, rd=False, timeout=2):
    query = dns.message.make_query(name, kind, want_dnssec=True, flags=dns.flags.RD if rd else 0)
    return dns.query.udp_with_fallback(query, at[0], timeout, at[1])[0]


class World:
    """The zone, its parent and a resolver. `clock` is what zonegen is told; it never goes back."""

    def __init__(self, folder, **policy):
        self.folder = str(folder)
        self.clock = START
        contacts = os.path.join(self.folder, "contacts")
        os.makedirs(contacts)
        write_entry(contacts, "no", "Norid")
        resolver_port, port = Port(), Port()
        self.parent = Parent(self.folder).start().wait()
        self.site = Site(self.folder, [zone(
            ZONE, nameservers=["ns1.cc.example 127.0.0.1", "ns2.cc.example 127.0.0.2"],
            dnssec="on", notify=["ns2"])], contacts=contacts)
        self.secondary = Secondary(self.folder, ("127.0.0.1", port.number))
        self.resolver = Resolver(self.folder, ("127.0.0.1", port.number), self.parent.at)
        resolver_port.release()
        self.site.config["remote"] = [
            {"id": "ns1", "address": f"127.0.0.1@{port.number}"},
            {"id": "ns2", "address": f"127.0.0.2@{self.secondary.port.number}"},
            {"id": "parent", "address": f"{PARENT_ADDRESS}@{self.parent.port.number}"}]
        self.site.config["policy"] = [{"id": "default", "key-dir": "keys",
                                       "resolver": f"127.0.0.1@{self.resolver.port.number}",
                                       **policy}]
        self.site.write()
        self.zonegen("key", "generate")
        self.serial = None
        self._publish()
        self.primary = Contactd(self.site, port=port)
        self.secondary.start().wait()
        self.resolver.start().wait()
        self.judge = Validator(self.folder, {PARENT: self.parent.at, ZONE: self.primary.at},
                               {PARENT: ("DNSKEY", self.parent.key.dnskey)}).start().wait()
        self.set_ds(self.wanted_ds())

    def close(self):
        for server in (self.judge, self.resolver, self.secondary, self.primary, self.parent):
            server.stop()

    def policy(self, **items):
        self.site.config["policy"][0].update(items)
        self.site.write()

    def zonegen(self, *arguments, code=0):
        return self.site.zonegen(*arguments, code=code, timeout=60)

    def roll(self, *arguments, code=0):
        """zonegen key roll; its result."""
        return self.zonegen("key", "roll", "--now", when(self.clock), *arguments, code=code)

    def status(self):
        return self.roll("--status").stdout

    def _publish(self):
        said = self.zonegen("publish", "--now", when(self.clock)).stdout
        self.serial = int(said.split()[1])

    def publish(self):
        """Publishes, and waits until both servers have it."""
        self._publish()
        for server in (self.primary, self.secondary):
            wait_until(lambda at=server.at: serial_of(at, ZONE) == self.serial, 20, "it is served")

    def wanted_ds(self):
        """The DS that `key ds` prints for the parent, without owner."""
        return re.findall(r"\bIN\s+DS\s+(\d+ \d+ \d+ [0-9A-Fa-f ]+?)\s*$",
                          self.zonegen("key", "ds").stdout, re.MULTILINE)

    def set_ds(self, ds):
        """The parent serves these DS, and the resolver has seen it: what it was told last it keeps
        to the end of that second, in spite of its cache of none."""
        self.parent.publish(ds)

        def seen():
            answer = ask(self.resolver.at, ZONE, "DS", rd=True).answer
            return len(answer[0] if answer else []) == len(ds) and all(
                any(item.split()[0] == str(rr.key_tag) for item in ds)
                for rrset in answer[:1] for rr in rrset)
        wait_until(lambda: _or_none(seen), 20, "the resolver has the DS", self.resolver.process)

    def dnskeys(self, at=None):
        answer = ask(at or self.primary.at, ZONE, "DNSKEY").answer
        return answer[0] if answer else []

    def signers(self, kind="SOA", at=None):
        """The key tags of the signatures over an RRset at the apex."""
        answer = ask(at or self.primary.at, ZONE, kind).answer
        return {rr.key_tag for rrset in answer if rrset.rdtype == dns.rdatatype.RRSIG
                for rr in rrset}

    def validates(self):
        """A validator's way, at the zonegen's clock: DS, DNSKEY, then SOA and a card."""
        origin = dns.name.from_text(ZONE)
        wanted = [ds for rrset in ask(self.parent.at, ZONE, "DS").answer for ds in rrset]
        if not wanted:
            return True
        for at in (self.primary.at, self.secondary.at):
            keys, signatures = _split(ask(at, ZONE, "DNSKEY").answer)
            good = [key for key in keys
                    if any(ds == dns.dnssec.make_ds(origin, key, "SHA256") for ds in wanted)]
            assert good, (wanted, keys)
            entry = dns.rrset.from_rdata_list(origin, keys.ttl, good)
            dns.dnssec.validate(keys, signatures, {origin: entry}, now=self.clock)
            for name, kind in ((ZONE, "SOA"), (f"no.{ZONE}", "TXT")):
                rrset, signatures = _split(ask(at, name, kind).answer)
                dns.dnssec.validate(rrset, signatures, {origin: keys}, now=self.clock)
        self._judge()
        return True

    def _judge(self):
        """Unbound and delv, who go by the clock of the machine."""
        assert self.clock < time.time()
        for name, kind in JUDGED:
            verdict, reply = self.judge.verdict(name, kind)
            assert verdict == SECURE, (name, kind, verdict, reply)
        for name, kind in JUDGED[1:4]:
            self.judge.forget()  # else it would keep some of it to the second's end, and some not
            text = delv(self.judge.at, self.folder, self.parent.key, name, kind)
            assert delv_verdict(text) == SECURE, text


def _split(answer):
    signatures = [rrset for rrset in answer if rrset.rdtype == dns.rdatatype.RRSIG]
    others = [rrset for rrset in answer if rrset.rdtype != dns.rdatatype.RRSIG]
    return others[0], signatures[0]
