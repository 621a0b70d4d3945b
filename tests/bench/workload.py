"""The questions of the benchmark: drawn from what the zone holds, the same for every server."""

import random
import struct

SEED = 9
COUNT = 65536  # distinct draws; the load generator starts again after the last

TYPE_A, TYPE_TXT, TYPE_RP, TYPE_OPT, CLASS_IN = 1, 16, 17, 41, 1
EDNS_OCTETS = 1232
DO = 0x8000

# What is asked, of a label that has an entry and a number that makes names differ: share in
# percent, name below the origin, type.
KINDS = [
    ('card', 60, '{label}', TYPE_TXT),
    ('wildcard', 10, 'www.h{number}.{label}', TYPE_TXT),
    ('_security', 15, '_security.{label}', TYPE_TXT),
    ('RP', 5, '{label}', TYPE_RP),
    ('NXDOMAIN', 5, 'no-such-{number}', TYPE_TXT),
    ('NODATA', 5, '{label}', TYPE_A),
]


def wire_name(text):
    labels = text.encode('ascii').split(b'.')
    return b''.join(bytes([len(label)]) + label for label in labels) + b'\0'


def query(name, rrtype, dnssec):
    """A query with EDNS and without RD, as a resolver sends it; with DO where it validates."""
    header = struct.pack('>6H', 0, 0, 1, 0, 0, 1)
    opt = b'\0' + struct.pack('>HHIH', TYPE_OPT, EDNS_OCTETS, DO if dnssec else 0, 0)
    return header + wire_name(name) + struct.pack('>HH', rrtype, CLASS_IN) + opt


def questions(labels, origin):
    """The list of (name, type); the first is that of a card."""
    draw = random.Random(SEED)
    weights = [share for _, share, _, _ in KINDS]
    out = [(f'{labels[0]}.{origin}', TYPE_TXT)]
    for _, _, form, rrtype in draw.choices(KINDS, weights, k=COUNT - 1):
        name = form.format(label=draw.choice(labels), number=draw.randrange(100000))
        out.append((f'{name}.{origin}', rrtype))
    return out


def write(path, labels, origin, dnssec=False):
    """Writes the file that `load` reads, and returns the questions in it."""
    asked = questions(labels, origin)
    with open(path, 'wb') as file:
        for name, rrtype in asked:
            message = query(name, rrtype, dnssec)
            file.write(struct.pack('>H', len(message)) + message)
    return asked
