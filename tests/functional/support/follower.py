"""A secondary that follows by IXFR, takes the whole zone now and then, and judges what it has."""

import random
import re
import struct
import threading

from support import client
from support.contactd import serial_of
from support.numbered import DOMAIN
from support.wire import name_from_text, query

_SOA, _TXT = 6, 16


def _key(record):
    return (record.owner, record.type, record.ttl, record.rdata)


def _serial(record):
    return int.from_bytes(record.rdata[-20:-16], "big")


def judge_zone(records, serial, first_serial):
    """A zone, its SOA left out, is of the publish that its serial tells; returns the number."""
    number = serial - first_serial
    told = {int(found) for _, _, _, rdata in records for found in re.findall(rb"n(\d{8})", rdata)}
    serials = {int(found) for _, kind, _, rdata in records if kind == _TXT
               for found in re.findall(rb"serial=(\d{10});", rdata)}
    assert told == {number} and serials == {serial}, (number, told, serial, serials)
    return number


class _Later(Exception):
    """The server has no transfer for us now."""


class Follower(threading.Thread):
    """Counts transfers by kind in `done`; what went wrong is in `problems`."""

    def __init__(self, server, first_serial, pause=0.2):
        super().__init__(daemon=True)
        self._server, self._first, self._pause = server, first_serial, pause
        self._ended = threading.Event()
        self._random = random.Random(1)
        self._zone, self._soa = None, None
        self.done, self.problems = {"AXFR": 0, "IXFR": 0, "cut": 0}, []

    def serial(self):
        return _serial(self._soa) if self._soa else None

    def run(self):
        while not self._ended.wait(self._pause):
            try:
                served = serial_of(self._server, DOMAIN)
                if served is not None and served != self.serial():
                    self._follow()
            except OSError:
                self.done["cut"] += 1  # by a server that was being restarted
            except Exception as problem:  # pylint: disable=broad-except
                if "closed within" in str(problem) or isinstance(problem, _Later):
                    self.done["cut"] += 1
                else:
                    self.problems.append(repr(problem)[:500])
                self._zone = self._soa = None

    def _follow(self):
        before = self.serial()
        if self._zone is None or self._random.random() < 0.1:
            self._take_whole()
        else:
            self._take_difference()
        assert before is None or self.serial() >= before, (before, self.serial())
        judge_zone(self._zone, self.serial(), self._first)

    def _take_whole(self):
        messages = client.transfer(self._server, DOMAIN)
        self._refuse_servfail(messages)
        self._replace(client.transfer_records(messages))
        self.done["AXFR"] += 1

    @staticmethod
    def _refuse_servfail(messages):
        """What a server says that is about to end (RFC 9103 §6.3.3)."""
        if messages[-1].rcode == 2:
            raise _Later()

    def _replace(self, records):
        self._soa = records[0]
        self._zone = {_key(record) for record in records[1:]}
        assert len(self._zone) == len(records) - 1, "a record comes twice"

    def _take_difference(self):
        owner = name_from_text(DOMAIN)
        soa = owner + struct.pack("!HHIH", _SOA, 1, 0, len(self._soa.rdata)) + self._soa.rdata
        with client.Tcp(self._server, timeout=30) as connection:
            connection.send(query(DOMAIN, "IXFR", ident=1, counts=(1, 0, 1, 0), after=soa))
            messages = client.receive_transfer(connection, "IXFR")
        self._refuse_servfail(messages)
        records = [record for message in messages for record in message.answer]
        if len(records) > 1 and records[1].type != _SOA:
            self._replace(records[:-1])
        elif len(records) > 1:
            self._apply(records)
        self.done["IXFR"] += 1

    def _apply(self, records):
        """SOA new, SOA old, what goes, SOA new, what comes, SOA new."""
        assert _serial(records[1]) == self.serial(), "a difference from another serial"
        middle = next(n for n in range(2, len(records)) if records[n].type == _SOA)
        goes = {_key(record) for record in records[2:middle]}
        comes = {_key(record) for record in records[middle + 1:-1]}
        assert goes <= self._zone and not comes & (self._zone - goes)
        self._zone = (self._zone - goes) | comes
        self._soa = records[0]

    def stop(self):
        self._ended.set()
        self.join(60)
