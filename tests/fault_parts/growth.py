"""How large the database grows under PUBLISHES=10000 publishes while READERS=8 transfers are slow.

Each publish changes every record, as fast as one can follow the other: nothing grows faster. The
transfers are always some way through contents that have gone since; servers that were killed leave
their readers behind, too. The file must stay below what is live, three times, and the most that was
published during one transfer, twice: once for the zone and once for its past.
"""

import os
import pathlib
import signal
import socket
import threading
import time

from support.contactd import Contactd
from support.wire import query
from test_service import Shop


def run(part):
    publishes = part.number("PUBLISHES", 10000) // part.step
    shop = Shop(pathlib.Path(part.folder))
    live = os.path.getsize(shop.site.database)
    _leave_readers(part, shop)
    history = History()
    with Contactd(shop.site) as server:
        readers = [threading.Thread(target=_transfer_slowly, args=(part, server.at, history))
                   for _ in range(part.number("READERS", 8))]
        for reader in readers:
            reader.start()
        try:
            half, most = _publish(part, shop, publishes, history)
        finally:
            history.ended.set()
            for reader in readers:
                reader.join()
    part.figure("one publish, KiB", live // 1024)
    part.figure("at half time, KiB", half // 1024)
    part.figure("at most, KiB", most // 1024)
    part.figure("times what is live", round(most / live, 1))
    part.figure("longest transfer, s", round(history.longest))
    part.figure("publishes during one, at most", history.meanwhile)
    if most > live * (3 + 2 * history.meanwhile):
        part.found(f"the database grew to {most} octets, {most / live:.1f} times what is live")
    if publishes >= 1000 and most > half * 1.25:
        part.found(f"the database was still growing: {half}, then {most}")


class History:
    """What happened beside each other; read when all has ended."""

    def __init__(self):
        self.ended = threading.Event()
        self.published = 0
        self.longest = 0  # of the transfers, in seconds
        self.meanwhile = 0  # publishes during one transfer, at most

    def note_transfer(self, began, published):
        """One that began at that time, when so many publishes had ended. One more may be under
        way at either end."""
        self.longest = max(self.longest, time.monotonic() - began)
        self.meanwhile = max(self.meanwhile, self.published - published + 2)


def _leave_readers(part, shop):
    """Slots of dead processes: the first publish clears them."""
    for _ in range(3):
        server = Contactd(shop.site)
        stream = socket.create_connection(server.at)
        stream.sendall(_axfr())
        stream.recv(100)
        server.process.signal(signal.SIGKILL)
        server.process.wait(10)
        server.process.stop()
        stream.close()
        part.count("servers killed with readers")


def _axfr():
    question = query("cc.example", "AXFR")
    return len(question).to_bytes(2, "big") + question


def _transfer_slowly(part, at, history):
    """A few octets at a time, with the smallest window there is, until the server has enough."""
    while not history.ended.is_set():
        began, published = time.monotonic(), history.published
        with socket.socket() as stream:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            stream.settimeout(5)
            try:
                stream.connect(at)
                stream.sendall(_axfr())
                while not history.ended.is_set() and stream.recv(512):
                    time.sleep(0.02)
            except OSError:
                pass
        history.note_transfer(began, published)
        part.count("slow transfers")


def _publish(part, shop, publishes, history):
    """The file's size at half time, and at its largest."""
    half = most = 0
    for number in range(1, publishes + 1):
        shop.publish(number)
        history.published = number
        most = max(most, os.path.getsize(shop.site.database))
        if number == (publishes + 1) // 2:
            half = most
        part.count("publishes")
        part.progress(f"{number} of {publishes}, {most // 1024} KiB")
    return half, most
