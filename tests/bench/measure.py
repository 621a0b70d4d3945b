"""What the machine spent: processor time of a server, and of everything that is not ours."""

import os
import pathlib
import resource
import time
from dataclasses import dataclass

TICK = 1 / os.sysconf('SC_CLK_TCK')
CPUCLOCK_SCHED = 2  # of a whole process (linux/posix-timers.h)
FOREIGN_LIMIT = 0.1  # of one processor
# /proc/stat counts whole ticks, one for each processor may be off at both ends.
FOREIGN_GRAIN = 2 * TICK
QUIET_LIMIT, QUIET_LOOK = 20, 0.5  # seconds


def pids_of(session):
    """All processes of a session: a server that was started in its own, and its children."""
    found = []
    for entry in os.listdir('/proc'):
        if not entry.isdigit():
            continue
        try:
            if os.getsid(int(entry)) == session:
                found.append(int(entry))
        except ProcessLookupError:
            pass
    return found


@dataclass
class Cpu:
    """Seconds of processor time; `user` and `system` are known to a tick only, `total` to a ns."""
    total: float = 0
    user: float = 0
    system: float = 0

    def __sub__(self, other):
        return Cpu(self.total - other.total, self.user - other.user, self.system - other.system)

    def user_share(self):
        return self.user / max(self.user + self.system, TICK)


def clock_of(pid):
    """Seconds of processor time of a process, of threads that have ended and of those that run just
    now too: its clock, whose number is made as clock_getcpuclockid() makes it."""
    return time.clock_gettime(~pid << 3 | CPUCLOCK_SCHED)


def cpu_of(session):
    """Processor time of all processes of a session so far."""
    cpu = Cpu()
    for pid in pids_of(session):
        try:
            cpu.total += clock_of(pid)
            stat = pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
            cpu.user += int(stat[11]) * TICK
            cpu.system += int(stat[12]) * TICK
        except OSError:
            pass
    return cpu


def memory_of(session):
    """Octets that a session's processes have in memory: resident, and in proportion where pages are
    shared. The map of a database or a file counts as far as it was touched."""
    found = {'rss': 0, 'pss': 0, 'anonymous': 0}
    for pid in pids_of(session):
        try:
            text = pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text(encoding='ascii')
        except (FileNotFoundError, ProcessLookupError):
            continue
        for line in text.splitlines():
            key = line.partition(':')[0].lower()
            if key in found:
                found[key] += int(line.split()[1]) * 1024
    return found


def octets_of_memory(key):
    with open('/proc/meminfo', encoding='ascii') as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(f'{key}:'))


def available():
    """Octets that processes can still have."""
    return octets_of_memory('MemAvailable')


def total():
    return octets_of_memory('MemTotal')


def busy():
    """Seconds that all processors together were not idle, what a hypervisor took away included."""
    with open('/proc/stat', encoding='ascii') as file:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) * TICK


def own():
    """Processor time of this process and of the children that it has waited for."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


def wait_until_quiet(seconds=QUIET_LIMIT):
    """Waits until nobody else has more to do than may disturb: some servers clean up for seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        before = busy() - own()
        time.sleep(QUIET_LOOK)
        if busy() - own() - before <= FOREIGN_GRAIN + FOREIGN_LIMIT * QUIET_LOOK:
            return


class Window:
    """A stretch of time in which a server, a session, is measured. What other servers do meanwhile
    counts as foreign: some clean up for a while after a transfer."""

    def __init__(self, measured):
        self.measured = measured
        self.before = self.look()

    def look(self):
        cpu = cpu_of(self.measured)
        return cpu, busy() - own() - cpu.total, time.monotonic()

    def close(self):
        """Sets `cpu` of the measured server, `seconds`, and `foreign`: processors that others used."""
        cpu, others, now = self.look()
        before, before_others, before_now = self.before
        self.cpu = cpu - before
        self.seconds = now - before_now
        self.foreign = max(others - before_others - FOREIGN_GRAIN, 0) / self.seconds
        self.is_clean = self.foreign <= FOREIGN_LIMIT
        return self
