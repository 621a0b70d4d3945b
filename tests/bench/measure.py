"""What the machine spent: processor time of a server, and of everything that is not ours."""

import os
import pathlib
import resource
import time
from dataclasses import dataclass

TICK = 1 / os.sysconf('SC_CLK_TCK')
FOREIGN_LIMIT = 0.1  # of one processor
# /proc/stat counts whole ticks, one for each processor may be off at both ends.
FOREIGN_GRAIN = 2 * TICK


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


def cpu_of(session):
    """Processor time of all threads of a session so far. Exact while they sleep: the kernel brings
    a running thread's account up to date at the next tick only."""
    cpu = Cpu()
    for pid in pids_of(session):
        try:
            for task in pathlib.Path(f'/proc/{pid}/task').iterdir():
                cpu.total += int((task / 'schedstat').read_text().split()[0]) / 1e9
            stat = pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
            cpu.user += int(stat[11]) * TICK
            cpu.system += int(stat[12]) * TICK
        except FileNotFoundError:
            pass
    return cpu


def busy():
    """Seconds that all processors together were not idle, what a hypervisor took away included."""
    with open('/proc/stat', encoding='ascii') as file:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) * TICK


def own():
    """Processor time of this process and of the children that it has waited for."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


class Window:
    """A stretch of time in which a server is measured. `sessions`: of all servers that run."""

    def __init__(self, measured, sessions):
        self.measured = measured
        self.sessions = set(sessions) | {measured}
        self.before = self.look()

    def look(self):
        servers = {session: cpu_of(session) for session in self.sessions}
        return servers, busy() - own() - sum(cpu.total for cpu in servers.values()), time.monotonic()

    def close(self):
        """Sets `cpu` of the measured server, `seconds`, and `foreign`: processors that others used."""
        servers, others, now = self.look()
        before_servers, before_others, before_now = self.before
        self.cpu = servers[self.measured] - before_servers[self.measured]
        self.seconds = now - before_now
        self.foreign = max(others - before_others - FOREIGN_GRAIN, 0) / self.seconds
        self.is_clean = self.foreign <= FOREIGN_LIMIT
        return self
