"""Every difference to NSD 4.6.1, Knot 3.2 and BIND 9.18 that is meant, with its reason.

A line that a whole run does not need fails it: what others have learned since is to be taken out.
NSD sends ten errors a second and is silent otherwise, so that what it would say is seen seldom: a
line may do without it.
"""

from support.compare import Difference
from support.wire import AA, AD, CD, RA, TC, TYPES, name_to_labels

ERRORS = {"FORMERR", "NOTIMP", "REFUSED", "NOTAUTH", "BADVERS"}
META = {TYPES["OPT"], 249, TYPES["TSIG"], 253, 254}
SECTIONS = "answer authority AA TC rcode"


def _type(case):
    return case.qtype()[0]


def _class(case):
    return case.qtype()[1]


def _is_query(case):
    return case.opcode() == 0


def _name_has(*labels):
    """The question's name has one of the labels."""
    octets = [bytes([len(label)]) + label.encode() for label in labels]
    return lambda case, ours, theirs: any(o in case.octets.lower() for o in octets)


def _refuses(outcome):
    return outcome.get("rcode") in ERRORS


def _has_opt(case):
    return b"\0\0\x29" in case.octets[12:]


KNOWN_DIFFERENCES = [
    # Whole answers
    Difference("nsd knotd named", "answer authority TC",
               "RFC 8482 §4.1: ANY gets an RRset of the server's choice, here TXT (DESIGN §6); "
               "§4.4: by TCP all of them", lambda case, o, t: _type(case) == 255, alone=True),
    Difference("nsd knotd named", "answer authority TC",
               "RFC 1035 §4.1.4: compression is a may; a referral is compiled for questions of any "
               "length, RDATA so that a transfer copies it: fewer records fit 1232 octets",
               _name_has("many", "manymx"), alone=True),
    Difference("nsd named", "answer authority TC",
               "RFC 9471 §3.1: all glue for in-domain name servers, or TC",
               _name_has("toomany")),
    Difference("named", "rcode",
               "RFC 1034 §3.6.2: software should not fail when presented with a CNAME loop; the "
               "records are given, the resolver sees the loop",
               _name_has("loop1", "loop2", "self", "toloop", "wildloop")),
    Difference("nsd knotd named", "answer",
               "RFC 2181 §5.5: an RRset once per message; a wildcard that leads back to itself is "
               "compiled without the question's name, so that the loop ends one record earlier",
               _name_has("wildloop"), alone=True),
    Difference("nsd", "answer authority",
               "RFC 1034 §3.6.2: CNAMEs are followed within the zone; what another zone says is "
               "for the resolver to ask", _name_has("ctoother")),
    # Types
    Difference("nsd knotd", SECTIONS,
               "RFC 8906 §3.1.2: meta types may be refused; OPT, TKEY and TSIG are never stored: "
               "FORMERR, MAILB and MAILA are gone: NOTIMP", lambda case, o, t: _type(case) in META),
    Difference("knotd", SECTIONS, "RFC 8906 §3.1.2: a type that is not known, 0 too, is no data",
               lambda case, o, t: _type(case) == 0),
    Difference("named", SECTIONS,
               "RFC 8906 §3.1.2: a type that is not known, 128 to 248 too, is no data",
               lambda case, o, t: 128 <= (_type(case) or 0) <= 248),
    Difference("nsd knotd named", "answer",
               "RFC 1034 §3.6.2: a CNAME answers questions for all types but CNAME, for those of "
               "DNSSEC in an unsigned zone too",
               lambda case, o, t: _type(case) in (24, 25, 46, 47, 50)),
    # Classes
    Difference("nsd knotd named", SECTIONS,
               "RFC 1035 §6.2: no server of one class can answer for all of them: class ANY is "
               "REFUSED", lambda case, o, t: _class(case) == 255, alone=True),
    Difference("named", "rcode",
               "RFC 1035 §4.1.1: a class that is not served is REFUSED, NOTIMP is for opcodes",
               lambda case, o, t: _class(case) not in (None, 1, 3) and _is_query(case)),
    Difference("named", SECTIONS,
               "RFC 4892 §3: version.bind and its like are TXT; BIND has zones of that name",
               lambda case, o, t: _class(case) == 3 and (_type(case) != 16
                                                         or b"authors" in case.octets)),
    Difference("named", "reply",
               "RFC 8906 §2: silence is no answer; BIND limits CHAOS to 3 a second",
               lambda case, o, t: _class(case) == 3, alone=True),
    Difference("nsd knotd", "AA", "RFC 1035 §4.1.1: the server is the authority for its own name",
               lambda case, o, t: _class(case) == 3),
    Difference("knotd", SECTIONS, "RFC 8482: ANY at version.bind and its like gets the TXT",
               lambda case, o, t: _class(case) == 3 and _type(case) == 255),
    # Header
    Difference("nsd knotd named", "CD", "RFC 4035 §3, RFC 8906 §8.1.3.1: CD is copied",
               lambda case, o, t: case.header()[1] & CD and o.get("CD"),
               alone=True),
    Difference("named", "RD", "RFC 1035 §4.1.1: RD is copied",
               lambda case, o, t: o.get("RD") and not _is_query(case)),
    Difference("nsd", "RD", "RFC 1035 §4.1.1: RD is copied, into an error too",
               lambda case, o, t: o.get("RD") and _refuses(o), seldom="nsd"),
    Difference("named", "AD", "RFC 4035 §3: AD of a question is ignored",
               lambda case, o, t: case.header()[1] & AD and o.get("TC"), alone=True),
    Difference("nsd", "TC answer authority AA RA",
               "RFC 8906 §8.1.4: flags of a request are not copied",
               lambda case, o, t: _refuses(o) and case.header()[1] & (AA | TC | RA)),
    Difference("nsd", "rcode answer authority AA TC edns",
               "RFC 8906 §3.1.3: what a request does not mean is ignored, a response code too",
               lambda case, o, t: case.header()[1] & 15 and t.get("rcode") == "FORMERR",
               seldom="nsd"),
    Difference("nsd", "question",
               "RFC 1035 §4.1.1: a question that can be read comes back with every error",
               lambda case, o, t: _refuses(t) and o.get("question")),
    # Opcodes
    Difference("nsd knotd named", "rcode AA",
               "RFC 1996 §3.12, RFC 8906 §3.1.4: NOTIFY and UPDATE are not implemented: NOTIMP",
               lambda case, o, t: case.opcode() in (4, 5), alone=True),
    Difference("knotd named", "question edns",
               "RFC 8906 §3.1.4: only the header of an unknown opcode can be read: no question, no "
               "OPT in the reply", lambda case, o, t: not _is_query(case), alone=True),
    Difference("knotd named", "rcode",
               "RFC 8906 §3.1.4: an unknown opcode is NOTIMP, whatever follows the header",
               lambda case, o, t: not _is_query(case)),
    Difference("nsd knotd", "reply", "RFC 8906 §2: silence is no answer; FORMERR and NOTIMP are",
               lambda case, o, t: o.get("rcode") in ("FORMERR", "NOTIMP"), alone=True),
    Difference("nsd", "reply",
               "RFC 8906 §2: silence is no answer",
               lambda case, o, t: case.header()[1] & 15 or sum(case.header()[3:]) > 0),
    # EDNS
    Difference("named", SECTIONS,
               "RFC 6891 §6.1.2: options that are not known are ignored, whatever they hold",
               lambda case, o, t: _has_opt(case) and t.get("rcode") == "FORMERR"
               and o.get("rcode") != "FORMERR"),
    Difference("nsd knotd named", "edns",
               "RFC 6891 §7: FORMERR for a malformed message has an OPT too",
               lambda case, o, t: o.get("rcode") == "FORMERR" and o.get("edns"), alone=True,
               seldom="nsd"),
    Difference("nsd", SECTIONS + " edns",
               "RFC 6891 §6.1.1: an OPT stands anywhere in the additional section, and other "
               "records beside it",
               lambda case, o, t: case.header()[5] > 1 and t.get("rcode") == "FORMERR",
               seldom="nsd"),
    Difference("knotd", SECTIONS + " edns", "RFC 6891 §6.1.2: the owner of an OPT must be the root",
               lambda case, o, t: case.header()[5] > 0 and o.get("rcode") == "FORMERR"),
    # What is broken
    Difference("nsd named", SECTIONS + " edns",
               "RFC 1035 §4.1.1: the counts say what a message holds; it is read to its end and "
               "judged before anything in it is acted on",
               lambda case, o, t: _is_query(case) and o.get("rcode") == "FORMERR"
               and case.octets[4:6] != bytes(2)),
    Difference("knotd named", SECTIONS + " edns",
               "RFC 3597 §3: RDATA that nothing needs is opaque",
               lambda case, o, t: sum(case.header()[3:]) > 0 and t.get("rcode") == "FORMERR",
               alone=True),
    Difference("nsd", SECTIONS,
               "RFC 1035 §4.1: records beside a question are no error; none needs them",
               lambda case, o, t: sum(case.header()[3:]) > 0 and t.get("rcode") == "FORMERR",
               seldom="nsd"),
    Difference("named", "question",
               "RFC 1035 §4.1.4: a pointer leads to a prior occurrence of a name, and no name "
               "stands before the question",
               lambda case, o, t: o.get("rcode") == "FORMERR" and not o.get("question")),
    # Transfers
    Difference("nsd knotd", "rcode",
               "RFC 5936 §4.2: AXFR by UDP is not defined: FORMERR, as in BIND",
               lambda case, o, t: _type(case) == 252 and not case.tcp),
    Difference("knotd named", "AA", "RFC 1035 §4.1.1: the SOA that answers IXFR by UDP is ours",
               lambda case, o, t: _type(case) == 251, alone=True),
    Difference("nsd", "answer AA", "RFC 1995 §2: by UDP the SOA alone is an answer",
               lambda case, o, t: _type(case) == 251),
]

# Zones that are signed, beside the lines above.
SIGNED_DIFFERENCES = [
    Difference("knotd named", "authority",
               "RFC 4035 §3.1.3.4: where the wildcard is an empty non-terminal, it too is proved to "
               "have nothing", _name_has("midstar", "starstar", "ctostar"), alone=True),
    Difference("nsd knotd named", "authority",
               "RFC 4035 §3.1.3.3: a proof for each wildcard in the answer; the loop ends one record "
               "earlier", _name_has("wildloop"), alone=True),
    Difference("knotd", "authority",
               "RFC 4034 §6.1: an octet 0 sorts behind the end of a label",
               lambda case, o, t: b"\0\1z" in case.octets or b"z\0" in case.octets),
    Difference("nsd", "authority rcode answer",
               "RFC 1034 §3.6.2: a CNAME is followed for all types but CNAME and those beside it; "
               "NSEC3 is not beside it", lambda case, o, t: _type(case) == 50, alone=True),
    Difference("knotd named", "authority rcode answer",
               "RFC 1034 §3.6.2: the same, for NSEC in a zone that has none",
               lambda case, o, t: _type(case) == 47, alone=True),
    Difference("nsd", "authority",
               "RFC 5155 §7.2.3, RFC 4592 §2.3: a '*' that is asked for exists: its NSEC3 is enough",
               lambda case, o, t: case.octets[12:14] == b"\1*"),
    Difference("nsd", "authority",
               "RFC 5155 §7.2.2: below an empty non-terminal that opted out, the closest provable "
               "encloser and its wildcard", _name_has("entcut")),
    Difference("named", "AA authority",
               "RFC 1034 §4.3.2 3b: a cut refers for all types but DS (RFC 4035 §3.1.4.1)",
               lambda case, o, t: _type(case) == 47 and not o.get("AA")),
]

# Secondaries of a signed zone made from contacts.
def _ends_in_zero(case, ours, theirs):
    """A label of the question ends in an octet 0."""
    return any(label.endswith(b"\0") for label in name_to_labels(case.octets[12:]))


SECONDARY_DIFFERENCES = [
    Difference("knotd", "authority", "RFC 4034 §6.1: an octet 0 sorts behind the end of a label",
               _ends_in_zero),
    Difference("pdns_server", "answer authority rcode",
               "RFC 2181 §11: a label may have any octets, 0 too",
               _ends_in_zero),
    Difference("knotd named", "authority rcode answer",
               "RFC 1034 §3.6.2: a CNAME is followed for NSEC in a zone that has none",
               lambda case, o, t: _type(case) == 47),
    Difference("nsd", "authority",
               "RFC 5155 §7.2.3, RFC 4592 §2.3: a '*' that is asked for exists: its NSEC3 is enough",
               lambda case, o, t: case.octets[12:14] == b"\1*"),
]
