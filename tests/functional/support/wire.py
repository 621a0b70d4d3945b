"""DNS messages as octets: built by hand so that they can be wrong, taken apart without mercy."""

import struct

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "RP": 17,
         "AAAA": 28, "SRV": 33, "NAPTR": 35, "CERT": 37, "OPT": 41, "DS": 43, "SSHFP": 44,
         "TLSA": 52, "ZONEMD": 63, "SVCB": 64, "TSIG": 250, "IXFR": 251, "AXFR": 252, "ANY": 255,
         "URI": 256, "CAA": 257}
CLASSES = {"IN": 1, "CH": 3, "HS": 4, "NONE": 254, "ANY": 255}
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED",
          9: "NOTAUTH", 16: "BADVERS"}
QR, AA, TC, RD, RA, Z, AD, CD = 0x8000, 0x400, 0x200, 0x100, 0x80, 0x40, 0x20, 0x10

# Where names stand in the RDATA of the types that may be compressed or differ in letter case:
# octets before the names, and how many names.
_NAMES_IN_RDATA = {2: (0, 1), 5: (0, 1), 12: (0, 1), 6: (0, 2), 15: (2, 1), 17: (0, 2), 33: (6, 1)}


def type_number(text):
    return TYPES[text] if text in TYPES else int(text[4:])


def name_from_text(text):
    """Presentation format, with or without the final dot, to wire format."""
    labels, label, at = [], bytearray(), 0
    octets = text.encode("utf-8")
    while at < len(octets):
        octet = octets[at]
        if octet == ord("\\") and octets[at + 1:at + 4].isdigit():
            label.append(int(octets[at + 1:at + 4]))
            at += 4
            continue
        if octet == ord("\\"):
            at += 1
            octet = octets[at]
        elif octet == ord("."):
            labels.append(bytes(label))
            label.clear()
            at += 1
            continue
        label.append(octet)
        at += 1
    if label:
        labels.append(bytes(label))
    return labels_to_name([part for part in labels if part])


def labels_to_name(labels):
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def name_to_labels(name):
    labels, at = [], 0
    while name[at]:
        labels.append(name[at + 1:at + 1 + name[at]])
        at += 1 + name[at]
    return labels


def name_to_text(name):
    def octet_text(octet):
        if chr(octet).isascii() and (chr(octet).isalnum() or chr(octet) in "-_*"):
            return chr(octet)
        return f"\\{octet:03d}"
    return "".join("".join(map(octet_text, label)) + "." for label in name_to_labels(name)) or "."


def opt(size=1232, version=0, flags=0, options=b"", rcode=0, owner=b"\0"):
    """An OPT record (RFC 6891 §6.1.2)."""
    return owner + struct.pack("!HHBBHH", 41, size, rcode, version, flags, len(options)) + options


def option(code, octets=b""):
    return struct.pack("!HH", code, len(octets)) + octets


def query(name, rrtype="A", rrclass=1, flags=0, opcode=0, ident=0, additional=(), counts=None,
          after=b""):
    """A message with one question; `counts` overrides the four counts of the header."""
    if isinstance(name, str):
        name = name_from_text(name)
    if isinstance(rrtype, str):
        rrtype = type_number(rrtype)
    counts = counts or (1, 0, 0, len(additional))
    header = struct.pack("!HHHHHH", ident, flags | opcode << 11, *counts)
    return header + name + struct.pack("!HH", rrtype, rrclass) + b"".join(additional) + after


class Malformed(Exception):
    """A message that a server must never send."""


def _read_name(message, at):
    labels, end, limit = [], None, at
    while True:
        if at >= len(message):
            raise Malformed("name runs past the message")
        length = message[at]
        if length >= 0xC0:
            if at + 1 >= len(message):
                raise Malformed("pointer runs past the message")
            if end is None:
                end = at + 2
            at = (length & 0x3F) << 8 | message[at + 1]
            if at >= limit:
                raise Malformed("pointer leads forward")
            limit = at
            continue
        if length > 63:
            raise Malformed("label type")
        at += 1
        if length == 0:
            break
        labels.append(message[at:at + length])
        at += length
    name = labels_to_name(labels)
    if len(name) > 255:
        raise Malformed("name exceeds 255 octets")
    return name, at if end is None else end


def _read_rdata(message, at, end, rrtype):
    """RDATA with its names in full."""
    if rrtype not in _NAMES_IN_RDATA:
        return message[at:end]
    before, names = _NAMES_IN_RDATA[rrtype]
    octets = message[at:at + before]
    at += before
    for _ in range(names):
        name, at = _read_name(message, at)
        octets += name
    if at > end:
        raise Malformed("name in RDATA exceeds it")
    return octets + message[at:end]


class Record:
    """A record with names in full, letter case kept; `compressed` when a name in its RDATA was."""

    __slots__ = ("owner", "type", "rrclass", "ttl", "rdata", "compressed")

    def __init__(self, owner, rrtype, rrclass, ttl, rdata, compressed=False):
        self.owner, self.type, self.rrclass, self.ttl = owner, rrtype, rrclass, ttl
        self.rdata, self.compressed = rdata, compressed

    def key(self):
        """What makes two records equal; names in RDATA and owners without regard to case."""
        rdata = self.rdata
        if self.type in _NAMES_IN_RDATA:
            before, names = _NAMES_IN_RDATA[self.type]
            at = before
            for _ in range(names):
                while rdata[at]:
                    at += 1 + rdata[at]
                at += 1
            # Length octets are below 'A': lower() leaves them alone.
            rdata = rdata[:before] + rdata[before:at].lower() + rdata[at:]
        return (self.owner.lower(), self.type, self.rrclass, self.ttl, rdata)

    def __repr__(self):
        return (f"{name_to_text(self.owner)} {self.ttl} CLASS{self.rrclass} TYPE{self.type} "
                f"{len(self.rdata)}:{self.rdata[:40].hex()}")


class Message:
    """A reply, taken apart. Malformed when it is not well-formed to the last octet."""

    def __init__(self, octets):
        if len(octets) < 12:
            raise Malformed("shorter than a header")
        self.octets = octets
        self.id, self.flags, qd, an, ns, ar = struct.unpack("!HHHHHH", octets[:12])
        self.opcode = self.flags >> 11 & 15
        at = 12
        for _ in range(qd):
            _, at = _read_name(octets, at)
            at += 4
        if at > len(octets):
            raise Malformed("question runs past the message")
        self.question = octets[12:at]
        self.answer, at = self._records(an, at)
        self.authority, at = self._records(ns, at)
        additional, at = self._records(ar, at)
        if at != len(octets):
            raise Malformed(f"{len(octets) - at} octets after the last record")
        opts = [r for r in additional if r.type == 41]
        if len(opts) > 1:
            raise Malformed("two OPT")
        self.opt = opts[0] if opts else None
        self.additional = [r for r in additional if r.type != 41]
        self.rcode = self.flags & 15
        if self.opt:
            self.rcode |= (self.opt.ttl >> 24) << 4

    def _records(self, count, at):
        records = []
        for _ in range(count):
            owner, at = _read_name(self.octets, at)
            if at + 10 > len(self.octets):
                raise Malformed("record runs past the message")
            rrtype, rrclass, ttl, length = struct.unpack("!HHIH", self.octets[at:at + 10])
            at += 10
            if at + length > len(self.octets):
                raise Malformed("RDATA runs past the message")
            rdata = _read_rdata(self.octets, at, at + length, rrtype)
            records.append(Record(owner, rrtype, rrclass, ttl, rdata, len(rdata) != length))
            at += length
        return records, at

    def has(self, flag):
        return bool(self.flags & flag)

    def texts(self):
        """The TXT records of the answer, each a list of strings."""
        return [txt_strings(r.rdata) for r in self.answer if r.type == 16]

    def options(self):
        """EDNS options of the reply: code to payload."""
        found, rest = {}, self.opt.rdata if self.opt else b""
        while rest:
            code, length = struct.unpack("!HH", rest[:4])
            found[code] = rest[4:4 + length]
            rest = rest[4 + length:]
        return found

    def extended_error(self):
        """Code and text (RFC 8914), or None."""
        error = self.options().get(15)
        return (struct.unpack("!H", error[:2])[0], error[2:].decode()) if error else None


def txt_strings(rdata):
    strings, at = [], 0
    while at < len(rdata):
        strings.append(rdata[at + 1:at + 1 + rdata[at]])
        at += 1 + rdata[at]
    return strings
