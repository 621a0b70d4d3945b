"""Hundreds of secondaries in one process: each has an address of its own, takes NOTIFY, says its
serial, and gets the zone by IXFR, or AXFR while it has none. What they get is kept as octets."""

import asyncio
import struct
import threading
import time

from support import wire
from support.ports import Port

_NOTIFY, _SOA, _IXFR = 4, wire.type_number("SOA"), wire.type_number("IXFR")


def _first_record(octets):
    """Owner left out: type to RDATA of the first record of the answer, and how many there are."""
    at = 12
    while octets[at]:
        at += 1 + octets[at]
    at += 5
    at += 2 if octets[at] >= 0xC0 else octets.index(0, at) + 1 - at
    length = struct.unpack("!H", octets[at + 8:at + 10])[0]
    return octets[at:at + 10 + length], struct.unpack("!H", octets[6:8])[0]


class Secondary(asyncio.DatagramProtocol):
    """One of them. `serial` is None before its first transfer, `transfers` lists them all: when it
    was told (None: nobody did), when it had all, whether it asked for AXFR, messages."""

    def __init__(self, host, primary, domain):
        self.host, self.primary = host, primary
        self.apex = wire.name_from_text(domain)
        self.serial, self.soa, self.transfers, self.problems = None, b"", [], []
        self._task = self._transport = None

    def connection_made(self, transport):
        self._transport = transport

    def datagram_received(self, octets, peer):
        if octets[2] >> 3 & 15 == _NOTIFY:
            self._transport.sendto(self._head(octets, 0x8400 | _NOTIFY << 11, 0), peer)
            if self._task is None or self._task.done():
                self._task = asyncio.ensure_future(self.transfer(time.monotonic()))
        elif self.serial is None:
            self._transport.sendto(self._head(octets, 0x8002, 0), peer)
        else:
            reply = self._head(octets, 0x8400, 1) + b"\xc0\x0c" + self.soa
            self._transport.sendto(reply, peer)

    def _head(self, query, flags, answers):
        return (query[:2] + struct.pack("!HHHHH", flags, 1, answers, 0, 0)
                + query[12:12 + len(self.apex) + 4])

    async def transfer(self, told=None):
        """Notes whatever goes wrong in `problems`."""
        try:
            whole = self.serial is None
            messages = await asyncio.wait_for(self._transfer(whole), 60)
            if len(messages[0]) < 512 and struct.unpack("!H", messages[0][6:8])[0] == 1:
                return  # told of what it has: the SOA alone
            self.transfers.append((told, time.monotonic(), whole, messages))
        except (OSError, EOFError, AssertionError, asyncio.TimeoutError) as problem:
            self.problems.append((self.host, repr(problem)))

    async def _transfer(self, whole):
        reader, writer = await asyncio.open_connection(*self.primary, local_addr=(self.host, 0))
        try:
            query = wire.query(self.apex, "AXFR", ident=1) if whole else wire.query(
                self.apex, _IXFR, ident=1, counts=(1, 0, 1, 0), after=b"\xc0\x0c" + self.soa)
            writer.write(struct.pack("!H", len(query)) + query)
            return await self._messages(reader)
        finally:
            writer.close()

    async def _messages(self, reader):
        """Up to the one that ends with the SOA that the first began with."""
        messages, soa = [], None
        while True:
            length = struct.unpack("!H", await reader.readexactly(2))[0]
            octets = await reader.readexactly(length)
            assert octets[3] & 15 == 0, f"RCODE {octets[3] & 15}"
            messages.append(octets)
            if soa is None:
                soa, records = _first_record(octets)
                if records == 1 and struct.unpack("!H", octets[6:8])[0] == 1 and self.serial:
                    break
            if octets.endswith(soa[-20:]) and (len(messages) > 1 or records > 1):
                break
        self.soa, self.serial = soa, struct.unpack("!I", soa[-20:-16])[0]
        return messages


class Swarm:
    """`size` secondaries at 127.0.2.1 and up, on one port, in a thread of their own."""

    def __init__(self, size, domain):
        self.port = Port()
        self.hosts = [f"127.0.{2 + n // 250}.{1 + n % 250}" for n in range(size)]
        self.domain = domain
        self.members = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def remotes(self):
        return [{"id": f"swarm{n}", "address": f"{host}@{self.port.number}"}
                for n, host in enumerate(self.hosts)]

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def start(self, primary):
        """All open their sockets, and transfer the zone at once."""
        self.port.release()
        self.members = [Secondary(host, primary, self.domain) for host in self.hosts]
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(90)

    async def _open(self):
        for member in self.members:
            await self._loop.create_datagram_endpoint(
                lambda member=member: member, local_addr=(member.host, self.port.number))
        await asyncio.gather(*(member.transfer() for member in self.members))

    def stop(self):
        self.port.release()
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)

    def problems(self):
        return [problem for member in self.members for problem in member.problems]

    def have(self, serial, transfers):
        """True when all have that serial, and so many transfers behind them."""
        return self.serials() == {serial} and all(
            len(member.transfers) == transfers for member in self.members)

    def serials(self):
        return {member.serial for member in self.members}
