"""A write that fails: ENOSPC, EIO or a short write at each of them, in every command of zonegen.

Each system call that writes, makes, renames or removes something is failed alone; then every one on
the disk from the n-th on, as when it is full. inject.c does it; it tells how.
ONLY="publish,key" takes the commands whose names begin so.
"""

import errno
import os

from fault_parts import commands

FAULTS = {"ENOSPC": [str(errno.ENOSPC)], "EIO": [str(errno.EIO)], "short": ["short"],
          "disk full": [str(errno.ENOSPC), "--from"]}
SAID = {"ENOSPC": "No space left|no space", "EIO": "Input/output error",
        "short": "No space left|Input/output error|no space",
        "disk full": "No space left|no space|Input/output error"}


def injector():
    return os.path.join(os.environ["BUILD"], "tests", "fault_parts", "inject")


def run(part):
    runner = commands.Runner(commands.Samples(part.folder))
    for name in commands.choose():
        calls = _calls(part, runner, name)
        tries = [(fault, n) for fault in FAULTS for n in range(1, len(calls) + 1)]
        part.each(tries, lambda what, name=name, calls=calls: _fail(part, runner, name, calls, what))
        part.say(f"{name}: {len(calls)} calls")


def _wrap(at, fault, report=None):
    def wrapped(line, _):
        return [injector(), "--at", str(at), "--fault", *fault,
                *(["--report", report] if report else []), *line]
    return wrapped


def _calls(part, runner, name):
    """The calls of a command: "pwrite64 /path"."""
    report = os.path.join(part.folder, "calls")
    outcome = runner.run(name, wrap=_wrap(0, ["28"], report))
    if outcome.code != runner.usual(name).code:
        part.found(f"{name}: {outcome.code}, {outcome.err}")
    with open(report, encoding="utf-8", errors="replace") as file:
        return [line.split(None, 1)[1].strip() for line in file][:-1]


def _fail(part, runner, name, calls, what):
    fault, at = what
    call = calls[at - 1]
    outcome = runner.run(name, wrap=_wrap(at, FAULTS[fault]))
    part.count("calls failed")
    part.count("commands refused" if outcome.code == 1 else "commands done all the same")
    # A disk that fills up with what is written anew: what is overwritten has its room.
    harmless = ("close", "unlink", "rmdir", "openat /tmp")
    may_pass = fault == "short" or call.startswith(harmless) or \
        fault == "disk full" and all(later.startswith((*harmless, "chmod", "fchmod", "chown"))
                                     or " (" in later for later in calls[at - 1:])
    on_output = "(output)" in call or "(error)" in call  # what was done stays done when only telling of it fails
    wrong = commands.judge(runner, name, outcome, SAID[fault] + "|not everything could be written",
                           may_pass, told="(error)" not in call, done=on_output)
    if wrong:
        part.found(f"{name}, {fault} at {at} of {len(calls)}, {call}: {wrong}")
    part.progress(f"{name}: {fault} at {at} of {len(calls)}")
