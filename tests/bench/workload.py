"""The questions of the benchmark: drawn from what the zone holds, the same for every server."""

import os
import random
import struct

SEED = 9
COUNT = 65536  # draws; the load generator starts again after the last

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


def questions(labels, origin, count=COUNT):
    """The list of (name, type); the first is that of a card."""
    draw = random.Random(SEED)
    weights = [share for _, share, _, _ in KINDS]
    out = [(f'{labels[0]}.{origin}', TYPE_TXT)]
    for _ in range(count - 1):
        _, _, form, rrtype = draw.choices(KINDS, weights)[0]
        name = form.format(label=draw.choice(labels), number=draw.randrange(100000))
        out.append((f'{name}.{origin}', rrtype))
    return out


def all_questions(labels, origin):
    """What is asked by name, of every label, and all else that the benchmark asks."""
    for label in labels:
        for form, rrtype in (('{}', TYPE_TXT), ('{}', TYPE_RP), ('{}', TYPE_A),
                             ('_security.{}', TYPE_TXT)):
            yield f'{form.format(label)}.{origin}', rrtype
    yield from questions(labels, origin)


def labels_of(contacts):
    """The labels that have an entry, of a folder of contacts."""
    return sorted(name.removesuffix('.yaml') for name in os.listdir(contacts))


def write_messages(path, asked, dnssec):
    """Writes queries, each after its length."""
    with open(path, 'wb') as file:
        for name, rrtype in asked:
            message = query(name, rrtype, dnssec)
            file.write(struct.pack('>H', len(message)) + message)


def write(path, labels, origin, dnssec=False, count=COUNT):
    """Writes the file that `load` reads, and returns the questions in it."""
    asked = questions(labels, origin, count)
    write_messages(path, asked, dnssec)
    return asked
