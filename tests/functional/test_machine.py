"""Faults of the machine: contactd answers on, zonegen changes all or nothing and says so. The long
form of what is sampled here is tests/faults."""

import os
import pathlib
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time

import pytest

from conftest import SANITIZED
from support import client, wire
from support.contactd import SOURCE, Contactd, Site, program, zone
from support.contacts import write_entry
from support.ports import Port
from support.process import environment, run, wait_until


@pytest.fixture
def site(tmp_path):
    contacts = tmp_path / "contacts"
    contacts.mkdir()
    write_entry(contacts, "t1", "one")
    made = Site(tmp_path, [zone("cc.example")], contacts=contacts, tlds="any",
                log={"level": "debug"})
    made.publish()
    return made


def answers(server):
    return bool(server.ask("t1.cc.example").answer)


def start(site, **options):
    """contactd with streams and limits of its own; its process and where it answers."""
    port = Port()
    site.config["server"]["listen"] = [f"127.0.0.1@{port.number}"]
    site.write()
    port.release()
    process = subprocess.Popen([program("contactd"), "-c", site.path], env=environment(),
                               cwd=site.folder, **options)
    return process, ("127.0.0.1", port.number)


def ask(at):
    octets = client.udp(at, wire.query("t1.cc.example", "TXT"), timeout=0.3, tries=1)
    return octets is not None and bool(wire.Message(octets).answer)


def serve_on(process, at, disturb=lambda: None):
    """Answers, also after reloads, each of which logs; then it ends as it should."""
    try:
        wait_until(lambda: ask(at), 20, "answers")
        disturb()
        for _ in range(5):
            process.send_signal(signal.SIGHUP)
            assert wait_until(lambda: ask(at), 5, "answers after a reload")
    finally:
        process.terminate()
        code = process.wait(20)
    assert code == 0


def test_a_log_pipe_that_nobody_reads_holds_nobody_up(site):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, bytes(4096))
    except BlockingIOError:
        os.set_blocking(writing, True)
    process, at = start(site, stderr=writing)
    os.close(writing)
    serve_on(process, at)
    os.close(reading)


def test_a_log_pipe_whose_reader_has_gone(site):
    reading, writing = os.pipe()
    process, at = start(site, stderr=writing)
    os.close(writing)
    serve_on(process, at, lambda: os.close(reading))


def test_standard_streams_that_are_closed(site):
    process, at = start(site, preexec_fn=lambda: [os.close(fd) for fd in (0, 1, 2)])
    serve_on(process, at)


def test_a_log_that_may_not_grow(site):
    """RLIMIT_FSIZE: SIGXFSZ would end it. A full disk under the log is the same error of a write."""
    with open(os.path.join(site.folder, "log"), "wb") as log:
        process, at = start(site, stderr=log, preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (100, 100)))
    serve_on(process, at)


def test_a_stopped_server_goes_on(site):
    with Contactd(site, addresses=("127.0.0.1",)) as server:
        server.process.signal(signal.SIGSTOP)
        time.sleep(0.2)
        server.process.signal(signal.SIGCONT)
        assert answers(server)


def test_a_control_socket_that_vanished(site):
    """Served on, ended in order; contactctl says that nothing runs there, a reload why."""
    path = os.path.join(site.folder, "control")
    site.config["server"]["control"] = path
    with Contactd(site, addresses=("127.0.0.1",)) as server:
        os.unlink(path)
        assert answers(server)
        result = run([program("contactctl"), "-c", site.path, "status"])
        assert result.returncode == 3 and "contactd is not running" in result.stderr
        server.process.signal(signal.SIGHUP)
        wait_until(lambda: "reloaded" in server.log(), 5, "reloaded", server.process)
        assert f"{path}: it has been removed; a restart makes it anew" in server.log()
        assert answers(server)


def test_a_syslog_daemon_that_is_not_there(site):
    site.config["log"] = {"target": "syslog"}
    process, at = start(site, stderr=subprocess.DEVNULL)
    serve_on(process, at)


def test_the_database_and_its_folder_turn_read_only(site):
    """What contactd has open stays; zonegen says one line, and nothing changes."""
    if os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("no mounts of its own may be made here")
    script = ('mount --bind . . && mount -o remount,bind,ro . && cd "$PWD" && '
              '"$0" publish --force -c contactd.conf')
    with Contactd(site, addresses=("127.0.0.1",)) as server:
        result = subprocess.run(["unshare", "-m", "sh", "-c", script, program("zonegen")],
                                cwd=site.folder, capture_output=True, text=True, check=False)
        if "mount" in result.stderr:
            pytest.skip("no mounts of its own may be made here")
        assert result.returncode == 1 and result.stdout == ""
        assert len(result.stderr.splitlines()) == 1 and "contacts.mdb" in result.stderr
        assert "ead-only file system" in result.stderr
        assert answers(server)


def set_clock(path, days):
    """In place: the server has it mapped."""
    with open(path, "r+b") as file:
        file.write(struct.pack("=q", days * 86400))


@pytest.mark.skipif(bool(SANITIZED), reason="a sanitizer wants to be the first library")
def test_a_clock_that_jumps_by_years_both_ways(site):
    """Connections, transfers, reloads and answers go by the monotonic clock."""
    path = os.path.join(site.folder, "clock")
    with open(path, "wb") as file:
        file.write(bytes(8))
    shim = os.path.join(os.path.abspath(os.environ["BUILD"]), "tests", "fault_parts",
                        "libclock.so")
    port = Port()
    site.config["server"]["listen"] = [f"127.0.0.1@{port.number}"]
    site.write()
    port.release()
    at = ("127.0.0.1", port.number)
    log = os.path.join(site.folder, "log")
    with open(log, "wb") as file:
        process = subprocess.Popen(
            [program("contactd"), "-c", site.path], cwd=site.folder, stderr=file,
            env=dict(environment(), LD_PRELOAD=shim, FAULTS_CLOCK=path))

    def jumps():
        with client.Tcp(at) as connection:
            for days in (3650, -7300, 0):
                set_clock(path, days)
                assert connection.ask(wire.query("t1.cc.example", "TXT")).answer
                assert ask(at)
                assert client.transfer(at, "cc.example")
                process.send_signal(signal.SIGHUP)
                assert wait_until(lambda: ask(at), 5, "answers after a reload")
            time.sleep(0.1)
    serve_on(process, at, jumps)
    with open(log, encoding="utf-8") as file:
        years = {line[:4] for line in file}
    assert len(years) >= 2, "the clock did not jump"


def test_a_clock_that_went_back_takes_no_serial_back(site):
    first = site.publish(now="2036-11-22")["cc.example"]
    write_entry(site.config["contacts"], "t2", "two")
    second = site.publish(now="2026-11-22")["cc.example"]
    assert 0 < (second - first) % 2 ** 32 < 2 ** 31


@pytest.mark.skipif(bool(SANITIZED), reason="a sanitizer's address space has no bounds")
def test_a_server_that_may_have_no_more_memory_or_descriptors(site):
    """A reload is refused or done; what is asked is answered. A start has other ways out: it is over."""
    log = pathlib.Path(site.folder) / "log"
    with open(log, "wb") as stderr:
        process, at = start(site, stderr=stderr)

    def bound():
        wait_until(lambda: " is ready: " in log.read_text(encoding="utf-8"), 20, "is ready")
        with open(f"/proc/{process.pid}/statm", encoding="ascii") as file:
            octets = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        descriptors = len(os.listdir(f"/proc/{process.pid}/fd"))
        resource.prlimit(process.pid, resource.RLIMIT_AS, (octets, octets))
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (descriptors, descriptors))
        for _ in range(20):
            try:
                with client.Tcp(at, timeout=0.2):
                    pass
            except OSError:
                pass
            assert ask(at)
    serve_on(process, at, bound)


@pytest.mark.skipif(bool(SANITIZED), reason="a sanitizer has its own allocator, and speaks of its own")
@pytest.mark.parametrize("part,sample", [
    ("writes", {"ONLY": "publish,key generate", "STEP": "47"}),
    ("allocations", {"ONLY": "contactd", "STEP": "2203"}),
    ("allocations", {"ONLY": "log", "STEP": "5"}),
    ("kills", {"KILLS": "6", "FIRST_ANSWER_MS": "20000"}),  # how soon is seen on a quiet machine
    ("growth", {"PUBLISHES": "8", "READERS": "2"})])
def test_a_sample_of_the_faults(part, sample):
    with tempfile.TemporaryDirectory(prefix="f") as folder:  # short: sockets lie in it
        _run_sample(part, sample, folder)


def _run_sample(part, sample, folder):
    result = subprocess.run([sys.executable, f"{SOURCE}/tests/faults", part],
                            env=dict(environment(), **sample, JOBS="2",
                                     BUILD=os.path.abspath(os.environ["BUILD"]),
                                     TMPDIR=folder), capture_output=True, text=True,
                            timeout=120, check=False)
    assert result.returncode == 0, result.stdout[-4000:]
