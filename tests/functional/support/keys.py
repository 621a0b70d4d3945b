"""Keys of zones and what they sign, each by the tools of others: pairs made by dnssec-keygen (BIND)
in the folder where zonegen looks, exports verified by ldns, BIND, Knot and dnspython."""

import base64
import calendar
import os
import re
import time

import dns.rrset


from support.contactd import SAMPLES, Site
from support.peers import need
from support.process import find_program, run

ALGORITHMS = {"ecdsap256sha256": "ECDSAP256SHA256", "ed25519": "ED25519"}
LAYOUTS = {"csk": (True,), "ksk-zsk": (True, False)}


class Key:
    """A pair in a folder. `dnskey` and `ds` are RDATA in presentation format."""

    def __init__(self, folder, domain, algorithm="ecdsap256sha256", ksk=True):
        need("dnssec-keygen", "dnssec-dsfromkey")
        os.makedirs(folder, mode=0o700, exist_ok=True)
        said = run([find_program("dnssec-keygen"), "-q", "-K", folder, "-a",
                    ALGORITHMS.get(algorithm, algorithm), *(["-f", "KSK"] if ksk else []), domain])
        assert said.returncode == 0, said.stderr
        self.domain, self.is_ksk = domain, ksk
        self.path = os.path.join(folder, said.stdout.split()[-1])
        self.public, self.private = self.path + ".key", self.path + ".private"
        self.tag = int(self.path[-5:])
        with open(self.public, encoding="ascii") as file:
            line = [line for line in file if not line.startswith(";")][-1]
        self.dnskey = line.split("DNSKEY", 1)[1].strip()
        said = run([find_program("dnssec-dsfromkey"), "-2", self.public])
        self.ds = said.stdout.split(" DS ", 1)[1].strip()

    def anchor(self):
        """As delv and BIND read trust anchors."""
        flags, protocol, algorithm, key = self.dnskey.split(None, 3)
        return (f'trust-anchors {{ "{self.domain}." static-key {flags} {protocol} {algorithm} '
                f'"{key}"; }};\n')


def make_keys(folder, domain, layout="csk", algorithm="ecdsap256sha256"):
    """The keys of a policy: a KSK or CSK first."""
    return [Key(folder, domain, algorithm, ksk) for ksk in LAYOUTS[layout]]


class SignedSite(Site):
    """A site whose zones are signed. `keys`: those of each domain, a KSK or CSK first."""

    def __init__(self, folder, zones, policy=None, contacts=SAMPLES, **top):
        zones = [{"dnssec": "on", **zone} for zone in zones]
        if policy:
            zones = [{**zone, "policy": "main"} for zone in zones]
            top["policy"] = [{"id": "main", **policy}]
        self.policy = policy or {}
        super().__init__(folder, zones, contacts=contacts, **top)
        self.keys_folder = self.database + "-keys"
        self.keys = {zone["domain"]: self.make_keys(zone["domain"]) for zone in zones
                     if zone["dnssec"] == "on"}

    @property
    def layout(self):
        return self.policy.get("keys", "csk")

    def make_keys(self, domain):
        return make_keys(self.keys_folder, domain, self.layout,
                         self.policy.get("algorithm", "ecdsap256sha256"))

    def export_to(self, domain, name=None):
        """Exports into a file; its path."""
        path = os.path.join(self.folder, name or f"{domain}.zone")
        with open(path, "w", encoding="ascii") as file:
            file.write(self.export(domain))
        return path

    def complaints(self, domain, when=None, zonemd=True):
        """What ldns, Knot and BIND have to say of the export. Without a time it is the present, and
        BIND is asked, too, who knows no other."""
        path = self.export_to(domain)
        said = [ldns_complaint(path, when or int(time.time()), zonemd),
                knot_complaint(path, domain, when or int(time.time()))]
        if when is None:
            said.append(bind_complaint(path, domain, self.layout))
        return [text for text in said if text]


def moment(date):
    """Seconds since 1970 of YYYY-MM-DD, or of YYYY-MM-DDThh:mm:ssZ."""
    if "T" not in date:
        date += "T00:00:00Z"
    return calendar.timegm(time.strptime(date, "%Y-%m-%dT%H:%M:%SZ"))


# Verifiers: each returns what it has to complain of, "" when that is nothing.

def _said(arguments, **options):
    result = run([find_program(arguments[0]), *arguments[1:]], **options)
    text = result.stdout + result.stderr
    return "" if result.returncode == 0 else f"{arguments}: {result.returncode}\n{text[-3000:]}"


def ldns_complaint(path, when, zonemd=True):
    """ldns-verify-zone at a time: every signature, the chain, with -ZZ a ZONEMD that is right."""
    stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime(when))
    return _said(["ldns-verify-zone", "-V1", *(["-ZZ"] if zonemd else []), "-t", stamp, path])


def knot_complaint(path, domain, when):
    return _said(["kzonecheck", "-d", "on", "-o", domain, "-t", str(when), path])


def bind_complaint(path, domain, layout="csk"):
    """dnssec-verify, which knows no time but the clock's. -x: keys are signed by the KSK alone."""
    return _said(["dnssec-verify", "-q", *(["-z"] if layout == "csk" else ["-x"]), "-o", domain,
                  path])


# Exports as dnspython reads them, for what has to be asked a hundred times.

class Copy:
    """An exported zone: every RRset with its signatures, and the times between which all hold.

    valid_from, valid_until    of the signature that begins last, and of that which ends first
    lasts                      seconds that this copy may be used for: SOA expire and largest TTL
    """

    def __init__(self, text):
        self.rrsets, self.signatures = {}, {}
        self.valid_from, self.valid_until = 0, 1 << 32
        largest = 0
        for line in text.splitlines():
            if not line or line[0] == ";":
                continue
            owner, ttl, _, kind, rdata = line.split(" ", 4)
            largest = max(largest, int(ttl))
            if kind == "RRSIG":
                self._add_signature(owner.lower(), rdata)
            else:
                self.rrsets.setdefault((owner.lower(), kind), set()).add((ttl, rdata))
            if kind == "SOA":
                self.apex, self.soa = owner.lower(), rdata.split()
        self.serial = int(self.soa[2])
        self.lasts = int(self.soa[5]) + largest

    def _add_signature(self, owner, rdata):
        covered, _, _, _, ends, begins, tag, _ = rdata.split(None, 7)
        ends, begins = _stamp(ends), _stamp(begins)
        self.signatures.setdefault((owner, covered), set()).add((tag, rdata))
        self.valid_from = max(self.valid_from, begins)
        self.valid_until = min(self.valid_until, ends)

    def contents(self):
        """What a change of makes a new serial: all but SOA, ZONEMD and the time in _meta."""
        return {key: {re.sub(r"(serial|published)=[^;]*;", "", text) for _, text in rdatas}
                for key, rdatas in self.rrsets.items() if key[1] not in ("SOA", "ZONEMD")}

    def unsigned(self):
        """RRsets without a signature; none in a zone without delegations."""
        return sorted(self.rrsets.keys() - self.signatures.keys())


def _stamp(text):
    """RFC 4034 §3.2: YYYYMMDDHHmmSS, or seconds."""
    return int(text) if len(text) < 14 else calendar.timegm(time.strptime(text, "%Y%m%d%H%M%S"))


def key_tag(dnskey):
    """Appendix B of RFC 4034, written again."""
    flags, protocol, algorithm, key = dnskey.split(None, 3)
    octets = int(flags).to_bytes(2, "big") + bytes([int(protocol), int(algorithm)]) \
        + base64.b64decode(key)
    total = sum(octet << 8 if n % 2 == 0 else octet for n, octet in enumerate(octets))
    return (total + (total >> 16)) & 0xFFFF


def dnskey_rrset(domain, keys, ttl=3600):
    return dns.rrset.from_text(domain + ".", ttl, "IN", "DNSKEY", *(key.dnskey for key in keys))
