"""Child processes: each with a log of its own, ended by its id, its log kept and judged."""

import ctypes
import fcntl
import functools
import os
import re
import shutil
import signal
import subprocess
import time

SANITIZER = re.compile(r"ERROR: AddressSanitizer|runtime error|LeakSanitizer|ThreadSanitizer")
_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin"
_PR_SET_PDEATHSIG = 1
SLOW = float(os.environ.get("SLOW", "1"))  # sanitizer builds: so many times the usual patience
_libc = ctypes.CDLL(None)

running = []  # every process that has been started and not been stopped


def find_program(name):
    """The path of a program, also one in /usr/sbin; None when it is not installed."""
    return shutil.which(name, path=_PATH)


def environment():
    """Sanitizers abort so that no finding passes as an ordinary exit; times are those of UTC."""
    return dict(os.environ, PATH=_PATH, LC_ALL="C.UTF-8", TZ="UTC",
                UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1")


def _before_exec(namespace, descriptors):
    """The child dies with its parent."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if namespace:
        namespace.enter()
    # Out of the way first: one may have the number that another is to get.
    high = [fcntl.fcntl(number, fcntl.F_DUPFD, 100) for number in descriptors]
    for number, wanted in enumerate(high, 3):
        os.dup2(wanted, number)
        os.close(wanted)


def run(arguments, **options):
    """Runs a program to its end. Its result has text in stdout and stderr (octets with text=False);
    a sanitizer's finding fails the test."""
    options.setdefault("timeout", 120 * SLOW)
    options.setdefault("text", True)
    result = subprocess.run(arguments, capture_output=True, env=environment(), **options)
    said = result.stderr if isinstance(result.stderr, str) else result.stderr.decode("latin-1")
    assert not SANITIZER.search(said), f"{arguments}\n{said}"
    return result


class Process:
    """A server in the foreground. `log` is what it wrote to stdout and stderr. `namespace`: the
    network that it runs in, an object whose enter() takes the calling process there. `descriptors`
    are its own from 3 on; `output`: where its stdout and stderr go instead of the log."""

    def __init__(self, name, arguments, folder, namespace=None, descriptors=(), output=None):
        self.name = name
        self.log_path = os.path.join(folder, f"{name}.log")
        self._log = open(self.log_path, "ab")
        self._log_start = self._log.tell()
        self._process = subprocess.Popen(
            [str(a) for a in arguments], stdin=subprocess.DEVNULL,
            stdout=self._log if output is None else output, stderr=subprocess.STDOUT, cwd=folder,
            env=environment(), start_new_session=True, close_fds=not descriptors,
            preexec_fn=functools.partial(_before_exec, namespace, descriptors))
        running.append(self)

    @property
    def pid(self):
        return self._process.pid

    def is_running(self):
        return self._process.poll() is None

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def log_since_start(self):
        """Without what processes of the same name wrote before."""
        with open(self.log_path, "rb") as file:
            file.seek(self._log_start)
            return file.read().decode(errors="replace")

    def cpu_seconds(self):
        """What it has used so far, user and system."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def signal(self, number):
        self._process.send_signal(number)

    def wait(self, seconds):
        return self._process.wait(seconds * SLOW)

    def _note_threads(self):
        """Into the log: where the threads of a process are that does not end."""
        self._log.write(b"*** does not end\n")
        for task in os.listdir(f"/proc/{self.pid}/task"):
            for what in ("comm", "wchan", "syscall", "stack"):
                try:
                    with open(f"/proc/{self.pid}/task/{task}/{what}", "rb") as file:
                        name = f"*** {task} {what} ".encode()
                        self._log.write(name + file.read())
                except OSError:
                    pass
        self._log.flush()

    def stop(self, seconds=20):
        """Ends it with SIGTERM, after `seconds` with SIGKILL. Returns its exit code."""
        if self.is_running():
            # A stopped process gets its signals when it goes on; not after SIGTERM, since that would
            # wake what LeakSanitizer has stopped to look at.
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(seconds * SLOW)
        except subprocess.TimeoutExpired:
            self._note_threads()
            os.killpg(self.pid, signal.SIGKILL)
            code = self._process.wait()
        self._log.close()
        if self in running:
            running.remove(self)
        return code


def wait_until(condition, seconds=10.0, what="condition", process=None):
    """Waits until `condition()` is true and returns what it returned."""
    end = time.monotonic() + seconds * SLOW
    pause = 0.01
    while True:
        outcome = condition()
        if outcome:
            return outcome
        if process is not None and not process.is_running():
            raise AssertionError(f"{process.name} ended while waiting: {what}\n{process.log()}")
        if time.monotonic() > end:
            tail = process.log()[-3000:] if process is not None else ""
            raise AssertionError(f"not within {seconds} s: {what}\n{tail}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
