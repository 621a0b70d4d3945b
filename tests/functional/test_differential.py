"""contactd beside NSD, Knot and BIND with the same zones: the same question, the same answer.

contactd's answer must equal that of at least one of them, and every difference to another must
stand in KNOWN_DIFFERENCES (support/differences.py) with its reason. A line that nothing needs fails too.
"""

import random

import pytest

from conftest import LONG, SHORT
from support import cases, client, compare, wire
from support.cases import Case
from support.contactd import ZONES, Contactd
from support.differences import KNOWN_DIFFERENCES
from support.peers import Bind, Knot, Nsd

EDNS = (wire.opt(4096),)
asked = set()  # the tests that have asked all of their questions


class Field:
    """contactd and its peers, side by side."""

    def __init__(self, ours, peers):
        self.ours, self.peers = ours, peers

    def compare(self, name, questions):
        """Puts the questions to all, over UDP or TCP as each of them says; fails with the
        complaints. A short run takes a sample."""
        if SHORT:
            rng = random.Random(name)
            questions = [q for q in questions if rng.random() < 0.05]
        else:
            asked.add(name)
        complaints = []
        for tcp in (False, True):
            some = [q for q in questions if q.tcp == tcp]
            ask = client.tcp_many if tcp else client.udp_many
            replies = {peer: ask(at, [q.octets for q in some])
                       for peer, at in [("contactd", self.ours.at), *self.peers.items()]}
            for n, case in enumerate(some):
                outcomes = {peer: compare.Outcome(reply[n]) for peer, reply in replies.items()}
                ours = outcomes.pop("contactd")
                complaints.append(compare.judge(case, ours, outcomes, KNOWN_DIFFERENCES))
        complaints = [c for c in complaints if c]
        text = "\n".join(complaints[:20])
        assert not complaints, f"{len(complaints)} of {len(questions)}:\n{text}"


@pytest.fixture(scope="module")
def field(corner_site, tmp_path_factory):
    folder = tmp_path_factory.mktemp("peers")
    zones = {"corner.example": f"{ZONES}/corner.example", "star.example": f"{ZONES}/star.example",
             "cc.example": str(folder / "cc.example")}
    (folder / "cc.example").write_text(corner_site.export("cc.example"), encoding="ascii")
    peers = [kind(folder, zones) for kind in (Nsd, Knot, Bind)]
    try:
        for peer in peers:
            peer.start()
        with Contactd(corner_site) as ours:
            for peer in peers:
                peer.wait()
            yield Field(ours, {peer.name: peer.at for peer in peers})
    finally:
        for peer in peers:
            peer.stop()


@pytest.fixture(scope="module")
def records(field):
    """The records of a zone, as Knot has them: not out of our own mouth."""
    return {name: client.transfer_records(client.transfer(field.peers["knotd"], name))
            for name in ("cc.example", "corner.example", "star.example")}


@pytest.mark.parametrize("name", ["corner.example", "star.example"])
def test_every_name_and_type(field, records, name):
    questions = cases.names_and_types(records[name])
    questions += cases.names_and_types(records[name], additional=EDNS)
    field.compare(f"names {name}", questions)


def test_every_name_and_type_of_the_sample(field, records):
    questions = cases.names_and_types(records["cc.example"], additional=EDNS)
    some = questions if LONG else random.Random(2).sample(questions, len(questions) // 2)
    field.compare("names sample", some)


@pytest.mark.parametrize("name", ["cc.example", "corner.example", "star.example"])
def test_names_above_below_and_between(field, records, name):
    apex = wire.name_from_text(name)
    if name == "cc.example":  # many of the same kind
        records[name] = random.Random(1).sample(records[name], len(records[name]) // (4 if LONG else 12))
    field.compare(f"neighbours {name}", cases.neighbours(records[name], apex, additional=EDNS))


@pytest.mark.parametrize("kind", [
    cases.outside, cases.letter_case, cases.types, cases.classes, cases.opcodes, cases.header_flags,
    cases.edns, cases.broken_edns, cases.broken, cases.signatures, cases.transfers_by_udp])
def test_questions(field, kind):
    field.compare(kind.__name__, kind())


def test_garbled(field):
    field.compare("garbled", cases.garbled(3000))


def test_tcp(field, records):
    """The same by TCP: whole answers, ANY in full, and what is broken."""
    rng = random.Random(1)
    questions = [q for q in cases.names_and_types(records["corner.example"]) if rng.random() < 0.2]
    questions += [*cases.outside(), *cases.broken_edns(), *cases.opcodes(), *cases.signatures()]
    questions += [q for q in cases.broken() if not q.label.startswith("cut")]
    questions += [q for q in cases.edns() if rng.random() < 0.2]
    field.compare("tcp", [Case(q.label, q.octets, tcp=True) for q in questions])


@pytest.mark.parametrize("name", ["cc.example", "corner.example", "star.example"])
def test_transfers_hold_the_same_records(field, name):
    def content(at):
        messages = client.transfer(at, name)
        return sorted(record.key() for record in client.transfer_records(messages))
    ours = content(field.ours.at)
    for peer, at in field.peers.items():
        theirs = content(at)
        assert ours == theirs, (peer, [k for k in ours if k not in theirs][:5],
                                [k for k in theirs if k not in ours][:5])


def test_every_known_difference_was_seen():
    if len(asked) < 18:
        pytest.skip("not all questions were asked")
    unused = [f"{sorted(d.not_seen())}: {d.reason}" for d in KNOWN_DIFFERENCES if d.not_seen()]
    assert not unused, "\n".join(unused)
