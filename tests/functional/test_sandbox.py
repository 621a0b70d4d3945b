"""What a break-in would find: no rights, no files, no programs; and the service manager's side:
sockets over a restart, readiness, the watchdog, the units, the hardening of the programs."""

import concurrent.futures
import ctypes
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import pytest

from conftest import SANITIZED
from support import client, oldkernel, tls, wire
from support.activated import Activated
from support.contactd import Contactd, Site, program, zone
from support.ports import Port
from support.process import Process, find_program, run, wait_until

root = pytest.mark.skipif(os.getuid() != 0, reason="only root has something to give up")
CONTACT = ("tld: no\nregistry: Norid\ntimezone: UTC\nlanguages: [en]\nverified: 2026-11-01\n"
           "verified-by: mail\ncontacts:\n  - role: security\n    name: Duty\n"
           "    phone: +44 20 7946 0101\n    hours: 24x7\n")


def open_to_all(folder):
    """What lies below pytest's folders is for its owner only; a server's user has to get there."""
    for place in (folder, *folder.parents):
        if str(place).startswith(tempfile.gettempdir() + "/"):
            os.chmod(place, 0o755)


@pytest.fixture
def site(tmp_path):
    """One entry; the contacts lie in the configuration's folder, signing keys beside the database."""
    contacts = tmp_path / "contacts"
    contacts.mkdir()
    (contacts / "no.yaml").write_text(CONTACT, encoding="utf-8")
    made = Site(tmp_path, [zone("cc.example", dnssec="on")], contacts=contacts,
                server={"control": str(tmp_path / "run" / "ctl")})
    (tmp_path / "run").mkdir()
    made.zonegen("key", "generate", "cc.example")
    made.publish()
    return made


def ctl(site, *words, code=0):
    result = run([program("contactctl"), "-c", site.path, *words])
    assert result.returncode == code, (words, result.stdout, result.stderr)
    return result.stdout + result.stderr


def is_sandboxed(server):
    return "sandbox: off in this build" not in server.log()


def keeper_of(server):
    with open(f"/proc/{server.process.pid}/task/{server.process.pid}/children",
              encoding="ascii") as file:
        return int(file.read())


def threads(server):
    """The status of every thread of the server, and of the keeper, as dicts."""
    found = []
    for pid in (server.process.pid, keeper_of(server)):
        for path in glob.glob(f"/proc/{pid}/task/*/status"):
            with open(path, encoding="ascii") as file:
                found.append(dict(re.findall(r"(?m)^(\w+):\t(.*)$", file.read())))
    return found


# Rights.

@root
def test_no_thread_has_a_capability_or_another_group_left(site, tmp_path):
    site.config["server"]["user"] = "nobody"
    open_to_all(tmp_path)
    os.chown(tmp_path / "run", 65534, 65534)
    site.write()
    site.publish("--force")
    group = str(os.stat(site.database).st_gid)
    with Contactd(site, addresses=("127.0.0.1",)) as server:
        assert server.ask("no.cc.example").texts()
        found = threads(server)
        assert len(found) >= 4  # the main thread, two workers, the keeper, what else there is
        for status in found:
            assert {status[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == \
                {"0000000000000000"}, status
            assert status["Uid"].split() == ["65534"] * 4
            assert status["Gid"].split() == [group] * 4 and status["Groups"].split() == [group]
            assert status["NoNewPrivs"] == "1"
            assert status["Seccomp"] == ("2" if is_sandboxed(server) else "0")


@root
@pytest.mark.skipif(SANITIZED == "thread", reason="ThreadSanitizer has a thread of its own before all")
def test_root_without_a_user_keeps_no_capability_that_the_server_uses(site):
    with Contactd(site, addresses=("127.0.0.1",)) as server:
        found = threads(server)
        assert "running as root" in server.log()
        serving = [status for status in found if status["Name"] != "contactd-keeper"]
        assert len(serving) >= 3
        for status in serving:
            assert {status[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == \
                {"0000000000000000"}, status
        keeper, = (status for status in found if status["Name"] == "contactd-keeper")
        assert int(keeper["CapEff"], 16) == 1 << 0 | 1 << 1  # CHOWN, DAC_OVERRIDE


@root
def test_memory_is_in_no_core_file(site):
    with Contactd(site, addresses=("127.0.0.1",)) as server:
        if not is_sandboxed(server):
            pytest.skip("not in this build")
        # /proc of a process that cannot be dumped belongs to root, whoever it runs as.
        pids = server.process.pid, keeper_of(server)
        site.config["server"]["user"] = "nobody"
        for pid in pids:
            with open(f"/proc/{pid}/coredump_filter", encoding="ascii"):
                pass
            os.setegid(65534)
            os.seteuid(65534)
            try:
                with pytest.raises(PermissionError):
                    os.listdir(f"/proc/{pid}/fd")
            finally:
                os.seteuid(0)
                os.setegid(0)


# Files.

def refusal_of(site, server, **items):
    """What a reload says that is refused."""
    before = dict(site.config["server"])
    site.config["server"].update(items)
    site.write()
    said = ctl(site, "reload", code=1)
    site.config["server"] = before
    site.write()
    assert server.ask("no.cc.example").texts()
    return said


def test_neither_signing_keys_nor_contacts_nor_anything_else_can_be_opened(site, tmp_path):
    """The server may be root: it still cannot."""
    pair = tls.Issuer(tmp_path, "Root").issue("server")
    site.config["server"].update(tls.settings(pair))
    with Contactd(site, addresses=("127.0.0.1",)) as server:
        key, = glob.glob(f"{site.database}-keys/*.private")
        contact = str(tmp_path / "contacts" / "no.yaml")
        link = tmp_path / "innocent.pem"
        link.symlink_to(key)
        for path in (key, contact, link):
            assert "must not read" in refusal_of(site, server, **{"tls-key": path})
        said = refusal_of(site, server, **{"tls-cert": "/etc/passwd"})
        assert "/etc/passwd" in said and "needs a restart" in said
        # What is in the database's own folder was not named either, but the configuration is there.
        said = refusal_of(site, server, **{"tls-cert": str(tmp_path / "missing.pem")})
        assert "no such file" in said
        assert "is loaded" in ctl(site, "reload")


def test_files_that_were_replaced_or_are_new_are_read_at_a_reload(site, tmp_path):
    """As editors and certificates' renewals do it: under another inode, with the same name."""
    with Contactd(site, addresses=("127.0.0.1",)) as server:
        path = tmp_path / "more.conf"
        path.write_text("log:\n    level: debug\n", encoding="utf-8")
        site.config["include"] = "more.conf"
        site.write()
        fresh = tmp_path / "contactd.conf.new"
        shutil.copy(site.path, fresh)
        os.rename(fresh, site.path)
        assert "is loaded" in ctl(site, "reload")
        assert server.ask("no.cc.example").texts()
        mode = os.stat(tmp_path / "run" / "ctl").st_mode & 0o777
        site.config["server"]["control-mode"] = "0600"
        site.write()
        ctl(site, "reload")
        assert mode == 0o660 and os.stat(tmp_path / "run" / "ctl").st_mode & 0o777 == 0o600
    assert not os.path.exists(tmp_path / "run" / "ctl")


def test_without_its_keeper_the_server_serves_and_refuses_a_reload(site):
    with Contactd(site, addresses=("127.0.0.1",)) as server:
        os.kill(keeper_of(server), signal.SIGKILL)
        said = ctl(site, "reload", code=1)
        assert "needs a restart" in said
        assert server.ask("no.cc.example").texts()


def test_a_keeper_that_hangs_holds_up_neither_a_reload_nor_the_end(site):
    with Contactd(site, addresses=("127.0.0.1",)) as server:
        keeper = keeper_of(server)
        os.kill(keeper, signal.SIGSTOP)
        try:
            assert "needs a restart" in ctl(site, "reload", code=1)
            assert server.ask("no.cc.example").texts()
            server.stop()
        finally:
            os.kill(keeper, signal.SIGCONT)
        wait_until(lambda: not os.path.exists(f"/proc/{keeper}") or
                   " Z " in open(f"/proc/{keeper}/stat", encoding="ascii").read(), 5, "it ends")


def test_a_killed_server_leaves_no_keeper_behind(site):
    with Contactd(site, addresses=("127.0.0.1",)) as server:
        keeper = keeper_of(server)
        server.process.signal(signal.SIGKILL)
        server.process.wait(5)
        wait_until(lambda: not os.path.exists(f"/proc/{keeper}") or
                   " Z " in open(f"/proc/{keeper}/stat", encoding="ascii").read(), 5, "it ends")
        server.process.stop()
        with Contactd(site, addresses=("127.0.0.1",)) as again:
            assert again.ask("no.cc.example").texts()
        server.stop = lambda: None


def test_the_sandbox_can_be_switched_off_at_a_restart_only(site):
    with Contactd(site, addresses=("127.0.0.1",)) as server:
        site.config["server"]["sandbox"] = "off"
        site.write()
        assert "'sandbox' has changed: needs a restart" in ctl(site, "reload", code=1)
    with Contactd(site, addresses=("127.0.0.1",), name="open") as server:
        assert server.ask("no.cc.example").texts()
        assert "sandbox:" not in server.log()
        with open(f"/proc/{server.process.pid}/status", encoding="ascii") as file:
            assert "\nSeccomp:\t0\n" in file.read()
        ctl(site, "reload")


class OnOldKernel(Contactd):
    """On a kernel that lacks system calls."""

    def __init__(self, site, lacks):
        self._lacks = ",".join(str(number) for number in lacks)
        super().__init__(site, addresses=("127.0.0.1",))

    def _start(self, name, **options):
        return Process(name, [sys.executable, oldkernel.__file__, self._lacks,
                              program("contactd"), "-c", self.site.path], self.site.folder,
                       **options)


@pytest.mark.skipif(not oldkernel.SECCOMP, reason="numbers of system calls are this machine's own")
@pytest.mark.parametrize("lacks", [[oldkernel.LANDLOCK_CREATE_RULESET], [oldkernel.SECCOMP],
                                   [oldkernel.LANDLOCK_CREATE_RULESET, oldkernel.SECCOMP]])
def test_what_the_kernel_lacks_is_said_once_and_the_rest_holds(site, lacks):
    said = {oldkernel.LANDLOCK_CREATE_RULESET: (
                "warning sandbox: this kernel cannot close the file system (Landlock: function not "
                "implemented); files are protected by their permissions alone",
                "info sandbox: no files, no outgoing TCP"),
            oldkernel.SECCOMP: (
                "warning sandbox: this kernel cannot filter system calls (seccomp: function not "
                "implemented)", "info sandbox: system calls of a server only")}
    with OnOldKernel(site, lacks) as server:
        if not is_sandboxed(server):
            pytest.skip("not in this build")
        for without, with_it in (said[number] for number in lacks):
            assert server.log().count(without) == 1 and with_it not in server.log()
        for status in threads(server):
            assert status["NoNewPrivs"] == "1"
            # oldkernel.py has one of its own.
            assert status["Seccomp_filters"] == ("1" if oldkernel.SECCOMP in lacks else "2")
        assert server.ask("no.cc.example").texts()
        assert "is loaded" in ctl(site, "reload")


@root
def test_keys_that_the_server_could_read_are_found(site, tmp_path):
    site.config["server"]["user"] = "nobody"
    open_to_all(tmp_path)
    site.write()
    check = [program("contactd"), "--check", "-c", site.path]
    os.chmod(tmp_path / "contacts", 0o750)
    result = run(check)
    assert result.returncode == 0 and "exposed" not in result.stderr, result.stderr
    os.chmod(tmp_path / "contacts", 0o755)
    os.chmod(f"{site.database}-keys", 0o755)
    key, = glob.glob(f"{site.database}-keys/*.private")
    os.chmod(key, 0o644)
    result = run(check)
    assert result.returncode == 1
    assert re.search(r"error: 'nobody', who serves, can read signing keys in .*\[keys-exposed\]",
                     result.stderr)
    assert re.search(r"warning: 'nobody', who serves, can read the contacts.*\[contacts-exposed\]",
                     result.stderr)


# The service manager.

class Manager:
    """Listens where NOTIFY_SOCKET leads."""

    def __init__(self, folder):
        self.path = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        os.chmod(self.path, 0o777)

    def next(self, seconds=10.0):
        """The next message as a dict, or None when there is none in time."""
        self._socket.settimeout(seconds)
        try:
            said = self._socket.recv(4096).decode()
        except TimeoutError:
            return None
        return dict(line.split("=", 1) for line in said.splitlines())

    def until(self, name, seconds=10.0):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            said = self.next(max(0.01, end - time.monotonic()))
            if said and name in said:
                return said
        raise AssertionError(f"no {name} within {seconds} s")


@pytest.fixture
def manager(tmp_path, monkeypatch):
    made = Manager(tmp_path)
    monkeypatch.setenv("NOTIFY_SOCKET", made.path)
    return made


def test_the_manager_hears_of_start_reload_and_stop(site, manager):
    with Contactd(site, addresses=("127.0.0.1",)) as server:
        said = manager.until("READY")
        assert said["MAINPID"] == str(server.process.pid)
        assert said["STATUS"] == "serving 1 of 1 zones with 2 workers"
        server.process.signal(signal.SIGHUP)
        assert manager.until("RELOADING")["MONOTONIC_USEC"].isdigit()
        manager.until("READY")
        with open(site.path, "a", encoding="utf-8") as file:
            file.write("nonsense: 1\n")
        server.process.signal(signal.SIGHUP)
        manager.until("RELOADING")
        manager.until("READY")  # the old configuration is in use
    manager.until("STOPPING")


PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17


@root
@pytest.mark.skipif(bool(SANITIZED), reason="sanitizers keep debuggers out")
def test_a_worker_that_is_stuck_is_not_petted(site, manager, monkeypatch):
    libc = ctypes.CDLL(None, use_errno=True)
    monkeypatch.setenv("WATCHDOG_USEC", "400000")
    with Contactd(site, addresses=("127.0.0.1",)) as server:
        for _ in range(3):
            manager.until("WATCHDOG", 2)
        worker, = (int(os.path.basename(os.path.dirname(path)))
                   for path in glob.glob(f"/proc/{server.process.pid}/task/*/comm")
                   if open(path, encoding="ascii").read() == "worker/1\n")
        for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
            assert libc.ptrace(request, worker, None, None) == 0, os.strerror(ctypes.get_errno())
        os.waitpid(worker, 0x40000000)  # __WALL
        while (manager.next(0.5) or {}).get("WATCHDOG"):
            pass  # what was on its way
        assert manager.next(0.6) is None
        assert "worker 1 does not turn" in server.log()
        assert libc.ptrace(PTRACE_DETACH, worker, None, None) == 0
        manager.until("WATCHDOG", 2)
        assert "all workers turn again" in server.log()


def ask_until(server, done):
    """Asks, each time from another socket. Questions, and those that got no answer."""
    asked, lost, query = 0, 0, wire.query("no.cc.example", "TXT")
    while asked < 50 or not done.is_set():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.settimeout(10)
            asker.connect(server.at)
            asker.send(query)
            asked += 1
            try:
                asker.recv(4096)
            except TimeoutError:
                lost += 1
    return asked, lost


def test_a_restart_with_inherited_sockets_loses_no_query(site, tmp_path, tls_root):
    """UDP that waits in the socket, a TCP connection that waits to be accepted, TLS."""
    pair = tls_root.issue("server")
    site.config["server"].update(tls.settings(pair))
    with Activated(site, addresses=("127.0.0.1",)) as server:
        done = threading.Event()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            asking = pool.submit(ask_until, server, done)
            # Here, since a process dies with the thread that has started it.
            for _ in range(3):
                server.restart()
                wait_until(lambda: "is ready" in server.log(), 10, "it is ready", server.process)
            done.set()
            asked, lost = asking.result()
        assert asked >= 50 and lost == 0
        # While nobody serves: all of it waits.
        Contactd.stop(server)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as by_udp, \
                socket.create_connection(server.at) as by_tcp:
            query = wire.query("no.cc.example", "TXT")
            by_udp.connect(server.at)
            by_udp.send(query)
            by_tcp.sendall(len(query).to_bytes(2, "big") + query)
            by_tls = socket.create_connection(server.tls)
            server.process = server._start_next()
            by_udp.settimeout(10)
            by_tcp.settimeout(10)
            assert by_udp.recv(4096)[:2] == query[:2]
            assert by_tcp.recv(4096)[2:4] == query[:2]
            by_tls.close()


@pytest.mark.parametrize("given", [1, 5])
def test_any_number_of_sockets_for_an_address_will_do(site, given):
    """Two workers share one, or serve five."""
    class Some(Activated):
        def _bind(self):
            workers, self.site.config["server"]["workers"] = \
                self.site.config["server"]["workers"], given
            made = super()._bind()
            self.site.config["server"]["workers"] = workers
            return made

    with Some(site, addresses=("127.0.0.1",)) as server:
        for _ in range(40):
            assert server.ask("no.cc.example").texts()
            assert server.ask_tcp("no.cc.example").texts()


def start_with(site, sockets):
    process = Process("wrong", ["sh", "-c",
                                'LISTEN_PID=$$ LISTEN_FDS="$1" exec "$2" -c "$3"', "sh",
                                len(sockets), program("contactd"), site.path], site.folder,
                      descriptors=[made.fileno() for made in sockets])
    code = process.wait(10)
    process.stop()
    return code, process.log()


def test_sockets_that_the_configuration_does_not_name_are_refused(site):
    held = Port(), Port()
    numbers = [port.number for port in held]
    for port in held:
        port.release()
    site.config["server"]["listen"] = [f"127.0.0.1@{numbers[0]}"]
    site.write()
    udp = Activated._bound(f"127.0.0.1@{numbers[0]}", socket.SOCK_DGRAM)
    tcp = Activated._bound(f"127.0.0.1@{numbers[0]}", socket.SOCK_STREAM)
    other = Activated._bound(f"127.0.0.1@{numbers[1]}", socket.SOCK_DGRAM)
    code, said = start_with(site, [udp])
    assert code == 1 and f"gives no TCP socket for 127.0.0.1@{numbers[0]}" in said
    code, said = start_with(site, [udp, tcp, other])
    assert code == 1 and f"a UDP socket for 127.0.0.1@{numbers[1]}, which neither" in said
    for made in (udp, tcp, other):
        made.close()


# What is built.

@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    said = run([find_program("meson"), "install", "-C", os.path.abspath(os.environ["BUILD"]),
                "--no-rebuild", "--destdir", str(folder)])
    assert said.returncode == 0, said.stdout + said.stderr
    return folder


def unit_files(installed):
    return {os.path.basename(path): path
            for path in glob.glob(f"{installed}/**/lib/systemd/system/*", recursive=True)}


@pytest.mark.parametrize("name", ["contactd.service", "zonegen-publish.service"])
def test_the_exposure_of_each_service_is_at_most_1_5(installed, name):
    said = run([find_program("systemd-analyze"), "security", "--offline=true", "--no-pager",
                "--threshold=15", unit_files(installed)[name]])
    level = float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", said.stdout)[1])
    assert said.returncode == 0 and level <= 1.5, said.stdout


def test_the_units_are_sound(installed, tmp_path):
    files = unit_files(installed)
    assert {"contactd.service", "contactd.socket"} <= set(files)
    account, = glob.glob(f"{installed}/**/lib/sysusers.d/contactd.conf", recursive=True)
    with open(account, encoding="utf-8") as file:
        assert re.search(r'(?m)^u contactd - ', file.read())
    with open(files["contactd.service"], encoding="utf-8") as file:
        unit = file.read()
    for line in ("Type=notify", r"WatchdogSec=[1-9]\d*", "Requires=contactd.socket", "User=contactd"):
        assert re.search(rf"(?m)^{line}$", unit), line
    start = re.search(r"(?m)^ExecStart=(\S+)$", unit)[1]
    assert os.access(f"{installed}{start}", os.X_OK)
    root_folder = tmp_path / "root"
    shutil.copytree(installed, root_folder, symlinks=True)
    shutil.copytree("/usr/lib/systemd/system", root_folder / "usr/lib/systemd/system",
                    symlinks=True, dirs_exist_ok=True)
    (root_folder / "bin").mkdir(exist_ok=True)
    shutil.copy("/bin/kill", root_folder / "bin/kill")
    (root_folder / "usr/bin").mkdir(parents=True, exist_ok=True)
    shutil.copy("/bin/kill", root_folder / "usr/bin/kill")
    said = subprocess.run(
        [find_program("systemd-analyze"), "verify", f"--root={root_folder}", "--man=no",
         *("/" + os.path.relpath(path, installed) for name, path in files.items()
           if name.startswith("contactd."))], capture_output=True, text=True, check=False)
    ours = [line for line in (said.stdout + said.stderr).splitlines() if "contactd" in line]
    assert said.returncode == 0 and not ours, said.stdout + said.stderr


@pytest.mark.skipif(bool(SANITIZED), reason="sanitizer builds leave the hardening out")
@pytest.mark.parametrize("name", ["contactd", "contactctl", "zonegen"])
def test_programs_are_hardened(name):
    def readelf(*options):
        return subprocess.run(["readelf", "-W", *options, program(name)], capture_output=True,
                              text=True, check=True).stdout

    header, segments, dynamic = readelf("-h"), readelf("-l"), readelf("-d")
    symbols = readelf("--dyn-syms")
    assert "DYN (Position-Independent Executable file)" in header
    assert re.search(r"GNU_STACK\s.* RW +0x", segments) and "RWE" not in segments
    assert "GNU_RELRO" in segments and "BIND_NOW" in dynamic
    assert re.search(r"FLAGS_1\).*NOW.*PIE", dynamic)
    assert "TEXTREL" not in dynamic and "RUNPATH" not in dynamic and "RPATH" not in dynamic
    assert "__stack_chk_fail" in symbols
    assert re.search(r"__(snprintf|vsnprintf|memcpy|fprintf)_chk", symbols)  # _FORTIFY_SOURCE
    # Code and data have no page in common.
    flags = re.findall(r"LOAD +(?:0x\S+ +){5}([RWE ]{3})", segments)
    assert [flag.strip() for flag in flags] == ["R", "R E", "R", "RW"]
    if "X86-64" in header:
        # The property in .note.gnu.property is lost where the C library's crt1.o has none; what
        # functions begin with is not.
        with open(program(name), "rb") as file:
            assert file.read().count(b"\xf3\x0f\x1e\xfa") > 100  # endbr64
