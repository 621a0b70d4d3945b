"""What two servers said, made comparable; and the differences that are known and reasoned."""

from support.wire import AA, AD, CD, RA, RCODES, RD, TC, Malformed, Message, name_to_text

FLAGS = {"AA": AA, "TC": TC, "RA": RA, "AD": AD, "CD": CD, "RD": RD}


def _record_text(key):
    owner, rrtype, rrclass, ttl, rdata = key
    return f"{name_to_text(owner)} {ttl} {rrclass} TYPE{rrtype} {rdata.hex()[:80]}"


class Outcome:
    """What a server said to one message: a field each for what is compared.

    Left out: the additional section (what a server adds is its choice, glue has tests of its own),
    the order of records, letter case in names, and with TC what the sections hold.
    """

    __slots__ = ("fields", "message")

    def __init__(self, octets):
        self.message = None
        if octets is None:
            self.fields = {"reply": "none"}
            return
        try:
            message = Message(octets)
        except Malformed as problem:
            self.fields = {"reply": f"malformed: {problem}"}
            return
        self.message = message
        truncated = message.has(TC)
        self.fields = {
            "reply": "message",
            "rcode": RCODES.get(message.rcode, message.rcode),
            "opcode": message.opcode,
            "question": message.question,
            "edns": message.opt is not None,
            "answer": truncated or sorted(r.key() for r in message.answer),
            "authority": truncated or sorted(r.key() for r in message.authority),
        }
        for name, bit in FLAGS.items():
            self.fields[name] = message.has(bit)

    def differs_in(self, other):
        """The names of the fields that differ."""
        if self.fields == other.fields:
            return frozenset()
        if self.fields["reply"] != other.fields["reply"]:
            return frozenset({"reply"})
        return frozenset(n for n, value in self.fields.items() if value != other.fields[n])

    def get(self, field):
        return self.fields.get(field)

    def describe(self, fields):
        lines = []
        for field in sorted(fields):
            value = self.fields.get(field)
            if isinstance(value, list):
                value = [_record_text(key) for key in value]
            lines.append(f"{field}={value.hex() if isinstance(value, bytes) else value}")
        return ", ".join(lines)


class Difference:
    """A difference that is meant: contactd and `peers` differ in `fields` where
    `holds(case, ours, theirs)`, for a reason that an RFC gives. `alone`: there is no need for
    another server that answers like contactd. `seldom`: those of the peers that a run may not show
    it with."""

    def __init__(self, peers, fields, reason, holds, alone=False, seldom=""):
        self.peers, self.fields = frozenset(peers.split()), frozenset(fields.split())
        self.reason, self.holds = reason, holds
        self.alone, self.seldom = alone, frozenset(seldom.split())
        self.seen = set()  # peers it was seen with

    def not_seen(self):
        """The peers it was expected with and not seen."""
        return self.peers - self.seldom - self.seen

    def explains(self, peer, fields, case, ours, theirs):
        """Those of the fields whose difference this explains."""
        explained = fields & self.fields
        if peer not in self.peers or not explained or not self.holds(case, ours, theirs):
            return frozenset()
        self.seen.add(peer)
        return explained


def judge(case, ours, peers, table):
    """The complaint about one case, or None: contactd must agree with at least one peer, and where
    it disagrees with one the difference must be known."""
    complaints, agrees = [], False
    for name, theirs in peers.items():
        fields = ours.differs_in(theirs)
        agrees = agrees or not fields
        for difference in table if fields else ():
            explained = difference.explains(name, fields, case, ours, theirs)
            agrees = agrees or (explained and difference.alone)
            fields = fields - explained
        if fields:
            complaints.append(f"  {name}: {theirs.describe(fields)}\n"
                              f"  contactd: {ours.describe(fields)}")
    if not agrees:
        complaints.append("  no other server answers like this: "
                          + ours.describe(ours.fields.keys() - {"question"}))
    return f"{case!r}\n" + "\n".join(complaints) if complaints else None
