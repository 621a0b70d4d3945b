"""A zone file that changes at random, of names that are hard on those who compare them: capitals,
escapes, raw octets, labels of 63 octets and names of 255, wildcards, cuts, CNAMEs that come and go."""

import random

_LONG = "l" * 60
# No octet 0: PowerDNS's LMDB backend takes it for the end of a label, and mixes up the records.
_OWNERS = [
    "plain", "CaPiTaL", "under.CaPiTaL", "b.a.z", "a.z", "_tcp.Service", "*.Wild", "host.Wild",
    r"dot\.in.label", r"semi\;colon", r"quo\"te", r"back\\slash", r"sp\032ace", r"\001\255",
    r"\208\191\208\190\208\187", "x" * 63, f"{'y' * 63}.{'Z' * 63}",
    f"{_LONG}aaa.{_LONG}BBB.{_LONG}ccc.{'d' * 49}",  # 255 octets with odd.example
    "-", "0", "_", r"\@", r"\(", "xn--bcher-kva",
]
_APEX = ["@ 3600 IN NS ns", "ns 3600 IN A 192.0.2.1", "@ 3600 IN NS Ns.Elsewhere.test."]

# Capitals only where no other name of the zone has the same letters in another case: PowerDNS 4.7
# stores such names compressed, as if letter case were none, but looks at it when a difference takes
# them away, finds them not, and keeps them.
_TARGETS = ["host", "Mail.Outside.test.", r"O\.dd.Post.Office.invalid.", "plain"]


class OddZone:
    """Record sets by owner and type; `serial` goes over 2^32 after a few changes (RFC 1982)."""

    def __init__(self, domain, seed, serial=0xFFFFFFFC):
        self.domain, self.serial = domain, serial
        self._random = random.Random(seed)
        self._sets, self._cuts, self._owners = {}, set(), list(_OWNERS)
        self._number = 0
        for _ in range(40):
            self.change()

    def text(self):
        lines = [f"$ORIGIN {self.domain}.",
                 f"@ 3600 IN SOA Ns Host.Master {self.serial} 3600 900 2419200 300", *_APEX]
        for (owner, kind), (ttl, rdatas) in self._sets.items():
            lines += [f"{owner} {ttl} IN {kind} {rdata}" for rdata in rdatas]
        for cut in sorted(self._cuts):
            lines += [f"{cut} 300 IN NS ns.{cut}", f"ns.{cut} 300 IN A 192.0.2.77",
                      f"{cut} 300 IN NS Ns.Elsewhere.test.", f"occluded.{cut} 300 IN TXT \"o\""]
        return "\n".join(lines) + "\n"

    def step(self):
        """Some changes under the next serial. A serial of 0 is left out: PowerDNS takes it for none."""
        for _ in range(self._random.randint(1, 8)):
            self.change()
        self._number += 1
        self._sets["_number", "TXT"] = (60, [f'"{self._number}"'])
        self.serial = (self.serial + 1) % (1 << 32) or 1

    def change(self):
        self._random.choice([self._add, self._add, self._remove, self._change_ttl, self._cut,
                             self._alias, self._change_case])()

    def _add(self):
        owner, kind = self._random.choice(self._owners), self._random.choice(list(_RDATA))
        if (owner, "CNAME") not in self._sets:
            rdatas = {_RDATA[kind](self._random) for _ in range(self._random.randint(1, 4))}
            self._sets[owner, kind] = (self._random.choice([0, 60, 3600, 2147483647]),
                                       sorted(rdatas))

    def _remove(self):
        if self._sets:
            del self._sets[self._random.choice(sorted(self._sets))]

    def _change_ttl(self):
        if self._sets:
            key = self._random.choice(sorted(self._sets))
            self._sets[key] = (self._random.randint(0, 86400), self._sets[key][1])

    def _cut(self):
        """A delegation comes or goes, with glue and what it hides."""
        self._cuts ^= {self._random.choice(["cut", "deep.cut2", "Cut3"])}

    def _change_case(self):
        """Nothing but the letter case of an owner."""
        number = self._random.randrange(len(self._owners))
        old, new = self._owners[number], self._owners[number].swapcase()
        self._owners[number] = new
        self._sets = {(new if owner == old else owner, kind): value
                      for (owner, kind), value in self._sets.items()}

    def _alias(self):
        """All that an owner has gives way to a CNAME, or a CNAME to addresses."""
        owner = self._random.choice(self._owners)
        was_alias = (owner, "CNAME") in self._sets
        self._sets = {key: value for key, value in self._sets.items() if key[0] != owner}
        self._sets[owner, "A" if was_alias else "CNAME"] = (
            300, ["192.0.2.88"] if was_alias else [self._random.choice(_TARGETS)])


def _text(source):
    """Some strings, of up to 255 octets, any octet."""
    def string():
        length = source.choice([0, 1, 20, 255])
        return '"' + "".join(f"\\{source.randrange(256):03d}" for _ in range(length)) + '"'
    return " ".join(string() for _ in range(source.randint(1, 5)))


_RDATA = {
    "A": lambda source: f"192.0.2.{source.randrange(256)}",
    "AAAA": lambda source: f"2001:db8::{source.randrange(65536):x}",
    "TXT": _text,
    "MX": lambda source: f"{source.randrange(3)} {source.choice(_TARGETS)}",
    "SRV": lambda source: f"{source.randrange(3)} 0 53 {source.choice(_TARGETS)}",
    "RP": lambda source: f"{source.choice(_TARGETS)} {source.choice(_TARGETS)}",
    "URI": lambda source: f'1 {source.randrange(9)} "tel:+4420794600{source.randrange(10, 99)}"',
    "PTR": lambda source: source.choice(_TARGETS),
    "CAA": lambda source: f'0 issue "ca{source.randrange(9)}.test"',
    "TYPE65280": lambda source: f"\\# 4 0102{source.randrange(65536):04x}",
}
