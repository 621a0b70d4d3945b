"""Memory that runs out: the n-th allocation fails, for every n, in every command of zonegen, in the
start and in a reload of contactd, and in its --check.

Once alone, and once with all that follow it. Libraries included: allocations.c, by LD_PRELOAD. A
command of zonegen runs once and forks at each allocation (every.c), its threads take turns; FORK=no
runs it anew for each, with threads as they are. contactd's are in servers.py.
ONLY="publish,key" takes the commands whose names begin so.
"""

import os
import shutil
import socket
import subprocess

from support.contactd import program
from support.process import environment
from fault_parts import commands, servers

MEMORY = r"(?i)memory"


def shim(name="allocations"):
    return os.path.join(os.environ["BUILD"], "tests", "fault_parts", f"lib{name}.so")


def run(part):
    program("zonegen")
    names = commands.choose()
    runner = commands.Runner(commands.Samples(part.folder)) if names else None
    if os.environ.get("FORK") == "no":
        for name in names:
            _run_anew(part, runner, name)
    else:
        # The longest first, so that the last of several at a time are short.
        part.each(sorted(names, key=_weight), lambda name: Forked(part, runner, name).run(), step=1)
    for name in commands.choose(servers.TRIALS):
        servers.TRIALS[name](part, shim())


def _weight(name):
    return ["sign" not in name and "NSEC3" not in name, "publish" not in name]


def _judge(part, runner, name, which, outcome):
    wrong = commands.judge(runner, name, outcome, MEMORY, may_pass=True)
    if wrong:
        part.found(f"{name}, allocation {which}: {wrong}")


class Forked:
    """One run of a command, which forks at each allocation."""

    def __init__(self, part, runner, name):
        self.part = part
        self.runner = runner
        self.name = name
        self.base = os.path.join(part.folder, "every-" + name.translate(str.maketrans(" ,", "--")))

    def run(self):
        os.mkdir(self.base)
        shutil.copytree(self.runner.samples.path(commands.COMMANDS[self.name][0]),
                        os.path.join(self.base, "site"))
        ours, its = socket.socketpair()
        with ours, open(os.path.join(self.base, "out"), "wb") as out, \
                open(os.path.join(self.base, "err"), "wb") as err:
            with its:
                process = subprocess.Popen(
                    self.runner.line(self.name), cwd=os.path.join(self.base, "site"),
                    stdin=subprocess.DEVNULL, stdout=out, stderr=err, pass_fds=[its.fileno()],
                    env=dict(environment(), LD_PRELOAD=f"{shim()} {shim('every')}",
                             FAULTS_EVERY=str(its.fileno()), FAULTS_FOLDER=self.base,
                             FAULTS_STEP=str(self.part.step)))
            try:
                self._listen(ours.makefile("rwb", buffering=0))
                self._end(process.wait(60))
            finally:
                process.kill()
                process.wait()
        shutil.rmtree(self.base)

    def _outcome(self, code, base):
        words = {}
        for name in ("out", "err"):
            with open(os.path.join(base, name), encoding="utf-8", errors="replace") as file:
                words["std" + name] = file.read()
        result = subprocess.CompletedProcess([], code, **words)
        return commands.Outcome(result, self.runner.state(os.path.join(base, "site")), None)

    def _listen(self, talk):
        total = None
        for line in talk:
            words = line.decode().split()
            if words[0] == "outcome":
                self._judge(words[1], os.waitstatus_to_exitcode(int(words[2])), words[3])
                self.part.progress(f"{self.name}: {words[1]}")
            else:
                total, faults, outcomes = (int(word) for word in words[1:])
                self.part.count("allocations of zonegen", total)
                self.part.count("faults in zonegen", faults)
                self.part.count("different outcomes", outcomes)
                self.part.say(f"{self.name}: {total} allocations, {faults} faults, "
                              f"{outcomes} different outcomes")
            talk.write(b".")
        if total is None:
            self.part.found(f"{self.name}: did not come to its end")

    def _judge(self, which, code, base):
        """A signal counts when the fault has one in a run of its own: forks at half a million places
        end in a few by themselves."""
        outcome = self._outcome(code, base)
        if code < 0 or code > 128:
            self.part.count("signals seen, tried again in a run of their own")
            outcome = self.runner.run(self.name, more={"LD_PRELOAD": shim(), "FAULTS_AT": which})
        _judge(self.part, self.runner, self.name, which, outcome)

    def _end(self, code):
        """Without a fault it must have done what it does."""
        outcome = self._outcome(code, self.base)
        usual = self.runner.usual(self.name)
        wrong = commands.differs(outcome, usual) if code == usual.code else f"exit code {code}"
        if wrong:
            self.part.found(f"{self.name}, without a fault: {wrong}, said {outcome.err!r}")


def _run_anew(part, runner, name):
    report = os.path.join(part.folder, "count")
    usual = runner.run(name, more={"LD_PRELOAD": shim(), "FAULTS_REPORT": report})
    if usual.code != runner.usual(name).code:
        part.found(f"{name}: {usual.code}, {usual.err}")
        return
    with open(report, encoding="ascii") as file:
        total = int(file.read())

    def fail(at):
        outcome = runner.run(name, more={"LD_PRELOAD": shim(), "FAULTS_AT": at})
        part.count("faults in zonegen")
        _judge(part, runner, name, f"{at} of {total}", outcome)
        part.progress(f"{name}: {at} of {total}")
    part.count("allocations of zonegen", total)
    part.each([f"{n}{how}" for how in ("", "+") for n in range(1, total + 1)], fail)
    part.say(f"{name}: {total} allocations")
