"""The questions of the differential tests: sane ones over whole zones, and insane ones."""

import random
import struct

from support.wire import (AA, AD, CD, QR, RA, RD, TC, TYPES, Z, labels_to_name, name_from_text,
                          name_to_labels, name_to_text, opt, option, query)

# Asked at every name, beside the types that the zone has.
FIXED_TYPES = [TYPES[t] for t in ("A", "ANY", "NS", "SOA", "DS", "CNAME")] + [65281]

# One question for each kind of answer.
BASE = [("www.corner.example", "A"), ("types.corner.example", "TXT"),
        ("nothing-here.corner.example", "A"), ("www.sub.corner.example", "A"),
        ("c4.corner.example", "A"), ("ctonothing.corner.example", "A"),
        ("x.wild.corner.example", "TXT"), ("corner.example", "SOA"), ("corner.example", "ANY"),
        ("d.ent.corner.example", "A"), ("big1232.corner.example", "TXT"),
        ("many.corner.example", "A"), (".", "NS"), ("outside.test", "A"),
        ("nl.cc.example", "TXT"), ("www.bank.nl.cc.example", "TXT")]


class Case:
    """One message to send, and what people call it."""

    __slots__ = ("label", "octets", "tcp")

    def __init__(self, label, octets, tcp=False):
        self.label, self.octets, self.tcp = label, octets, tcp

    def header(self):
        """Flags and counts, as far as the message has them."""
        return struct.unpack("!6H", self.octets[:12].ljust(12, b"\0"))

    def opcode(self):
        return self.header()[1] >> 11 & 15

    def qtype(self):
        """Type and class of an only, uncompressed question; (None, None) where there is none."""
        at = 12
        while at < len(self.octets) and 0 < self.octets[at] < 64:
            at += 1 + self.octets[at]
        tail = self.octets[at + 1:at + 5]
        sound = len(tail) == 4 and self.octets[at] == 0
        return struct.unpack("!HH", tail) if sound else (None, None)

    def __repr__(self):
        return f"{self.label}{' (TCP)' if self.tcp else ''} {self.octets.hex()}"


def _question(name, rrtype, **options):
    kind = next((t for t, n in TYPES.items() if n == rrtype), rrtype)
    return Case(f"{name_to_text(name)} {kind}", query(name, rrtype, **options))


def names_and_types(records, **options):
    """Every owner name, for every type that the zone has and some that it has not."""
    owners = {record.owner.lower(): record.owner for record in records}.values()
    types = sorted({record.type for record in records} | set(FIXED_TYPES))
    return [_question(owner, rrtype, **options) for owner in owners for rrtype in types]


def _siblings(label):
    """Labels just before and after this one in canonical order."""
    yield label + b"\0" if len(label) < 63 else label[:-1] + bytes([label[-1] ^ 1])
    if len(label) > 1:
        yield label[:-1]
    yield label[:-1] + bytes([(label[-1] + 1) & 0xFF])
    yield label[:-1] + bytes([(label[-1] - 1) & 0xFF])


def neighbours(records, apex, **options):
    """Names above, below and beside every owner name."""
    owners = {record.owner.lower() for record in records}
    depth = len(name_to_labels(apex))
    names = set()
    for owner in owners:
        labels = name_to_labels(owner)
        for start in range(1, len(labels) - depth + 1):
            names.add(labels_to_name(labels[start:]))
            names.add(labels_to_name([b"x"] + labels[start:]))
            names.add(labels_to_name([b"x", b"y"] + labels[start:]))
        for below in ([b"x"], [b"*"], [b"a", b"b"], [b"x", b"*"], [b"\0"], [b"\xff" * 63]):
            names.add(labels_to_name(below + labels))
        if len(labels) > depth:
            for label in _siblings(labels[0]):
                names.add(labels_to_name([label] + labels[1:]))
    names = sorted(name for name in names - owners if len(name) <= 255)
    return [_question(name, rrtype, **options) for name in names for rrtype in (1, 16)]


def outside():
    """Names that no zone here has: the root, parents, sisters."""
    names = [".", "example", "xample", "corner.exampl", "corner.example.com", "x.example", "test",
             "corner.example.corner.exampl", "xcorner.example", "example.corner",
             "a.root-servers.net"]
    return [Case(f"outside: {name} {kind}", query(name, kind))
            for name in names for kind in ("A", "NS", "SOA", "ANY", "DS", "TXT")]


def letter_case():
    """0x20: the question comes back as it was sent."""
    names = ["WWW.corner.example", "wWw.CoRnEr.ExAmPlE", "X.wIlD.CORNER.EXAMPLE",
             "C4.Corner.Example",
             "mixed.case.corner.example", "MIXED.CASE.CORNER.EXAMPLE", "caps.corner.example",
             "NL.CC.example", "wWw.bAnK.nL.cC.eXaMpLe", "_SECURITY.NL.CC.EXAMPLE",
             "nothing.CORNER.example",
             "wWw.uPpErCuT.corner.example", "A.B.C.D.ENT.corner.EXAMPLE"]
    return [Case(f"case: {name} {kind}", query(name, kind))
            for name in names for kind in ("A", "TXT", "ANY", "NS", "CNAME")]


def types():
    """Every type that means something, and many that do not."""
    numbers = [*range(0, 300), 32768, 32769, 65279, 65280, 65281, 65422, 65535]
    return [Case(f"type {number} at {name}", query(name, number))
            for name in ("types.corner.example", "nothing.www.corner.example", "nl.cc.example",
                         "sub.corner.example", "x.wildcname.corner.example", "outside.test")
            for number in numbers if number not in (251, 252)]


def classes():
    """CHAOS, HESIOD, NONE, ANY and classes that nobody has heard of."""
    names = ["www.corner.example", "nl.cc.example", "version.bind", "id.server", "hostname.bind",
             "version.server", "VERSION.bind", "authors.bind", "bind", "server", "."]
    return [Case(f"class {number}: {name} {kind}", query(name, kind, number))
            for name in names for kind in ("A", "TXT", "ANY", "SOA")
            for number in (0, 2, 3, 4, 5, 254, 255, 256, 65535)]


def opcodes():
    """Opcodes with a body, without one, with one that does not parse."""
    cases = []
    for opcode in range(16):
        body = query("www.corner.example", "SOA", opcode=opcode)
        cases += [Case(f"opcode {opcode}", body),
                  Case(f"opcode {opcode}, EDNS",
                       query("www.corner.example", "SOA", opcode=opcode, additional=[opt()])),
                  Case(f"opcode {opcode}, header only", body[:2] + body[2:4] + bytes(8)),
                  Case(f"opcode {opcode}, counts without body", body[:12]),
                  Case(f"opcode {opcode}, garbage", body[:12] + b"\xff" * 40),
                  Case(f"opcode {opcode}, RD CD",
                       query("www.corner.example", "SOA", opcode=opcode, flags=RD | CD))]
    return cases


def header_flags():
    """Each bit of the header that a query does not mean, and a response code in a query."""
    bits = {"AA": AA, "TC": TC, "RD": RD, "RA": RA, "Z": Z, "AD": AD, "CD": CD, "QR": QR,
            "all": AA | TC | RD | RA | Z | AD | CD}
    cases = [Case(f"flag {flag}: {name} {kind}", query(name, kind, flags=bit, additional=extra))
             for name, kind in BASE for flag, bit in bits.items() for extra in ((), (opt(),))]
    return cases + [Case(f"RCODE {code} in a query", query("www.corner.example", "A", flags=code))
                    for code in range(1, 16)]


def edns():
    """Sizes, versions, flags, options (RFC 6891, RFC 8906 §8.2)."""
    cases = []
    for name, kind in BASE:
        def case(label, record, name=name, kind=kind):
            octets = query(name, kind, additional=[record])
            cases.append(Case(f"EDNS {label}: {name} {kind}", octets))
        for size in (0, 511, 512, 513, 1232, 1233, 4096, 65535):
            case(f"size {size}", opt(size))
            case(f"size {size} DO", opt(size, flags=0x8000))
        for version in (1, 2, 255):
            case(f"version {version}", opt(version=version))
            case(f"version {version} with an option", opt(version=version, options=option(65001)))
        for flags in (0x4000, 0x0001, 0x7FFF, 0xFFFF):
            case(f"flags {flags:#x}", opt(flags=flags))
        case("extended RCODE", opt(rcode=1))
        for code in (1, 2, 4, 5, 6, 7, 9, 12, 13, 14, 15, 16, 18, 19, 20, 100, 26946, 65001, 65535):
            case(f"option {code}", opt(options=option(code)))
            case(f"option {code} of 100", opt(options=option(code, b"x" * 100)))
        case("NSID", opt(options=option(3)))
        case("two options", opt(options=option(65001, b"abc") + option(65002)))
    return cases


def broken_edns():
    """OPT twice, in the wrong place, with an owner, with options that do not fit."""
    good, name = opt(), "www.corner.example"
    address = name_from_text("x.test") + struct.pack("!HHIH", 1, 1, 0, 4) + bytes(4)
    cases = [
        Case("two OPT", query(name, additional=[good, good])),
        Case("three OPT", query(name, additional=[good, good, good])),
        Case("two OPT with a record between", query(name, additional=[good, address, good])),
        Case("OPT behind a record", query(name, additional=[address, good])),
        Case("OPT before a record", query(name, additional=[good, address])),
        Case("OPT in the answer section", query(name, counts=(1, 1, 0, 0), after=good)),
        Case("OPT in the authority section", query(name, counts=(1, 0, 1, 0), after=good)),
        Case("OPT in answer and additional", query(name, counts=(1, 1, 0, 1), after=good + good)),
        Case("OPT with an owner", query(name, additional=[opt(owner=name_from_text("x.test"))])),
        Case("OPT owned by the question", query(name, additional=[opt(owner=b"\xc0\x0c")])),
    ]
    for label, options in (("option past the end", struct.pack("!HH", 65001, 5) + b"abc"),
                           ("option cut in its code", b"\xfd"),
                           ("option cut in its length", b"\xfd\xe9\x00"),
                           ("option without length", b"\xfd\xe9"),
                           ("trailing octet in the options", option(65001, b"a") + b"\0")):
        cases.append(Case(label, query(name, additional=[opt(options=options)])))
        octets = query("no." + name, additional=[opt(options=options)])
        cases.append(Case(f"{label}, NXDOMAIN", octets))
    whole = query(name, additional=[opt(options=option(65001, b"abcdef"))])
    cases += [Case(f"OPT cut to {length}", whole[:length])
              for length in range(len(query(name)), len(whole))]
    return cases


def broken():
    """Questions none or two, counts that lie, compression in the question, octets too many."""
    name = name_from_text("www.corner.example")
    tail = struct.pack("!HH", 1, 1)
    address = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + bytes(4)
    head = struct.pack("!HH", 0, 0)
    sound = query(name)

    def counts(*four):
        return head + struct.pack("!4H", *four)
    cases = [
        Case("no question", counts(0, 0, 0, 0)),
        Case("no question, EDNS", counts(0, 0, 0, 1) + opt()),
        Case("no question, a question follows", counts(0, 0, 0, 0) + name + tail),
        Case("two questions", counts(2, 0, 0, 0) + name + tail + name + tail),
        Case("two questions, EDNS", counts(2, 0, 0, 1) + (name + tail) * 2 + opt()),
        Case("two questions, one given", counts(2, 0, 0, 0) + name + tail),
        Case("65535 questions", counts(65535, 0, 0, 0) + name + tail),
        Case("question is a pointer to itself", counts(1, 0, 0, 0) + b"\xc0\x0c" + tail),
        Case("question is a pointer forward", counts(1, 0, 0, 0) + b"\xc0\x12" + tail + name),
        Case("question points into the header", counts(1, 0, 0, 0) + b"\xc0\x00" + tail),
        Case("question ends in a pointer", counts(1, 0, 0, 0) + b"\x03www\xc0\x0c" + tail),
        Case("label type 0x40", counts(1, 0, 0, 0) + b"\x40" + name + tail),
        Case("label type 0x80", counts(1, 0, 0, 0) + b"\x80" + name + tail),
        Case("label of 64", counts(1, 0, 0, 0) + b"\x40" + b"a" * 64 + b"\0" + tail),
        Case("name of 256", counts(1, 0, 0, 0) + (b"\x3f" + b"a" * 63) * 3 + b"\x3e" + b"a" * 62
             + b"\0" + tail),
        Case("name of 255", counts(1, 0, 0, 0) + (b"\x3f" + b"a" * 63) * 3 + b"\x3d" + b"a" * 61
             + b"\0" + tail),
        Case("name without end", counts(1, 0, 0, 0) + (b"\x3f" + b"a" * 63) * 8),
        Case("answer promised", counts(1, 1, 0, 0) + name + tail),
        Case("authority promised", counts(1, 0, 1, 0) + name + tail),
        Case("additional promised", counts(1, 0, 0, 1) + name + tail),
        Case("answer in a query", counts(1, 1, 0, 0) + name + tail + address),
        Case("authority in a query", counts(1, 0, 1, 0) + name + tail + address),
        Case("additional in a query", counts(1, 0, 0, 1) + name + tail + address),
        Case("record with a pointer forward",
             counts(1, 0, 0, 1) + name + tail + b"\xc0\xff" + address[2:]),
        Case("record with a pointer to itself",
             counts(1, 0, 0, 1) + name + tail + bytes([0xC0, 12 + len(name) + 4]) + address[2:]),
        Case("RDATA past the end", counts(1, 0, 0, 1) + name + tail + address[:-1]),
        Case("EDNS and trailing octets", query(name, additional=[opt()], after=b"\0")),
    ]
    cases += [Case(f"{extra} trailing octets", sound + bytes(extra)) for extra in (1, 2, 10, 400)]
    cases += [Case("trailing octets at an NXDOMAIN", query("no.www.corner.example", after=b"\0")),
              Case("trailing question", sound + name + tail)]
    for whole in (sound, query(name, additional=[opt(options=option(65001, b"abcdef"))]),
                  query("nl.cc.example", "TXT"), ixfr("corner.example", 1)):
        cases += [Case(f"cut to {length}", whole[:length]) for length in range(2, len(whole))]
    return cases


def ixfr(name, serial, ident=0, additional=()):
    """An IXFR request (RFC 1995 §3)."""
    return query(name, "IXFR", ident=ident, counts=(1, 0, 1, len(additional)),
                 after=soa_record(serial) + b"".join(additional))


def soa_record(serial):
    rdata = b"\0\0" + struct.pack("!5I", serial, 1, 1, 1, 1)
    return b"\xc0\x0c" + struct.pack("!HHIH", 6, 1, 0, len(rdata)) + rdata


def signatures():
    """TSIG that nobody knows the key of, and types that are never asked for."""
    def tsig(rdata):
        return name_from_text("key.test") + struct.pack("!HHIH", 250, 255, 0, len(rdata)) + rdata
    whole = (name_from_text("hmac-sha256") + bytes(6) + struct.pack("!HH", 300, 32) + bytes(32)
             + struct.pack("!HHH", 0, 0, 0))
    sig0 = b"\0" + struct.pack("!HHIH", 24, 255, 0, 18 + 1) + bytes(18) + b"\0"
    return [Case("TSIG", query("www.corner.example", additional=[tsig(whole)])),
            Case("TSIG behind OPT", query("www.corner.example", additional=[opt(), tsig(whole)])),
            Case("TSIG before OPT", query("www.corner.example", additional=[tsig(whole), opt()])),
            Case("two TSIG", query("www.corner.example", additional=[tsig(whole), tsig(whole)])),
            Case("TSIG without RDATA", query("www.corner.example", additional=[tsig(b"")])),
            Case("TSIG cut short", query("www.corner.example", additional=[tsig(whole[:30])])),
            Case("SIG(0)", query("www.corner.example", additional=[sig0]))]


def transfers_by_udp():
    """AXFR by UDP is undefined (RFC 5936 §4.2); IXFR gets the SOA (RFC 1995 §2)."""
    names = ["corner.example", "www.corner.example", "outside.test", "nothing.corner.example"]
    return ([Case(f"AXFR by UDP: {name}", query(name, "AXFR")) for name in names]
            + [Case(f"IXFR by UDP from {serial}: {name}", ixfr(name, serial))
               for name in names for serial in (0, 2026112201, 2026112202)]
            + [Case(f"IXFR by UDP without SOA: {name}", query(name, "IXFR")) for name in names])


def _mutate(rng, octets):
    """A few octets changed, inserted, removed or repeated, behind the ID."""
    octets = bytearray(octets)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at = rng.randrange(2, len(octets)) if len(octets) > 2 else 2
        kind = rng.randrange(6)
        if kind <= 1 and at < len(octets):
            octets[at] = rng.randrange(256)
        elif kind == 2 and at < len(octets):
            octets[at] ^= 1 << rng.randrange(8)
        elif kind == 3:
            octets[at:at] = rng.randbytes(rng.randrange(1, 5))
        elif kind == 4:
            del octets[at:at + rng.randrange(1, 5)]
        else:
            octets[at:at] = octets[rng.randrange(len(octets)):][:20]
    return bytes(octets)


def garbled(count, seed=2026):
    """Sound messages with a few octets wrong, and some of nothing but noise."""
    rng = random.Random(seed)
    address = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + bytes(4)
    sound = [query(name, kind) for name, kind in BASE]
    sound += [query(name, kind, additional=[opt(options=option(3) + option(65001, b"abc"))])
              for name, kind in BASE]
    sound += [ixfr("corner.example", 1), query("www.corner.example", additional=[opt(), address]),
              query("www.corner.example", flags=RD | AD | CD)]
    cases = [Case(f"garbled {n}", _mutate(rng, rng.choice(sound))) for n in range(count)]
    cases += [Case(f"noise {n}", bytes(2) + rng.randbytes(rng.randrange(10, 200)))
              for n in range(count // 10)]
    return cases
