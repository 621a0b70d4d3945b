"""By how much answers outweigh their questions, for clients without a cookie: every question that
can be asked of a zone, in its smallest form, and what comes back by UDP."""

import collections
import struct

from support import client, wire
from support.wire import labels_to_name, name_to_labels, name_to_text, opt, option, query

HEADERS = 28  # IPv4 and UDP; those of IPv6 weigh more, so that ratios are smaller
# Beside the types that the zone has: ANY, types that it has not, the meta types.
TYPES = [1, 2, 6, 28, 43, 46, 47, 48, 50, 51, 59, 60, 63, 249, 250, 251, 252, 253, 254, 255, 65281]
DO = 0x8000
FORMS = {  # name -> records of the additional section
    "no EDNS": [],
    "EDNS": [opt(4096)],
    "EDNS, DO": [opt(4096, flags=DO)],
    "EDNS, DO, NSID": [opt(4096, flags=DO, options=option(3))],
}

Weighed = collections.namedtuple("Weighed", "ratio form name rrtype asked answered")


ABSENT_TYPES = [1, 16, 43, 255]  # all others are answered like the first


def absent(owners, apex):
    """Names that do not exist, are empty or come from a wildcard: the shortest of each kind at each
    owner."""
    found = {b"\0"}
    for owner in owners:
        labels = name_to_labels(owner)
        for start in range(1, len(labels) - len(name_to_labels(apex)) + 1):
            found.add(labels_to_name(labels[start:]))  # empty non-terminals
        for below in (b"a", b"z", b"\0", b"~", b"*"):
            found.add(labels_to_name([below, *labels]))
            if len(labels) > len(name_to_labels(apex)):
                found.add(labels_to_name([below, *labels[1:]]))
        found.add(labels_to_name([b"a", b"b", *labels]))
    return sorted(name for name in found - set(owners) if len(name) <= 255)


def chaos():
    """What class CH is asked for."""
    return [(wire.name_from_text(name), rrtype, 3)
            for name in ("version.bind", "id.server", "hostname.bind", "version.server")
            for rrtype in (16, 255)]


def questions(owners, types, apex, every=1):
    """Name, type and class of each; `every`: of how many owners one is taken; the apex always is."""
    types = sorted(set(TYPES) | set(types))
    owners = sorted({owner.lower() for owner in owners})
    owners = [apex, *(owner for owner in owners[::every] if owner != apex)]
    return [(name, rrtype, 1) for name in owners for rrtype in types] + \
        [(name, rrtype, 1) for name in absent(owners, apex) for rrtype in ABSENT_TYPES] + chaos()


def weigh(server, asked, forms=FORMS):
    """The ratio for each question and form, heaviest first; answers to none are left out."""
    found = []
    for form in forms:
        messages = [query(name, rrtype, rrclass, additional=FORMS[form])
                    for name, rrtype, rrclass in asked]
        for (name, rrtype, _), message, reply in zip(asked, messages,
                                                     client.udp_many(server, messages)):
            assert reply is not None, (form, name_to_text(name), rrtype)
            found.append(Weighed((len(reply) + HEADERS) / (len(message) + HEADERS), form,
                                 name_to_text(name), rrtype, len(message), len(reply)))
    return sorted(found, reverse=True)


def heaviest(found, edns):
    """The first with EDNS, or the first without."""
    return next(one for one in found if (one.form != "no EDNS") == edns)


def malformed(name):
    """Messages that are answered although they are no questions."""
    sound = query(name, "TXT", additional=[opt(4096, flags=DO)])
    return [sound[:12], sound[:-1], sound + b"\0", struct.pack("!6H", 0, 0, 0, 0, 0, 0),
            *(query(name, "TXT", opcode=opcode) for opcode in range(1, 16)),
            query(name, "TXT", additional=[opt(4096, version=1)]),
            query(name, "TXT", rrclass=255), struct.pack("!6H", 0, 0, 0, 0, 0, 1)
            + opt(options=option(10, bytes(8)))]
