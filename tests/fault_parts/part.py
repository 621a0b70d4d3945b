"""What a part of tests/faults is given, and how it is run.

A part is a module of this folder with a docstring, whose first line tells what it does, and a
function `run(part)`, which is given a Part: there it finds a folder and how many faults to leave out,
and says how far it is, what it counted and what it found. It ends by itself, and nothing that it
started outlives it. An exception is a finding as well.
"""

import importlib
import os
import pkgutil
import shutil
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

NOT_PARTS = ("part",)  # modules without run(): what parts share
_TELL_SECONDS = 10  # between two lines of progress where standard output is no terminal


class Part:
    """One run of a part."""

    def __init__(self, name, folder=None):
        self.name = name
        self.folder = folder or tempfile.mkdtemp(prefix=f"faults-{name}-")
        self.step = max(1, int(os.environ.get("STEP", "1")))  # each STEP-th fault is tried
        self.jobs = max(1, int(os.environ.get("JOBS", str(os.cpu_count() or 1))))
        self.figures = {}  # what was counted, in the order it was first named
        self.findings = []
        self.started = time.monotonic()
        self._told = 0.0

    def number(self, variable, usual):
        """A count that the environment may set: `part.number("KILLS", 1000)`."""
        return int(os.environ.get(variable, str(usual)))

    def say(self, text):
        """A line of progress."""
        print(f"{self.name}: {text}", flush=True)

    def progress(self, text):
        """How far it is: for loops, printed now and then."""
        now = time.monotonic()
        if now - self._told >= (0.2 if sys.stdout.isatty() else _TELL_SECONDS):
            self._told = now
            print(f"{self.name}: {text}", end="\r\x1b[K" if sys.stdout.isatty() else "\n",
                  flush=True)

    def count(self, what, number=1):
        """Adds to a figure of the summary."""
        self.figures[what] = self.figures.get(what, 0) + number

    def figure(self, what, value):
        """Sets a figure of the summary: a number, or words."""
        self.figures[what] = value

    def found(self, text):
        """Something is wrong: the run fails, and goes on."""
        self.findings.append(text)
        print(f"{self.name}: FOUND: {text}", flush=True)

    def each(self, items, do, step=None):
        """`do(item)` for every STEP-th item (or every `step`-th), JOBS at a time; an exception in one
        is found, the others are done. Returns how many."""
        chosen = list(items)[::step or self.step]

        def guarded(item):
            try:
                do(item)
            except Exception:  # pylint: disable=broad-except
                self.found(f"{item}: {traceback.format_exc()}")
        with ThreadPoolExecutor(self.jobs) as pool:
            list(pool.map(guarded, chosen))
        return len(chosen)

    def summary(self):
        """One line."""
        figures = ", ".join(f"{what} {value}" for what, value in self.figures.items())
        outcome = f"{len(self.findings)} FOUND" if self.findings else "nothing found"
        return (f"{self.name}: {outcome}; {figures or 'nothing counted'}; "
                f"{time.monotonic() - self.started:.0f} s")


def every():
    """The parts by their names."""
    folder = os.path.dirname(os.path.abspath(__file__))
    modules = {info.name: importlib.import_module(f"fault_parts.{info.name}")
               for info in pkgutil.iter_modules([folder]) if info.name not in NOT_PARTS}
    return {name: module for name, module in modules.items() if hasattr(module, "run")}


def run(name, module):
    """Runs one part. Its folder stays where something was found."""
    part = Part(name)
    part.say(module.__doc__.strip().splitlines()[0])
    try:
        module.run(part)
    except Exception:  # pylint: disable=broad-except
        part.found(traceback.format_exc())
    if part.findings:
        part.say(f"what it worked with is in {part.folder}")
    else:
        shutil.rmtree(part.folder, ignore_errors=True)
    part.say(part.summary())
    return part
