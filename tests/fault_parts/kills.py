"""SIGKILL for `zonegen publish` and for contactd at any moment, under load.

KILLS=1000 publishes are killed while a server answers, those that were faster not counted, then as
many servers while publishes go on. Every answer and every transfer is of one publish, and no serial
goes back; each restart has its first right answer within FIRST_ANSWER_MS=100 of its exec. Contacts
change all at once, with a marker that tells of which publish they are.
"""

import os
import pathlib
import random
import signal
import socket
import subprocess
import threading
import time

from support import client
from support.contactd import NOW, Contactd, program
from support.process import environment
from support.wire import Message, query
from test_service import Shop, check_transfer, markers_in

TRANSFER_EVERY = 10
NAMES = ("t3.cc.example", "www.bank.t9.cc.example", "_security.t20.cc.example")


def run(part):
    kills = part.number("KILLS", 1000) // part.step
    folder = pathlib.Path(part.folder)
    shop = Shop(folder)
    rng = random.Random(part.number("SEED", 1))
    _kill_publishes(part, shop, kills, rng)
    _kill_servers(part, shop, kills, rng)
    shop.site.zonegen("verify")
    part.figure("database, KiB", os.path.getsize(shop.site.database) // 1024)


class Load:
    """Asks all the time, in a thread, and looks at every answer."""

    def __init__(self, part, at):
        self.part, self.at, self.done, self.asked = part, at, threading.Event(), 0
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
        self.part.count("answers judged", self.asked)

    def run(self):
        questions = [query(name, "TXT") for name in NAMES] * 10
        while not self.done.is_set():
            try:
                answers = client.udp_many(self.at, questions)
            except Exception:  # pylint: disable=broad-except
                continue  # the server is down: that is the other test's
            for octets in answers:
                if octets is None:
                    continue
                self.asked += 1
                message = Message(octets)
                if message.rcode or len(markers_in(message.answer)) != 1:
                    self.part.found(f"an answer with rcode {message.rcode} and markers "
                                    f"{markers_in(message.answer)}")


def _publish(shop):
    return subprocess.Popen(
        [program("zonegen"), "publish", "-c", shop.site.path, "--now", NOW], env=environment(),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _usual_seconds(shop):
    started = time.monotonic()
    shop.write(1)
    _publish(shop).wait()
    return time.monotonic() - started


def _kill_publishes(part, shop, kills, rng):
    seconds = _usual_seconds(shop)
    last = killed = 0
    number = 1
    with Contactd(shop.site) as server, Load(part, server.at):
        while killed < kills:
            number += 1
            shop.write(number)
            publish = _publish(shop)
            time.sleep(rng.random() * seconds)
            publish.kill()
            assert publish.wait() in (0, -signal.SIGKILL), "a publish has failed"
            was_killed = publish.returncode == -signal.SIGKILL
            killed += was_killed
            part.count("publishes killed" if was_killed else "publishes that were faster")
            if number % TRANSFER_EVERY == 0:
                last = _check(part, server, last)
            part.progress(f"{killed} of {kills} publishes")
        shop.publish(number + 1)
        if _check(part, server, last) <= last:
            part.found("the last publish is not served")


def _check(part, server, last):
    """A transfer is of one publish, and not of an earlier one than the last."""
    serial = check_transfer(server, {})
    part.count("transfers judged")
    if serial < last:
        part.found(f"serial {serial} after {last}")
    return serial


def _kill_servers(part, shop, kills, rng):
    """Publishes go on meanwhile, from a thread."""
    done = threading.Event()

    def publish():
        number = 100000
        while not done.is_set():
            number += 1
            shop.write(number)
            if _publish(shop).wait() != 0:
                part.found("a publish has failed")
            part.count("publishes beside killed servers")
    thread = threading.Thread(target=publish)
    thread.start()
    try:
        _restart_often(part, shop, kills, rng)
    finally:
        done.set()
        thread.join()


def _restart_often(part, shop, kills, rng):
    first = []
    last = 0
    limit = part.number("FIRST_ANSWER_MS", 100)
    server = Contactd(shop.site)
    with Load(part, server.at):
        for number in range(kills):
            time.sleep(rng.random() * 0.02)
            server.process.signal(signal.SIGKILL)
            server.process.wait(10)
            server.process.stop()
            server, taken = _restart(server)
            first.append(taken)
            if taken > limit:
                part.found(f"restart {number}: the first answer came after {taken:.0f} ms")
            if number % TRANSFER_EVERY == 0:
                last = _check(part, server, last)
            part.count("servers killed")
            part.progress(f"{number} of {kills} servers")
    server.stop()
    first.sort()
    part.figure("first answer, ms", "p50 %.1f, p99 %.1f, most %.1f" % (
        first[len(first) // 2], first[len(first) * 99 // 100], first[-1]))


class Restarted(Contactd):
    """One that is started where another one was, without a look at whether it answers."""

    def __init__(self, before):  # pylint: disable=super-init-not-called
        self.site, self.at, self.port = before.site, before.at, before.port
        self.process = _start(before)


def _start(before):
    from support.process import Process  # pylint: disable=import-outside-toplevel
    return Process("contactd", [program("contactd"), "-c", before.site.path], before.site.folder)


def _restart(before):
    """The new server, and milliseconds from its exec to its first right answer."""
    question = query(NAMES[0], "TXT")
    started = time.monotonic()
    server = Restarted(before)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(server.at)
        sock.settimeout(0.002)
        while time.monotonic() - started < 10:
            try:
                sock.send(question)
                message = Message(sock.recv(65535))
            except (ConnectionRefusedError, TimeoutError):
                time.sleep(0.0003)
                continue
            if message.rcode == 0 and len(markers_in(message.answer)) == 1:
                return server, (time.monotonic() - started) * 1000
    raise AssertionError(f"no answer after a restart\n{server.log()[-2000:]}")
