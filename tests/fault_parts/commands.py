"""Every command of zonegen on a small sample, and what may be true after a fault in it: either it
says so in one line, its exit code is 1 and nothing has changed, or it has done all that it does
without the fault."""

import functools
import hashlib
import os
import re
import shutil
import subprocess
import threading

from support.process import environment
from zonegen_fixtures import NOW, Site, contact, zonegen

LATER = "2026-11-23"
PROGRESS = re.compile(r"\r[^\r\n]*")

# name: (sample, arguments). What a name ends in after a blank tells it from others of the command.
COMMANDS = {
    "check": ("plain", ["check"]),
    "check of broken files": ("broken", ["check"]),
    "check, json": ("broken", ["check", "--format", "json"]),
    "plan": ("edited", ["plan", "--now", LATER]),
    "plan, signed": ("signed edited", ["plan", "--now", LATER]),
    "plan, first": ("fresh", ["plan", "--now", NOW]),
    "publish, first": ("fresh", ["publish", "--now", NOW]),
    "publish, refused": ("broken", ["publish", "--now", LATER]),
    "publish": ("edited", ["publish", "--now", LATER]),
    "publish of one file": ("edited", ["publish", "--now", LATER, "contacts/ab.yaml"]),
    "publish, forced": ("edited", ["publish", "--now", LATER, "--force"]),
    "publish, signed": ("signed edited", ["publish", "--now", LATER]),
    "publish of one file, signed": ("signed edited",
                                    ["publish", "--now", LATER, "contacts/ab.yaml"]),
    "publish, first and signed": ("signed fresh", ["publish", "--now", NOW]),
    "publish, NSEC3": ("nsec3 edited", ["publish", "--now", LATER]),
    "export": ("plain", ["export", "cc.example"]),
    "export, signed": ("signed", ["export", "cc.example"]),
    "export, without signatures": ("signed", ["export", "cc.example", "--unsigned"]),
    "export, text": ("plain", ["export", "cc.example", "--format", "text"]),
    "export, csv": ("plain", ["export", "cc.example", "--format", "csv"]),
    "export, json": ("plain", ["export", "cc.example", "--format", "json"]),
    "restore": ("plain", ["restore", "old.zone", "cc.example", "--force"]),
    "restore, signed": ("signed", ["restore", "old.zone", "cc.example", "--force"]),
    "restore, backwards": ("plain", ["restore", "backwards.zone", "cc.example", "--force"]),
    "report": ("plain", ["report", "--now", LATER]),
    "report, signed": ("signed", ["report", "--now", LATER, "--format", "json"]),
    "log": ("plain", ["log", "cc.example"]),
    "log, json": ("signed", ["log", "cc.example", "--format", "json"]),
    "rollback": ("plain", ["rollback", "--now", LATER, "1", "cc.example"]),
    "rollback, signed": ("signed", ["rollback", "--now", LATER, "1", "cc.example"]),
    "verify": ("plain", ["verify"]),
    "verify, signed": ("signed", ["verify"]),
    "purge": ("plain", ["purge"]),
    "purge of a name": ("signed", ["purge", "Nobody Anymore"]),
    "key generate": ("unkeyed", ["key", "generate", "cc.example"]),
    "key generate, spare": ("signed", ["key", "generate", "--spare", "cc.example"]),
    "key list": ("signed", ["key", "list", "cc.example"]),
    "key ds": ("signed", ["key", "ds", "cc.example"]),
    "key import": ("signed", ["key", "import", "other/{key}.key", "cc.example"]),
    "key roll": ("split", ["key", "roll", "--zsk", "--now", LATER, "cc.example"]),
    "key roll, status": ("rolling", ["key", "roll", "--status", "--now", LATER, "cc.example"]),
    "key roll, abort": ("rolling", ["key", "roll", "--abort", "--now", LATER, "cc.example"]),
    "key tsig": ("plain", ["key", "tsig", "ns2.example"]),
    "key tsig into a file": ("plain", ["key", "tsig", "ns2.example", "--out", "ns2.key"]),
    "secondary knot": ("plain", ["secondary", "--with-secrets", "knot"]),
    "secondary bind": ("signed", ["secondary", "bind"]),
    "secondary nsd": ("plain", ["secondary", "--only-secrets", "nsd"]),
    "secondary powerdns": ("plain", ["secondary", "powerdns"]),
    "secondary unbound": ("plain", ["secondary", "unbound"]),
    "help": ("plain", ["--help"]),
}

SECRET = "key:\n  - id: xfr\n    algorithm: hmac-sha256\n    secret-file: xfr.key\n" \
         "remote:\n  - id: ns2\n    address: 192.0.2.2\n    key: xfr\n" \
         "acl:\n  - id: secondaries\n    remote: [ns2]\n    action: transfer\n"
ZONE = "serial: counter\nacl: [secondaries]\nnotify: [ns2]\n"


def choose(names=None):
    """The commands whose names begin with one of ONLY="publish,key", else all; of `names` only."""
    only = [word for word in os.environ.get("ONLY", "").split(",") if word]
    return [name for name in (names or COMMANDS)
            if not only or any(name.startswith(word) for word in only)]


class Samples:
    """Folders with what the commands work on, made once."""

    def __init__(self, folder):
        self.folder = folder
        self.key = None  # the stem of a key that can be imported
        for name, (zone, top) in {
                "plain": ("", ""), "signed": ("dnssec: on\n", ""),
                "nsec3": ("dnssec: on\npolicy: main\n",
                          "policy:\n  - id: main\n    denial: nsec3\n"),
                "split": ("dnssec: on\npolicy: main\n",
                          "policy:\n  - id: main\n    resolver: 127.0.0.1@1\n"
                          "    keys: ksk-zsk\n")}.items():
            self._make(name, ZONE + zone, SECRET + top)

    def path(self, name):
        return os.path.join(self.folder, name.replace(" ", "-"))

    def _copy(self, name, new):
        shutil.copytree(self.path(name), self.path(new))
        site = Site.__new__(Site)
        site.folder = self.path(new)
        site.contacts = os.path.join(site.folder, "contacts")
        return site

    def _make(self, name, zone, top):
        """Three serials of three entries, and what follows from it."""
        site = Site(self.path(name))
        site.configure(zone=zone, top=top)
        site.done("key", "tsig", "xfr", "--out", "xfr.key", config="site.conf")
        site.entries(["aa", "ab", "ac"])
        site.write("contacts/aa.yaml",  # a label that is not ASCII: libidn2's memory
                   site.read("contacts/aa.yaml").replace("registry:", "also: [テスト]\nregistry:"))
        if name == "signed":
            self._copy(name, "unkeyed")
        if "dnssec" in zone:
            site.done("key", "generate", "cc.example")
        self._copy(name, name + " fresh")
        site.publish()
        site.write("old.zone", site.export())
        site.write("backwards.zone",  # names in no order go by way of a file
                   "".join(reversed(site.export().splitlines(keepends=True))))
        site.entry("ac", registry="Another")
        site.publish()
        site.entry("ad")
        site.publish()
        self._derive(name)

    def _derive(self, name):
        if name == "signed":
            self._make_key()
        if name == "plain":
            os.rename(self.path("plain fresh"), self.path("fresh"))
            broken = self._copy(name, "broken")
            broken.entry("ab", [contact(phone="+44 (0)20 7946 0101"), contact(email="nobody"),
                                contact("dns", 2, email="nobody@bücher.example")])
            broken.write("contacts/ae.yaml", "tld: [\n")
        if name == "split":
            rolling = self._copy(name, "rolling")
            rolling.done("key", "roll", "--zsk", "--now", NOW, "cc.example", now=None)
            rolling.publish()
            return
        edited = self._copy(name, "edited" if name == "plain" else name + " edited")
        edited.entry("ab", registry="Yet Another")
        edited.entry("ae")

    def _make_key(self):
        other = self._copy("unkeyed", "other")
        other.done("key", "generate", "cc.example")
        folder = other.path("db/contacts.mdb-keys")
        os.makedirs(os.path.join(self.path("signed"), "other"))
        for file in os.listdir(folder):
            self.key = file.rsplit(".", 1)[0]
            shutil.copy2(os.path.join(folder, file), os.path.join(self.path("signed"), "other"))


class Outcome:
    """What a run of a command did: exit code (negative: a signal), what it said, what is stored."""

    def __init__(self, result, state, extra):
        self.code = result.returncode
        self.out = result.stdout
        self.err = PROGRESS.sub("", result.stderr)
        self.state = state
        self.extra = extra  # what a command of `wrap` has left

    def lines(self):
        return [line for line in self.err.splitlines() if line]


def masked(text):
    """Without what differs from run to run: folders, numbers, keys, digests."""
    text = re.sub(r"(?<![^\s:'])/\S*/", "", text)
    return re.sub(r"[0-9A-Za-z+/]{24,}=*|\d+", "#", text)


class Runner:
    """Runs commands on copies of the samples: one folder for each thread."""

    def __init__(self, samples):
        self.samples = samples
        self._local = threading.local()
        self._stored = {}

    def _fresh(self, sample):
        """A copy of a sample; what the last run left alone is not copied again."""
        here = self._local.__dict__.setdefault("folders", {})
        if sample not in here:
            here[sample] = os.path.join(self.samples.folder, f"run-{threading.get_ident()}",
                                        sample.replace(" ", "-"))
        shutil.rmtree(here[sample], ignore_errors=True)
        shutil.copytree(self.samples.path(sample), here[sample])
        return here[sample]

    def state(self, folder):
        """What answers would be made from, and the files beside it: all that must not change."""
        database = os.path.join(folder, "db", "contacts.mdb")
        files = {}
        for root, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(root, name)
                if not path.startswith(database) or "-keys" in path:
                    with open(path, "rb") as file:
                        files[os.path.relpath(path, folder)] = hashlib.sha256(
                            file.read()).hexdigest()
        return self._answers(folder, database), files

    def _answers(self, folder, database):
        """What export, log and verify say of a database; the same octets are asked once."""
        if not os.path.exists(database):
            return None
        with open(database, "rb") as file:
            digest = hashlib.sha256(file.read()).digest()
        if digest not in self._stored:
            self._stored[digest] = tuple(
                self._ask(folder, arguments) for arguments in
                (["export", "cc.example"], ["export", "cc.example", "--unsigned"],
                 ["log", "cc.example"], ["verify"]))
        return self._stored[digest]

    def _ask(self, folder, arguments):
        result = subprocess.run([zonegen(), *arguments, "-c", "site.conf"], cwd=folder, timeout=60,
                                capture_output=True, text=True, env=environment())
        if arguments == ["verify"]:
            return result.returncode, result.stdout if result.returncode else ""
        said = result.stderr if "is empty" not in result.stderr and "not published" not in \
            result.stderr else ""
        return result.returncode, result.stdout, said

    def line(self, name):
        """The program and its arguments."""
        line = [zonegen(), *(word.format(key=self.samples.key) for word in COMMANDS[name][1])]
        return line if "--help" in line else [*line, "-c", "site.conf"]

    def run(self, name, wrap=None, more=None, out=subprocess.PIPE, timeout=120):
        """Runs a command as it is, or as `wrap(arguments, folder)` has it, with `more` environment."""
        folder = self._fresh(COMMANDS[name][0])
        line = self.line(name)
        if wrap:
            line = wrap(line, folder)
        env = environment()
        env.update(more or {})
        result = subprocess.run(line, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=out,
                                stderr=subprocess.PIPE, text=True, timeout=timeout,
                                errors="replace")
        return Outcome(result, self.state(folder), folder)

    @functools.lru_cache(maxsize=None)
    def before(self, name):
        """What is stored before a command."""
        return self.state(self.samples.path(COMMANDS[name][0]))

    @functools.lru_cache(maxsize=None)
    def usual(self, name):
        """What a command does without any fault."""
        return self.run(name)


def judge(runner, name, outcome, about, may_pass=False, told=True, done=False):
    """What is wrong with the outcome of a command in which something failed, or None. `about`: what
    the line on standard error has to tell, a pattern. `may_pass`: it may have done without. `told`:
    standard error takes what it has to tell. `done`: only telling of what was done has failed."""
    usual = runner.usual(name)
    if outcome.code < 0 or outcome.code > 128:
        return f"killed by signal {abs(outcome.code) % 128}, said {outcome.err!r}"
    if outcome.code == usual.code and (may_pass or usual.code == 1):
        wrong = differs(outcome, usual)
        if wrong is None or usual.code != 1:
            return wrong
    if outcome.code != 1:
        return f"exit code {outcome.code}, said {outcome.err!r}"
    if done and outcome.state != runner.before(name):
        return _judge_lines(outcome, usual, about) if told else None
    if outcome.state[0] != runner.before(name)[0] and not _is_nothing(runner, name, outcome):
        return f"what is stored has changed, said {outcome.err!r}"
    left = _changed(outcome.state[1], runner.before(name)[1])
    if name == "key roll" and len(left) == 2 and all(path not in runner.before(name)[1]
                                                     for path in left):
        left = []  # a key that was made is a spare, which the next roll takes
    if left:
        return f"files have changed: {left}"
    return _judge_lines(outcome, usual, about) if told else None


def _judge_lines(outcome, usual, about):
    known = {masked(line) for line in usual.lines()}
    lines = [line for line in outcome.lines() if masked(line) not in known]
    if len(lines) != 1:
        return f"{len(lines)} lines: {lines}"
    if not lines[0].startswith("zonegen: ") and "error: " not in lines[0]:
        return f"not a line of zonegen: {lines[0]}"
    return None if re.search(about, lines[0]) else f"does not tell what it was: {lines[0]}"


def _is_nothing(runner, name, outcome):
    """A database that was not there is there, and holds nothing."""
    return runner.before(name)[0] is None and not outcome.state[0][0][1]


def differs(outcome, usual):
    """How a run that succeeded differs from the usual one."""
    if masked(outcome.out or "") != masked(usual.out or ""):
        return f"succeeded with other output: {outcome.out!r}"
    if [masked(line) for line in outcome.lines()] != [masked(line) for line in usual.lines()]:
        return f"succeeded and said {outcome.err!r}"
    if (outcome.state[0] is None) != (usual.state[0] is None) or \
            (usual.state[0] and (outcome.state[0][1], outcome.state[0][3]) !=
             (usual.state[0][1], usual.state[0][3])):
        return "succeeded, and stored something else"
    if len(outcome.state[1]) != len(usual.state[1]):
        return f"succeeded with other files: {_changed(outcome.state[1], usual.state[1])}"
    return None


def _changed(files, before):
    return sorted(path for path in set(files) | set(before) if files.get(path) != before.get(path))
