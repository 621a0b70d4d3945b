"""A client that asks all the time while things are done to a server, and judges every answer:
tests/bench/witness.c, told what is going on."""

import json
import os
import subprocess

from support.contactd import program

BAD = ("wrong", "mixed", "back", "ahead")


class Witness:
    """`expected`: the path of a file of expected answers. Questions outstanding: `window` in each
    lane. What has no answer after `patience` seconds is lost."""

    def __init__(self, server, expected, folder, lanes=4, tcp_lanes=2, window=32, patience=5):
        self.path = os.path.join(str(folder), "witness.log")
        with open(self.path, "ab") as log:
            self._process = subprocess.Popen(
                [program("tests/bench/witness"), f"--lanes={lanes}", f"--tcp-lanes={tcp_lanes}",
                 f"--window={window}", f"--patience={patience}", server[0], str(server[1]),
                 expected], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()

    @property
    def pid(self):
        return self._process.pid

    def _say(self, word, *rest):
        self._process.stdin.write(" ".join(map(str, (word, *rest))) + "\n")
        self._process.stdin.flush()

    def rate(self, questions_a_second):
        """0: as many as the server answers."""
        self._say("rate", questions_a_second)

    def period(self, number):
        """What is sent from now on counts there."""
        self._say("period", number)

    def begun(self, number):
        self._say("begun", number)

    def published(self, number):
        self._say("published", number)

    def tell(self):
        """What it has seen so far: a dict with `periods`, each a dict of counts."""
        self._say("tell")
        return json.loads(self._process.stdout.readline())

    def end(self):
        """Waits for all answers; the same dict, for the last time."""
        self._say("end")
        told = json.loads(self._process.stdout.readline())
        assert self._process.wait(30) == 0
        return told

    def log(self):
        with open(self.path, encoding="utf-8") as file:
            return file.read()


def bad(period):
    """How many answers were not right."""
    return sum(period[word] for word in BAD)
