"""contactd as the primary of NSD, Knot, BIND and PowerDNS at once, over four zones of the same
contents, which differ in how they are transferred; and a clock that goes forward with each publish."""

import os
import re
import time

from support.client import transfer
from support.contactd import Contactd, zone
from support.keys import SignedSite, ldns_complaint, moment
from support.ports import Port
from support.secondaries import MAKES, Contacts, Followed, dig
from support.terms import Secret, Terms, Tls
from support.tls import CLIENT, Issuer, settings
from support.wire import RCODES

WHOLE = "whole.example"      # without history: all that ask for differences get the zone
STEPS = "steps.example"      # by IXFR
SIGNED = "signed.example"    # by IXFR and TSIG; DNSSEC
PRIVATE = "private.example"  # by IXFR and TSIG, over TLS by those that can; DNSSEC with NSEC3
DOMAINS = [WHOLE, STEPS, SIGNED, PRIVATE]

# Where each is, and its key: every algorithm, and every form that contactd reads.
# BIND only listens on addresses that an interface has.
HOSTS = {"nsd": "127.0.1.1", "knot": "127.0.1.2", "bind": "127.0.0.1", "powerdns": "127.0.1.4"}
SECRETS = {"nsd": (Secret("nsd-key", "hmac-sha256"), "nsd"),
           "knot": (Secret("knot-key", "hmac-sha512"), "knot"),
           "bind": (Secret("bind-key", "hmac-sha384"), "bind"),
           "powerdns": (Secret("powerdns-key", "hmac-sha256"), "plain")}

# BIND 9.18 and NSD 4.6 get zones over TLS; Knot 3.2 and PowerDNS 4.7 cannot (test_interop.py).
OVER_TLS = {"nsd", "bind"}

HOSTNAME = "primary.example"
START = "2026-11-22T12:00:00Z"


def stamp(when):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))


class Desk(Contacts):
    """The sample contacts, or so many of them, with edits whose names are hard on those who read,
    compare and canonicalise them."""

    def __init__(self, folder, seed, files=None):
        super().__init__(folder, seed)
        names = self.names()
        for name in self._random.sample(names, len(names) - (files or len(names))):
            os.unlink(os.path.join(self.folder, name))
        self.most = max(2, len(self.names()) // 6)

    def odd_mailbox(self):
        """A label of 63 octets in an RP record, with dots, capitals and what has to be escaped."""
        name, text = self.any(r"^    email: \S+@")
        middle = "".join(self._random.choice("aZ.+'/=?^_{|}~-!#$%&*") for _ in range(61))
        local = "x" + re.sub(r"\.(?=\.)", "A", middle) + "Y"
        self.write(name, re.sub(r"(?m)^    email: [^@]*@([\w.-]*).*$",
                                lambda found: f'    email: "{local}@{found[1]}"', text, count=1))
        return f"{name}: mailbox {local}"

    def tidy(self):
        """Mailboxes in lower case, and another phone."""
        self.change_phone()
        for name in self.names():
            text = self.read(name)
            self.write(name, re.sub(r"(?m)^    email: .*$", lambda found: found[0].lower(), text))

    def few(self):
        """What an afternoon brings; at least one change of every zone."""
        kinds = [self.change_phone, self.add_contact, self.add_contact, self.remove_contact,
                 self.odd_mailbox, lambda: self.remove_files(2), self.add_files]
        done = [self._random.choice(kinds)() for _ in range(self._random.randint(1, 4))]
        return [*done, self.change_phone()]

    def many(self):
        return [self.remove_files(self.most), self.odd_mailbox(), self.add_contact(),
                self.change_phone()]


class Fleet(Followed):
    """The primary, its secondaries by make, and what was published last (`serials`) and when (`now`,
    seconds since 1970)."""

    domains = DOMAINS

    def __init__(self, folder, desk):
        self.folder, self.desk = str(folder), desk
        self.now = moment(START)
        self.site = SignedSite(folder, self._zones(), contacts=desk.folder, tlds="any",
                               log={"level": "debug"},
                               key=[{"id": secret.name, "algorithm": secret.algorithm,
                                     "secret-file": secret.write(folder, form)}
                                    for secret, form in SECRETS.values()])
        self.issuer = Issuer(folder)
        self._tls_port = Port()
        self.secondaries = {make: kind(folder, secondary_of=DOMAINS, terms=self._terms(make),
                                       host=HOSTS[make]) for make, kind in MAKES.items()}
        self._configure()
        self._port, self.serials = Port(), {}

    @staticmethod
    def _zones():
        return [zone(WHOLE, dnssec="off", history="off"),
                zone(STEPS, dnssec="off", hostmaster="Host.Master@Steps.Example"),
                zone(SIGNED), zone(PRIVATE, policy="hashed")]

    def _terms(self, make):
        secret = SECRETS[make][0]
        tls = None
        if make in OVER_TLS:
            own = self.issuer.issue(make, names=[f"{make}.example"], use=CLIENT)
            tls = Tls(self._tls_port.number, self.issuer.path, HOSTNAME, *own)
        return {SIGNED: Terms(secret), PRIVATE: Terms(secret, tls)}

    def _configure(self):
        """A remote without a key, one with its key, one that must come by TLS, each with an acl."""
        config = self.site.config
        certificate = self.issuer.issue("primary", names=[HOSTNAME])
        config["server"].update(settings(certificate, **{"tls-ca": self.issuer.path}))
        config["policy"] = [{"id": "hashed", "denial": "nsec3"}]
        config["acl"] = [{"id": "anyone", "address": ["127.0.0.0/8"], "action": "transfer"}]
        ways = {"plain": [], "keyed": [], "private": []}
        for make, secondary in self.secondaries.items():
            remote = {"address": f"{secondary.at[0]}@{secondary.at[1]}"}
            keyed = {**remote, "key": SECRETS[make][0].name}
            private = {**keyed, "tls": "on", "cert-hostname": f"{make}.example"} \
                if make in OVER_TLS else keyed
            for way, items in (("plain", remote), ("keyed", keyed), ("private", private)):
                name = f"{make}-{way}"
                config["remote"].append({"id": name, **items})
                config["acl"].append({"id": name, "remote": [name], "action": "transfer"})
                ways[way].append(name)
        for item, way in zip(config["zone"], ("plain", "plain", "keyed", "private")):
            item["notify"] = ways[way]
            item["acl"] = ["anyone"] if way == "plain" else ways[way]
        self.site.write()

    def __enter__(self):
        self.serials = self.site.publish(now=stamp(self.now))
        self.start()
        self.begin(60)
        return self

    def start(self):
        """Starts the primary, the first time or again."""
        self.primary = Contactd(self.site, port=self._port, tls_port=self._tls_port)

    def lose(self):
        """The primary is gone, its database too."""
        self.primary.stop()
        for path in (self.site.database, self.site.database + "-lock"):
            os.unlink(path)

    def dump(self, make, domain):
        """The path of what dig prints of a transfer from a secondary, a new file."""
        path = os.path.join(self.folder, f"{domain}.{make}.{self.serials[domain]}")
        with open(path, "w", encoding="ascii") as file:
            file.write(dig(self.secondaries[make].at, "AXFR", domain))
        return path

    def publish(self, what, seconds=60):
        """Publishes so many seconds after the last time. Every zone has a new serial."""
        before = dict(self.serials)
        self.now += seconds
        self.serials = self.site.publish("--force", now=stamp(self.now))
        assert all(self.serials[domain] > before[domain] for domain in DOMAINS), (what, before)

    def rollback(self, domain, serial):
        """The contents of one zone are again those of a serial, under a new one."""
        self.now += 60
        said = self.site.zonegen("rollback", str(serial), domain, "--now", stamp(self.now)).stdout
        assert int(said.split()[1]) > self.serials[domain], said
        self.serials[domain] = int(said.split()[1])

    def assert_valid(self, domain):
        """What every secondary transfers has right signatures, denials and digest."""
        for make in self.secondaries:
            assert ldns_complaint(self.dump(make, domain), self.now) == "", (make, domain)

    def transfers(self, make, domain, serial=None):
        """What contactd's log says of finished transfers of a serial, by default the last: a list of
        (type, records). A type is IXFR, AXFR, or AXFR-style IXFR."""
        pattern = (rf"(?m) ((?:AXFR-style )?[AI]XFR) of {re.escape(domain)} (?:from serial \d+ to|serial)"
                   rf" {serial or self.serials[domain]} to {re.escape(HOSTS[make])}@\d+\b.*"
                   r" done: (\d+) records")
        return [(kind, int(records)) for kind, records in re.findall(pattern, self.primary.log())]

    def refusal(self, domain, **options):
        """The RCODE of a transfer that nobody is allowed."""
        return RCODES[transfer(self.primary.at, domain, **options)[0].rcode]

