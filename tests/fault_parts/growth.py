"""How large the database grows under PUBLISHES=10000 publishes while READERS=8 transfers are slow.

Each publish changes every record, as fast as one can follow the other: nothing grows faster. The
transfers are always some way through contents that have gone since; servers that were killed leave
their readers behind, too. The file must stay below what is live, three times, and what is published
during the longest transfer, twice: once for the zone and once for its past.
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
    done = threading.Event()
    took = [0.0]
    started = time.monotonic()
    with Contactd(shop.site) as server:
        readers = [threading.Thread(target=_transfer_slowly, args=(part, server.at, done, took))
                   for _ in range(part.number("READERS", 8))]
        for reader in readers:
            reader.start()
        try:
            half, most = _publish(part, shop, publishes)
        finally:
            done.set()
            for reader in readers:
                reader.join()
    part.figure("one publish, KiB", live // 1024)
    part.figure("at half time, KiB", half // 1024)
    part.figure("at most, KiB", most // 1024)
    part.figure("times what is live", round(most / live, 1))
    meanwhile = max(took) * publishes / (time.monotonic() - started)
    part.figure("longest transfer, s", round(max(took)))
    part.figure("publishes meanwhile", round(meanwhile))
    if most > live * (3 + 2 * meanwhile):
        part.found(f"the database grew to {most} octets, {most / live:.1f} times what is live")
    if publishes >= 1000 and most > half * 1.25:
        part.found(f"the database was still growing: {half}, then {most}")


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


def _transfer_slowly(part, at, done, took):
    """A few octets at a time, with the smallest window there is, until the server has enough."""
    while not done.is_set():
        began = time.monotonic()
        with socket.socket() as stream:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            stream.settimeout(5)
            try:
                stream.connect(at)
                stream.sendall(_axfr())
                while not done.is_set() and stream.recv(512):
                    time.sleep(0.02)
            except OSError:
                pass
        took.append(time.monotonic() - began)
        part.count("slow transfers")


def _publish(part, shop, publishes):
    """The file's size at half time, and at its largest."""
    half = most = 0
    for number in range(1, publishes + 1):
        shop.publish(number)
        most = max(most, os.path.getsize(shop.site.database))
        if number == (publishes + 1) // 2:
            half = most
        part.count("publishes")
        part.progress(f"{number} of {publishes}, {most // 1024} KiB")
    return half, most
