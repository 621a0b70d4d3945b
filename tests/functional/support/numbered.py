"""Contents whose every publish has a number that its records tell, and what a server may answer
while two such contents take turns: the file of expected answers of tests/bench/expected.h."""

import os
import re
import struct

from support import client
from support.contactd import Site, zone
from support.wire import opt, query

DOMAIN = "cc.example"
UDP, TCP = 0, 1
_FIRST_SERIAL = 1_000_000_000  # ten digits from the first publish to the last
_NUMBER, _SERIAL, _TEXT_SERIAL, _ANY = range(4)


def _entry(label, number, contacts):
    lines = [f"tld: {label}", f"registry: Registry n{number:08d}", "territory: Nowhere",
             "timezone: UTC", "languages: [en]", "verified: 2026-11-01", "verified-by: callback",
             "contacts:"]
    for order in range(1, contacts + 1):
        lines += [f"  - id: c{order}", "    role: security", f"    order: {order}",
                  f"    name: Team n{number:08d}", f"    phone: +44 20 7946 {1000 + order}",
                  f"    email: n{number:08d}@registry.example", "    hours: 24x7"]
    return "\n".join(lines) + "\n"


class Numbered:
    """A site with the zone cc.example. An even publish has entries that an odd one lacks and the
    other way round, and a third contact in each; all others change by the number that they tell.
    `watchers` are told of each publish before it begins and when it is done."""

    def __init__(self, folder, entries=30, coming=5, **options):
        self.contacts = os.path.join(str(folder), "contacts")
        os.mkdir(self.contacts)
        self.always = [f"t{n}" for n in range(entries)]
        self.coming = ([f"even{n}" for n in range(coming)], [f"odd{n}" for n in range(coming)])
        zones = options.pop("zones", None) or [zone(DOMAIN, serial="counter")]
        self.site = Site(folder, zones, contacts=self.contacts, tlds="any", **options)
        self.number, self.watchers, self.expected = -1, [], None
        self.serial = None  # of publish 0
        self._start_with_ten_digits()
        self.publish()

    def _write(self, number):
        for label in self.coming[1 - number % 2]:
            path = os.path.join(self.contacts, f"{label}.yaml")
            if os.path.exists(path):
                os.unlink(path)
        for label in [*self.always, *self.coming[number % 2]]:
            with open(os.path.join(self.contacts, f"{label}.yaml"), "w", encoding="utf-8") as file:
                file.write(_entry(label, number, 3 - number % 2))

    def _start_with_ten_digits(self):
        self._write(99999998)
        self.site.publish()
        text = re.sub(r"(\sSOA\s+\S+\s+\S+\s+)\d+", rf"\g<1>{_FIRST_SERIAL}",
                      self.site.export(DOMAIN), count=1)
        path = os.path.join(self.site.folder, "first.zone")
        with open(path, "w", encoding="utf-8") as file:
            file.write(re.sub(r"(?m)^\S+\s+\d+\s+IN\s+ZONEMD\s.*\n", "", text))
        self.site.restore(path, DOMAIN)

    def publish(self):
        """The next publish; returns its number."""
        number = self.number + 1
        self._write(number)
        for watcher in self.watchers:
            watcher.begun(number)
        serial = self.site.publish("--force")[DOMAIN]
        if self.serial is None:
            self.serial = serial
        assert serial == self.serial + number, (serial, self.serial, number)
        self.number = number
        for watcher in self.watchers:
            watcher.published(number)
        return number

    def questions(self):
        """What is asked: transport and message."""
        names = [("cc.example", "SOA"), ("cc.example", "TXT"), ("cc.example", "NS"),
                 ("_meta.cc.example", "TXT"), ("_index.cc.example", "TXT"),
                 ("_schema.cc.example", "MX")]
        for n, label in enumerate([*self.always[:8], *self.coming[0][:2], *self.coming[1][:2]]):
            at = f"{label}.cc.example"
            names += [(at, "TXT"), (f"www.bank.{at}", "TXT"), (f"_security.{at}", "TXT"),
                      (f"_c1.{at}", "URI"), (f"_c3.{at}", "TXT"), (at, "RP"), (at, "ANY"),
                      (at, "A"), (f"no-such-{n}.cc.example", "TXT")]
        messages = [query(name, kind, additional=[opt(1232)] * (n % 4 > 0))
                    for n, (name, kind) in enumerate(names)]
        return [(transport, octets) for transport in (UDP, TCP) for octets in messages]

    def learn(self, server):
        """Publishes twice and asks a server at rest everything: what it may say from now on."""
        questions = self.questions()
        answers = {}
        for _ in range(2):
            answers[self.number % 2] = ask_all(server, questions), self.number
            self.publish()
        self.expected = Expected(self.serial, questions, answers)
        for index, octets in enumerate(ask_all(server, questions)):
            assert self.expected.number_of(index, octets) in (None, self.number)
        return self.expected


def ask_all(server, questions):
    """The answers to questions of both transports, in their order."""
    with client.Tcp(server) as connection:
        replies = []
        for transport, octets in questions:
            if transport == TCP:
                connection.send(octets)
                replies.append(connection.receive())
            else:
                replies.append(client.udp(server, octets))
        assert all(replies)
        return replies


def _places(octets, serial):
    """Where an answer tells of which publish it is: (at, octets, kind), in order."""
    found = [(m.start(1), 8, _NUMBER) for m in re.finditer(rb"n(\d{8})", octets)]
    found += [(m.start(1), 10, _TEXT_SERIAL) for m in re.finditer(rb"serial=(\d{10});", octets)]
    found += [(m.start(1), len(m[1]), _ANY) for m in re.finditer(rb"published=([^;]+);", octets)]
    found += [(m.start(), 4, _SERIAL)
              for m in re.finditer(re.escape(struct.pack("!I", serial)), octets)]
    return sorted(found)


class Expected:
    """What may be answered. `answers`: for 0 (even) and 1 (odd), the answers to all questions, and
    the number of the publish that they are of."""

    def __init__(self, serial, questions, answers):
        self.serial, self.questions = serial, questions
        self._answers = [[(octets, _places(octets, serial + number)) for octets in replies]
                         for replies, number in (answers[0], answers[1])]
        self._patterns = [[self._pattern(*answer) for answer in half] for half in self._answers]

    @staticmethod
    def _pattern(octets, places):
        """An answer but its ID, with a group for each place."""
        parts, at = [b"(?s).."], 2
        for place, length, kind in places:
            parts.append(re.escape(octets[at:place]))
            parts.append(b".{%d}" % length if kind == _ANY else b"(.{%d})" % length)
            at = place + length
        return re.compile(b"".join([*parts, re.escape(octets[at:])]))

    def number_of(self, index, octets):
        """The number of the publish that an answer is of, None when it does not tell. It must be
        right in every octet, and of one publish."""
        matches = [(half, found) for half in (0, 1)
                   if (found := self._patterns[half][index].fullmatch(octets))]
        assert matches, (index, self.questions[index], octets)
        numbers = set()
        kinds = [kind for _, _, kind in self._answers[matches[0][0]][index][1] if kind != _ANY]
        for kind, told in zip(kinds, matches[0][1].groups()):
            numbers.add(int(told) if kind == _NUMBER else
                        int.from_bytes(told, "big") - self.serial if kind == _SERIAL else
                        int(told) - self.serial)
        assert len(numbers) < 2, (index, self.questions[index], numbers)
        number = numbers.pop() if numbers else None
        assert number is None or number % 2 in [half for half, _ in matches], (index, number)
        return number

    def write(self, path):
        with open(path, "wb") as file:
            file.write(struct.pack("!I", self.serial))
            for index, (transport, octets) in enumerate(self.questions):
                file.write(struct.pack("!BH", transport, len(octets)) + octets)
                for half in self._answers:
                    answer, places = half[index]
                    file.write(struct.pack("!H", len(answer)) + answer
                               + struct.pack("!H", len(places)))
                    for place in places:
                        file.write(struct.pack("!HBB", *place))
        return path
