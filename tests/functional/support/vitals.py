"""What a server and its database take, sampled over time; whether that grows."""

import os
import re
import statistics
import time

from support.process import find_program, run

PAGE = 4096


def _smaps(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return {name: int(kilobytes)
                for name, kilobytes in re.findall(r"^(\w+):\s+(\d+) kB$", file.read(), re.M)}


def database_pages(path):
    """Pages that the file has, and those that hold something: the used without those on the list of
    free ones, the pages of that list included. The past that `history` keeps counts as live."""
    said = run([find_program("mdb_stat"), "-n", "-ef", path]).stdout
    used = int(re.search(r"Number of pages used: (\d+)", said)[1])
    free = int(re.search(r"Free pages: (\d+)", said)[1])
    return os.path.getsize(path) // PAGE, used - free


class Vitals:
    """Samples of a process and its database; kB."""

    NAMES = ("rss", "pss", "anonymous", "descriptors", "threads", "database", "live")

    def __init__(self, pid, database):
        self._pid, self._database = pid, database
        self._began = time.monotonic()
        self.samples = []  # (seconds, {name: number})

    def sample(self):
        memory = _smaps(self._pid)
        pages, live = database_pages(self._database)
        now = {"rss": memory["Rss"], "pss": memory["Pss"], "anonymous": memory["Anonymous"],
               "descriptors": len(os.listdir(f"/proc/{self._pid}/fd")),
               "threads": len(os.listdir(f"/proc/{self._pid}/task")),
               "database": pages * PAGE // 1024, "live": live * PAGE // 1024}
        self.samples.append((time.monotonic() - self._began, now))
        return now

    def _values(self, name, first, last):
        """Those between two shares of the time."""
        end = self.samples[-1][0]
        found = [sample[name] for at, sample in self.samples if first * end <= at <= last * end]
        return found or [self.samples[-1][1][name]]

    def first(self, name):
        """The median of the second quarter: what is warm is warm by then."""
        return statistics.median(self._values(name, 0.25, 0.5))

    def last(self, name):
        """The median of the last quarter."""
        return statistics.median(self._values(name, 0.75, 1))

    def most(self, name):
        return max(self._values(name, 0, 1))

    def by_hour(self, name):
        """The slope of the line that fits best, from the second quarter on, for an hour."""
        end = self.samples[-1][0]
        points = [(at, sample[name]) for at, sample in self.samples if at >= end / 4]
        middle = statistics.mean(at for at, _ in points)
        square = sum((at - middle) ** 2 for at, _ in points)
        return sum((at - middle) * value for at, value in points) / square * 3600 if square else 0

    def database_ratio(self):
        """The file by its live data, at worst."""
        return max(sample["database"] / sample["live"] for _, sample in self.samples)
