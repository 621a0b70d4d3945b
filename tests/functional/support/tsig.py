"""TSIG (RFC 8945) by a reckoning of its own: messages signed so that each field can be wrong, and
answers verified."""

import base64
import dataclasses
import hashlib
import hmac
import struct
import time

from support.wire import Message, name_from_text

TSIG, ANY = 250, 255
BADSIG, BADKEY, BADTIME, BADTRUNC = 16, 17, 18, 22
FUDGE = 300

_HASHES = {"hmac-sha256": hashlib.sha256, "hmac-sha384": hashlib.sha384,
           "hmac-sha512": hashlib.sha512, "hmac-sha1": hashlib.sha1}


@dataclasses.dataclass
class Record:
    """The TSIG of a message. `before` is the message as it was without it."""

    owner: bytes
    algorithm: bytes
    time: int
    fudge: int
    mac: bytes
    original_id: int
    error: int
    other: bytes
    before: bytes


def tsig_of(octets):
    """The TSIG of a message, or None. It must be the last record, and the only one."""
    message = Message(octets)
    found = [r for r in message.additional if r.type == TSIG]
    if not found:
        return None
    record, = found
    assert message.additional[-1] is record and (record.rrclass, record.ttl) == (ANY, 0)
    at = 0
    while record.rdata[at]:
        at += 1 + record.rdata[at]
    algorithm, rest = record.rdata[:at + 1], record.rdata[at + 1:]
    high, low, fudge, size = struct.unpack("!HIHH", rest[:10])
    mac, rest = rest[10:10 + size], rest[10 + size:]
    original_id, error, other = struct.unpack("!HHH", rest[:6])
    length = len(record.owner) + 10 + len(record.rdata)
    before = octets[:10] + struct.pack("!H", struct.unpack("!H", octets[10:12])[0] - 1) + \
        octets[12:-length]
    assert len(rest) == 6 + other
    return Record(record.owner, algorithm, high << 32 | low, fudge, mac, original_id, error,
                  rest[6:], before)


def _mac(secret, algorithm, *parts):
    return hmac.new(base64.b64decode(secret.secret), b"".join(parts), _HASHES[algorithm]).digest()


def _timers(moment, fudge):
    return struct.pack("!HIH", moment >> 32, moment & 0xFFFFFFFF, fudge)


def sign(octets, secret, moment=None, fudge=FUDGE, size=None, name=None, algorithm=None, spoil=False):
    """The message with a TSIG of a key (terms.Secret) behind it, and its MAC. `size`: of a MAC cut
    short; `name` and `algorithm`: what the record says instead of the truth."""
    moment = int(time.time()) if moment is None else moment
    owner = name_from_text(name or secret.name)
    called = name_from_text(algorithm or secret.algorithm)
    timers = _timers(moment, fudge)
    mac = _mac(secret, secret.algorithm, octets, owner.lower(), struct.pack("!HI", ANY, 0),
               called.lower(), timers, bytes(4))[:size]
    if spoil:
        mac = bytes([mac[0] ^ 1]) + mac[1:]
    rdata = called + timers + struct.pack("!H", len(mac)) + mac + octets[:2] + bytes(4)
    count = struct.unpack("!H", octets[10:12])[0] + 1
    return (octets[:10] + struct.pack("!H", count) + octets[12:] + owner +
            struct.pack("!HHIH", TSIG, ANY, 0, len(rdata)) + rdata), mac


def verify(octets, secret, prior, later=False):
    """Asserts that an answer is signed with the key, over the MAC before it: of the request, or
    (`later`) of the message before it in a stream. Returns its TSIG."""
    record = tsig_of(octets)
    assert record, "not signed"
    assert record.owner.lower() == name_from_text(secret.name).lower()
    assert record.algorithm.lower() == name_from_text(secret.algorithm)
    timers = _timers(record.time, record.fudge)
    variables = timers if later else (
        record.owner.lower() + struct.pack("!HI", ANY, 0) + record.algorithm.lower() + timers +
        struct.pack("!HH", record.error, len(record.other)) + record.other)
    before = struct.pack("!H", record.original_id) + record.before[2:]
    assert record.mac == _mac(secret, secret.algorithm, struct.pack("!H", len(prior)), prior, before,
                              variables)
    return record


def sign_answer(octets, secret, prior, spoil=False):
    """An answer of ours to a request with that MAC."""
    owner, algorithm = name_from_text(secret.name), name_from_text(secret.algorithm)
    timers = _timers(int(time.time()), FUDGE)
    mac = _mac(secret, secret.algorithm, struct.pack("!H", len(prior)), prior, octets, owner.lower(),
               struct.pack("!HI", ANY, 0), algorithm, timers, bytes(4))
    if spoil:
        mac = bytes([mac[0] ^ 1]) + mac[1:]
    rdata = algorithm + timers + struct.pack("!H", len(mac)) + mac + octets[:2] + bytes(4)
    count = struct.unpack("!H", octets[10:12])[0] + 1
    return (octets[:10] + struct.pack("!H", count) + octets[12:] + owner +
            struct.pack("!HHIH", TSIG, ANY, 0, len(rdata)) + rdata)
