"""An independent judge of signed answers: given a question and the reply to it, are all signatures
there and valid, and do the NSEC or NSEC3 records prove what the reply says, with none too many?

    judge = Judge("signed.example", dnskeys, now)
    complaints = judge.complaints(name, rrtype, message)

    dnskeys    dns.rrset.RRset of the zone's DNSKEY
    now        seconds since 1970 at which signatures are looked at
    name       dns.name.Name, as asked
    rrtype     number
    message    dns.message.Message, the reply to a question with DO; not truncated

It follows the texts: RFC 4035 §3.1 and §5.4, RFC 5155 §7.2 and §8, RFC 4592, RFC 6840 §4. Nothing of
contactd's code is in it; names, hashes and signatures are dnspython's.
"""

import dns.dnssec
import dns.flags
import dns.name
import dns.rcode
import dns.rdatatype as T

WILDCARD = dns.name.Name([b"*"])
NEGATIVE = (T.NSEC, T.NSEC3)


def _types(rdata):
    """The types in the bit maps of an NSEC or NSEC3."""
    found = set()
    for window, bitmap in rdata.windows:
        for n, octet in enumerate(bitmap):
            found.update(window * 256 + n * 8 + bit for bit in range(8) if octet & 0x80 >> bit)
    return found


def _base32hex(octets):
    import base64
    table = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHIJKLMNOPQRSTUV")
    return base64.b32encode(octets).decode().translate(table)


class _Chain:
    """The denying records of one reply. `used` are those that some proof needed."""

    def __init__(self, apex):
        self.apex, self.records, self.used = apex, {}, set()

    def add(self, owner, rdata):
        self.records[owner] = rdata

    def _one(self, owners):
        """Notes the first of the records as used; None where there is none."""
        for owner in owners:
            self.used.add(owner)
            return owner
        return None


class _Nsec(_Chain):
    kind = "NSEC"

    def matching(self, name):
        return self._one(o for o in self.records if o == name)

    def _covers(self, owner, name):
        rdata = self.records[owner]
        after = owner < name and (name < rdata.next or rdata.next == self.apex)
        types = _types(rdata)
        cut = T.NS in types and T.SOA not in types and name.is_subdomain(owner)
        return after and not cut

    def covering(self, name):
        return self._one(o for o in self.records if self._covers(o, name))

    def types(self, owner):
        return _types(self.records[owner])

    def is_empty(self, name):
        """Proved to be an empty non-terminal: what comes next lies below it."""
        return self._one(o for o in self.records if self._covers(o, name)
                         and self.records[o].next.is_subdomain(name)
                         and self.records[o].next != name)

    def encloser(self, name):
        """The closest encloser that the NSEC which covers the name proves; None without one."""
        owner = self.covering(name)
        if owner is None:
            return None
        others = (owner, self.records[owner].next)
        common = [name.fullcompare(other)[2] for other in others]
        return dns.name.Name(name.labels[-max(common):])

    def absent(self, name, wildcard_absent=True):
        """True when it is proved that the name does not exist, nor the wildcard for it."""
        encloser = self.encloser(name)
        if encloser is None or encloser == name:
            return False
        return not wildcard_absent or self.covering(WILDCARD + encloser) is not None

    def closest(self, name, encloser):
        """True when `encloser` is proved to be the closest encloser of the name."""
        return self.encloser(name) == encloser

    def without(self, name, unwanted, wanted=frozenset()):
        """True when the name is proved to exist without any of some types, and with others."""
        owner = self.matching(name)
        if owner is None:
            return not wanted and self.is_empty(name) is not None
        types = self.types(owner)
        return not types & unwanted and wanted <= types

    def unsigned_cut(self, name):
        return self.without(name, {T.DS, T.SOA}, frozenset({T.NS}))

    def opted_out(self, name):
        return False


class _Nsec3(_Chain):
    kind = "NSEC3"

    def _hash(self, name):
        rdata = next(iter(self.records.values()))
        return dns.dnssec.nsec3_hash(name, rdata.salt, rdata.iterations, rdata.algorithm)

    def _owner_hash(self, owner):
        return owner.labels[0].decode().upper()

    def matching(self, name):
        digest = self._hash(name)
        return self._one(o for o in self.records if self._owner_hash(o) == digest)

    def _covers(self, owner, digest):
        first, last = self._owner_hash(owner), _base32hex(self.records[owner].next)
        if first < last:
            return first < digest < last
        return digest > first or digest < last

    def covering(self, name):
        digest = self._hash(name)
        return self._one(o for o in self.records if self._covers(o, digest))

    def types(self, owner):
        return _types(self.records[owner])

    def _encloser(self, name, opt_out=False):
        """The closest encloser that is proved (RFC 5155 §8.3): matched, its next closer covered."""
        for depth in range(1, len(name) - len(self.apex) + 1):
            encloser = dns.name.Name(name.labels[depth:])
            if not any(self._owner_hash(o) == self._hash(encloser) for o in self.records):
                continue
            self.matching(encloser)
            cover = self.covering(dns.name.Name(name.labels[depth - 1:]))
            if cover is None or (opt_out and not self.records[cover].flags & 1):
                return None
            return encloser
        return None

    def absent(self, name, wildcard_absent=True):
        encloser = self._encloser(name)
        return encloser is not None and (
            not wildcard_absent or self.covering(WILDCARD + encloser) is not None)

    def closest(self, name, encloser, matched=False):
        """RFC 5155 §8.8: the next closer name is covered; §8.7 wants the encloser matched, too."""
        if matched:
            return self._encloser(name) == encloser
        nearer = dns.name.Name(name.labels[-len(encloser) - 1:])
        return self.covering(nearer) is not None

    def without(self, name, unwanted, wanted=frozenset()):
        owner = self.matching(name)
        if owner is None:
            return False
        types = self.types(owner)
        return not types & unwanted and wanted <= types

    def opted_out(self, name):
        return self._encloser(name, opt_out=True) is not None

    def unsigned_cut(self, name):
        return self.without(name, {T.DS, T.SOA}, frozenset({T.NS})) or self.opted_out(name)


class Judge:
    def __init__(self, apex, dnskeys, now):
        self.apex = dns.name.from_text(apex)
        self.keys = {self.apex: dnskeys}
        self.now = now
        self.valid = {}  # what was found valid before: (owner, signature) to the records

    def complaints(self, name, rrtype, message):
        case = _Case(self, message)
        case.judge(name, rrtype)
        return case.complaints


class _Case:
    def __init__(self, judge, message):
        self.apex, self.keys, self.now = judge.apex, judge.keys, judge.now
        self.valid = judge.valid
        self.message = message
        self.complaints = []
        self.chain = None

    def say(self, text):
        self.complaints.append(text)

    def judge(self, name, rrtype):
        self._signatures(rrtype)
        self._collect()
        self._walk(name, rrtype)
        if self.chain:
            for owner in self.chain.records.keys() - self.chain.used:
                self.say(f"{owner} {self.chain.kind} proves nothing that is needed")

    def _cut(self):
        """The cut that the reply refers to, or None."""
        for rrset in self.message.authority:
            if rrset.rdtype == T.NS:
                return rrset.name
        return None

    def _signatures(self, rrtype):
        cut = self._cut()
        sections = {"answer": self.message.answer, "authority": self.message.authority,
                    "additional": self.message.additional}
        for section, rrsets in sections.items():
            signatures = {(r.name, r.covers): r for r in rrsets if r.rdtype == T.RRSIG}
            for rrset in rrsets:
                if rrset.rdtype == T.RRSIG:
                    continue
                found = signatures.pop((rrset.name, rrset.rdtype), None)
                glue = section == "additional" or (rrset.rdtype == T.NS and rrset.name == cut)
                if found is None:
                    if not glue:
                        self.say(f"{rrset.name} {T.to_text(rrset.rdtype)} in {section}: no RRSIG")
                    continue
                self._validate(rrset, found)
            if rrtype != T.RRSIG:
                for owner, covers in signatures:
                    self.say(f"{owner} RRSIG {T.to_text(covers)} in {section} covers nothing")

    def _validate(self, rrset, signatures):
        if signatures.ttl != rrset.ttl:
            self.say(f"{rrset.name} {T.to_text(rrset.rdtype)}: RRSIG with another TTL")
        key = (rrset.name, tuple(signatures))
        if self.valid.get(key) == rrset:
            return
        try:
            dns.dnssec.validate(rrset, signatures, self.keys, now=self.now)
            self.valid[key] = rrset
        except dns.dnssec.ValidationFailure as problem:
            self.say(f"{rrset.name} {T.to_text(rrset.rdtype)}: {problem}")

    def _collect(self):
        for rrset in self.message.authority:
            if rrset.rdtype not in NEGATIVE:
                continue
            if self.chain is None:
                self.chain = (_Nsec if rrset.rdtype == T.NSEC else _Nsec3)(self.apex)
            if rrset.name in self.chain.records:
                self.say(f"{rrset.name} {self.chain.kind} twice")
            self.chain.add(rrset.name, rrset[0])

    def _find(self, name, rrtype):
        for rrset in self.message.answer:
            if rrset.name == name and rrset.rdtype == rrtype:
                return rrset
        return None

    def _wildcard_of(self, name, rrtype):
        """The closest encloser that a wildcard answer claims by the labels of its RRSIG (RFC 4034
        §3.1.3), or None."""
        for rrset in self.message.answer:
            if rrset.name != name or rrset.rdtype != T.RRSIG or rrset.covers != rrtype:
                continue
            labels = rrset[0].labels
            own = len(name) - 1 - (name.labels[0] == b"*")
            if labels < own:
                return dns.name.Name(name.labels[-labels - 1:])
        return None

    def _need(self, holds, text):
        if not holds:
            self.say(f"not proved: {text}")

    def _step(self, name, rrtype):
        """An RRset of the answer stands for the name: a wildcard's needs a proof."""
        encloser = self._wildcard_of(name, rrtype)
        if encloser is not None:
            self._need(self.chain and self.chain.closest(name, encloser),
                       f"{name} has no closer match than *.{encloser}")

    def _walk(self, name, rrtype):
        seen = set()
        while True:
            if not name.is_subdomain(self.apex) or name in seen:
                return
            seen.add(name)
            if self._answered(name, rrtype):
                return
            alias = self._find(name, T.CNAME)
            if alias is None:
                break
            self._step(name, T.CNAME)
            name = alias[0].target
        self._end(name, rrtype)

    def _answered(self, name, rrtype):
        if rrtype in (T.ANY, T.RRSIG):
            types = [r.rdtype if r.rdtype != T.RRSIG else r.covers for r in self.message.answer
                     if r.name == name]
            if types:
                self._step(name, types[0])
            return bool(types)
        if self._find(name, rrtype) is None:
            return False
        self._step(name, rrtype)
        return True

    def _end(self, name, rrtype):
        """What the reply says of a name that it has no RRset of."""
        cut = self._cut()
        if self.message.rcode() == dns.rcode.NXDOMAIN:
            self._need(self.chain and self.chain.absent(name), f"{name} does not exist")
        elif cut is not None:
            if not name.is_subdomain(cut):
                self.say(f"referred to {cut}, which is not above {name}")
            secure = any(r.rdtype == T.DS and r.name == cut for r in self.message.authority)
            if not secure:
                self._need(self.chain and self.chain.unsigned_cut(cut), f"{cut} has no DS")
        elif any(r.rdtype == T.SOA for r in self.message.authority):
            self._need(self.chain and self._no_data(name, rrtype),
                       f"{name} has no {T.to_text(rrtype)}")
        elif not self.message.answer:
            self.say(f"nothing is said of {name}")  # of a target: the resolver asks again

    def _no_data(self, name, rrtype):
        unwanted = {rrtype, T.CNAME}
        if rrtype == T.DS and name != self.apex:
            unwanted.add(T.SOA)
        chain = self.chain
        owner = chain.matching(name)
        if owner is not None:
            types = chain.types(owner)
            # RFC 6840 §4.1, §4.4: an NSEC of the parent's side denies nothing but the DS.
            if T.NS in types and T.SOA not in types and rrtype != T.DS:
                return False
            return not types & unwanted
        if chain.without(name, unwanted):  # an empty non-terminal
            return True
        if chain.kind == "NSEC":
            encloser = chain.encloser(name)
            return encloser is not None and chain.without(WILDCARD + encloser, unwanted)
        encloser = chain._encloser(name)
        if encloser is not None and chain.without(WILDCARD + encloser, unwanted):
            return True
        return chain.opted_out(name)
