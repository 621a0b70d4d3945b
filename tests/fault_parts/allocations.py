"""Memory that runs out: the n-th allocation fails, for every n, in every command of zonegen, in the
start and in a reload of contactd, and in its --check.

Once alone, and once with all that follow it. Libraries included: allocations.c, by LD_PRELOAD.
ONLY="publish,key" takes the commands whose names begin so; contactd's are in servers.py.
"""

import os

from support.contactd import program
from fault_parts import commands, servers

MEMORY = r"(?i)memory"


def shim():
    return os.path.join(os.environ["BUILD"], "tests", "fault_parts", "liballocations.so")


def run(part):
    program("zonegen")
    names = commands.choose()
    runner = commands.Runner(commands.Samples(part.folder)) if names else None
    for name in names:
        _run_command(part, runner, name)
    for name in commands.choose(servers.TRIALS):
        servers.TRIALS[name](part, shim())


def _run_command(part, runner, name):
    report = os.path.join(part.folder, "count")
    usual = runner.run(name, more={"LD_PRELOAD": shim(), "FAULTS_REPORT": report})
    if usual.code != runner.usual(name).code:
        part.found(f"{name}: {usual.code}, {usual.err}")
        return
    with open(report, encoding="ascii") as file:
        total = int(file.read())

    def fail(at):
        outcome = runner.run(name, more={"LD_PRELOAD": shim(), "FAULTS_AT": at})
        part.count("allocations failed")
        part.count("commands refused" if outcome.code == 1 else "commands done all the same")
        wrong = commands.judge(runner, name, outcome, MEMORY, may_pass=True)
        if wrong:
            part.found(f"{name}, allocation {at} of {total}: {wrong}")
        part.progress(f"{name}: {at} of {total}")
    part.each([f"{n}{how}" for how in ("", "+") for n in range(1, total + 1)], fail)
    part.say(f"{name}: {total} allocations")
