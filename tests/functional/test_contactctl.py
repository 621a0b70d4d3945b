"""contactctl: every command for people and for machines, exit codes, who may, and what happens to
those who misuse the socket."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import threading
import time

import pytest

from support import client, wire
from support.contactd import Contactd, Site, program, serial_of, zone
from support.contacts import write_entry
from support.pretend import Pretend
from support.process import environment, run, wait_until

NOBODY = 65534
STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def ctl(site, *arguments, code=0, config=True, **options):
    """Runs contactctl; its exit code is as expected, or the test fails with what it said."""
    file = ["-c", site.path] if config else []
    result = run([program("contactctl"), *file, *arguments], **options)
    assert result.returncode == code, (arguments, result.returncode, result.stdout, result.stderr)
    return result


def ask(site, *arguments, **options):
    """The answer in JSON."""
    return json.loads(ctl(site, "--json", *arguments, **options).stdout)


def make_site(folder, zones=None, **server):
    """A small repository with a control socket."""
    contacts = folder / "contacts"
    contacts.mkdir()
    write_entry(contacts, "t1", "first")
    site = Site(folder, zones or [zone("cc.example", serial="counter")], contacts=contacts,
                server={"control": str(folder / "ctl"), **server}, tlds="any")
    site.socket = str(folder / "ctl")
    site.publish()
    return site


def change(site, marker):
    """Publishes another contents; the new serial of cc.example."""
    write_entry(site.config["contacts"], "t1", marker)
    return site.publish()["cc.example"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return make_site(tmp_path_factory.mktemp("ctl"))


@pytest.fixture(scope="module")
def server(site):
    with Contactd(site) as running:
        yield running


@pytest.fixture
def fresh(tmp_path_factory):
    """A site that a test may ruin."""
    return make_site(tmp_path_factory.mktemp("ctl"))


# The command line.

@pytest.mark.parametrize("arguments,words", [
    ([], "no command given"), (["stauts"], "did you mean 'status'"),
    (["status", "x"], "'x' is one too many"), (["notify", "a", "b", "c"], "'c' is one too many"),
    (["--jsn", "status"], "unknown option '--jsn'"), (["status", "-c"], "-c needs the name"),
    (["--socket=", "status"], "--socket needs"), (["secondaries", "a b"], "has a blank"),
    (["secondaries", ""], "is empty"),
])
def test_a_wrong_command_line_is_64_and_shows_the_usage(arguments, words):
    result = run([program("contactctl"), *arguments])
    assert result.returncode == 64 and result.stdout == ""
    assert words in result.stderr and "usage:" in result.stderr


def test_help_and_version_are_results():
    for option in ("-h", "--help"):
        assert run([program("contactctl"), option]).stdout.startswith("usage:")
    for option in ("-V", "--version"):
        assert re.fullmatch(r"contactctl [0-9.]+\n", run([program("contactctl"), option]).stdout)


def test_without_a_control_socket_it_says_what_to_write(fresh):
    del fresh.config["server"]["control"]
    fresh.write()
    result = ctl(fresh, "status", code=1)
    assert "has no control socket; add 'control:" in result.stderr and fresh.path in result.stderr


def test_a_configuration_that_cannot_be_read_is_named_and_the_socket_can_be(site, server, tmp_path):
    broken = tmp_path / "broken.conf"
    broken.write_text("server: [\n")
    result = run([program("contactctl"), "-c", str(broken), "status"])
    assert result.returncode == 1 and "broken.conf:" in result.stderr
    assert "--socket" in result.stderr
    told = run([program("contactctl"), "-c", str(broken), "status", "--socket", site.socket])
    assert told.returncode == 0 and "serving" in told.stdout


# Not running, starting, ending.

def test_status_is_3_when_nothing_runs_and_all_else_is_1(fresh):
    for arguments, code in ((["status"], 3), (["--json", "status"], 3), (["stats"], 1),
                            (["reload"], 1), (["secondaries"], 1), (["notify"], 1), (["log"], 1)):
        result = ctl(fresh, *arguments, code=code)
        assert result.stdout == "" and "contactd is not running" in result.stderr
        assert fresh.socket in result.stderr


def test_a_server_that_was_killed_leaves_a_name_that_the_next_one_takes(fresh):
    running = Contactd(fresh)
    assert ask(fresh, "status")["pid"] == running.process.pid
    running.process.signal(signal.SIGKILL)
    running.process.wait(5)
    running.process.stop()
    assert os.path.exists(fresh.socket)
    assert "not running" in ctl(fresh, "status", code=3).stderr
    with Contactd(fresh) as again:
        assert ask(fresh, "status")["pid"] == again.process.pid
    assert sorted(os.listdir(os.path.dirname(fresh.socket))) == sorted(
        ["contactd.conf", "contactd.log", "contacts", "contacts.mdb", "contacts.mdb-lock"])


def start_refused(site):
    result = run([program("contactd"), "-c", site.path], timeout=20)
    assert result.returncode == 1
    return result.stderr


def test_the_socket_of_a_server_that_runs_is_not_taken(site, server, fresh):
    fresh.config["server"]["control"] = site.socket
    fresh.config["server"]["listen"] = ["127.0.0.1@9"]
    fresh.config["server"]["listen"] = [f"127.0.0.7@{server.port}"]
    fresh.write()
    assert "another contactd answers there" in start_refused(fresh)
    assert ask(site, "status")["pid"] == server.process.pid


@pytest.mark.parametrize("make,words", [
    (lambda path: open(path, "w").write("thesis"), "something else has that name"),
    (os.mkdir, "something else has that name")])
def test_what_is_no_socket_is_left_alone(fresh, make, words):
    make(fresh.socket)
    assert words in start_refused(fresh)
    assert os.path.exists(fresh.socket)


def test_a_folder_that_is_not_there_is_one_clear_line(fresh):
    fresh.config["server"]["control"] = fresh.folder + "/nowhere/ctl"
    fresh.write()
    error = start_refused(fresh)
    assert "nowhere/ctl: cannot make it; its folder must be there" in error
    fresh.config["server"]["control"] = "/tmp/" + "x" * 100
    fresh.write()
    assert "too long" in start_refused(fresh)


def test_a_name_that_is_another_ones_by_now_is_not_removed(fresh):
    with Contactd(fresh):
        os.unlink(fresh.socket)
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(fresh.socket)
    assert stat.S_ISSOCK(os.lstat(fresh.socket).st_mode)


# Who may.

def mode_of(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


def test_mode_and_group_are_those_of_the_configuration_and_follow_a_reload(fresh):
    with Contactd(fresh):
        assert mode_of(fresh.socket) == 0o660
        assert os.lstat(fresh.socket).st_gid == os.getegid()
        fresh.config["server"].update({"control-mode": "'0600'", "workers": 2})
        fresh.write()
        ctl(fresh, "reload")
        assert mode_of(fresh.socket) == 0o600
        if os.geteuid() == 0:
            fresh.config["server"]["control-group"] = "nogroup"
            fresh.config["server"]["control-mode"] = "'0660'"
            fresh.write()
            ctl(fresh, "reload")
            assert os.lstat(fresh.socket).st_gid == NOBODY and mode_of(fresh.socket) == 0o660
    assert not os.path.exists(fresh.socket)


def test_umask_neither_widens_nor_narrows_it(fresh):
    before = os.umask(0o077)
    try:
        with Contactd(fresh):
            assert mode_of(fresh.socket) == 0o660
    finally:
        os.umask(before)


def test_a_group_that_does_not_exist_is_named(fresh):
    fresh.config["server"]["control-group"] = "no-such-group"
    fresh.write()
    assert "there is no group 'no-such-group'" in start_refused(fresh)
    assert not os.path.exists(fresh.socket)


def as_nobody(*groups):
    def become():
        os.setgroups(groups)
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    return become


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_the_group_may_and_others_may_not_and_nobody_needs_the_secrets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ctl")
    reachable = f"/tmp/contactctl-{os.getpid()}"
    os.mkdir(reachable)
    os.chmod(reachable, 0o755)
    secret = folder / "xfr.key"
    secret.write_text("k2tlZXAgdGhpcyBzZWNyZXQgZm9yIHRoZSB0ZXN0cyEhISE=\n")
    secret.chmod(0o600)
    site = make_site(folder, **{"control-group": "games"})
    site.config["server"]["control"] = f"{reachable}/ctl"
    site.config["key"] = [{"id": "xfr", "secret-file": str(secret)}]
    site.write()
    try:
        with Contactd(site):
            config = f"{reachable}/conf"
            with open(site.path, encoding="utf-8") as source, open(config, "w") as copy:
                copy.write(source.read())
            games = os.lstat(f"{reachable}/ctl").st_gid
            binary = f"{reachable}/contactctl"
            with open(program("contactctl"), "rb") as source, open(binary, "wb") as copy:
                copy.write(source.read())
            os.chmod(binary, 0o755)
            arguments = [binary, "-c", config, "status"]
            member = subprocess.run(arguments, capture_output=True, text=True, cwd="/",
                                    preexec_fn=as_nobody(games), env=environment(), timeout=30)
            assert (member.returncode, member.stderr) == (0, "") and "serving" in member.stdout
            other = subprocess.run(arguments, capture_output=True, text=True, cwd="/",
                                   preexec_fn=as_nobody(), env=environment(), timeout=30)
            assert other.returncode == 1 and "permission denied" in other.stderr
    finally:
        for name in os.listdir(reachable):
            os.unlink(f"{reachable}/{name}")
        os.rmdir(reachable)


# status, stats, log.

def test_status(site, server):
    serial = serial_of(server.at, "cc.example")
    told = ask(site, "status")
    assert told["phase"] == "serving" and told["pid"] == server.process.pid
    assert told["workers"] == 2 and told["database"] == site.database
    assert told["configuration"] == {
        "file": site.path, "loaded": told["configuration"]["loaded"], "refused": None,
        "diagnostics": []}
    assert told["zones"] == [{"zone": "cc.example", "loaded": True, "serial": serial,
                              "signed": False, "audience": "public", "published": None,
                              "seen": told["zones"][0]["seen"]}]
    lines = ctl(site, "status").stdout.splitlines()
    assert re.fullmatch(rf"contactd \S+: serving, process {server.process.pid}, since {STAMP} "
                        r"\(\d+ (s|min)\), 2 workers", lines[0])
    assert re.fullmatch(rf"configuration {site.path}: loaded {STAMP}", lines[1])
    assert lines[2] == f"database {site.database}: 1 of 1 zones"
    assert re.fullmatch(rf"zone cc.example: serial {serial}, public, not signed, seen at the start "
                        + STAMP, lines[3])


def test_status_tells_of_a_publish_and_of_zones_that_are_not_there(fresh):
    with Contactd(fresh):
        serial = change(fresh, "second")
        told = wait_until(lambda: next((z for z in ask(fresh, "status")["zones"]
                                        if z["serial"] == serial), None), 5, "the publish is seen")
        assert told["published"] == told["seen"] is not None
        fresh.config["zone"].append(zone("later.example", audience="members"))
        fresh.config["acl"][0]["action"] = ["query", "transfer"]
        fresh.write()
        ctl(fresh, "reload")
        later = wait_until(lambda: [z for z in ask(fresh, "status")["zones"]
                                    if z["zone"] == "later.example"], 5, "the zone is known")[0]
        assert (later["loaded"], later["serial"], later["audience"]) == (False, None, "members")
        assert "zone later.example: not in the database, members" in ctl(fresh, "status").stdout


def numbers(site):
    return {name: int(value) for name, value in
            (line.split(" ") for line in ctl(site, "stats").stdout.splitlines())}


def test_stats_count_what_happens(site, server):
    before = numbers(site)
    server.ask("t1.cc.example")
    server.ask("no-such.cc.example")
    server.ask("t1.cc.test")
    server.ask_tcp("t1.cc.example")
    after = numbers(site)
    grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    for name in ("uptime_seconds", "udp_octets_sent", "tcp_octets_sent"):
        grown.pop(f"contactd_{name}", None)
    assert grown == {"contactd_udp4_queries": 3, "contactd_tcp_queries": 1,
                     "contactd_tcp_accepted": 1, "contactd_rcode_noerror": 2,
                     "contactd_cookie_missing": 4,
                     "contactd_rcode_nxdomain": 1, "contactd_rcode_refused": 1}


def test_stats_are_the_same_in_json_and_fit_for_prometheus(site, server):
    told, plain = ask(site, "stats"), numbers(site)
    rcodes = told.pop("rcodes")
    assert {f"contactd_{name.replace('-', '_')}" for name in told} | \
        {f"contactd_rcode_{name.lower()}" for name in rcodes} == set(plain)
    assert all(re.fullmatch(r"[a-z_][a-z0-9_]*", name) for name in plain)
    assert "cc_example" not in str(plain) and "cc.example" not in str(told)


def test_log_shows_and_changes_the_level_until_the_next_reload(fresh):
    with Contactd(fresh) as running:
        assert ctl(fresh, "log").stdout == "info\n"
        assert ctl(fresh, "log", "debug").stdout == "debug\n"
        assert ask(fresh, "log") == {"level": "debug", "configured": "info"}
        assert "asks for: log debug" in running.log()
        assert "choose error, warning, info or debug" in ctl(fresh, "log", "loud", code=1).stderr
        ctl(fresh, "reload")
        assert ctl(fresh, "log").stdout == "info\n"


# reload.

def identity(server):
    return server.ask("id.server", "TXT", rrclass=3).texts()[0][0]


def test_reload_answers_when_the_new_configuration_is_in_use(fresh):
    with Contactd(fresh) as running:
        for n in range(10):
            fresh.config["server"]["identity"] = f"number{n}"
            fresh.write()
            told = ask(fresh, "reload")
            assert told["loaded"] is True and told["diagnostics"] == []
            assert identity(running) == f"number{n}".encode()
        assert ctl(fresh, "reload").stdout == f"{fresh.path} is loaded\n"


def test_reload_brings_back_all_that_is_wrong_with_its_place(fresh):
    with Contactd(fresh) as running:
        loaded = ask(fresh, "status")["configuration"]["loaded"]
        fresh.config["server"].update({"udp-maximum": 1, "tcp-idle": "soon"})
        fresh.write()
        check = run([program("contactd"), "--check", "-c", fresh.path]).stderr
        result = ctl(fresh, "reload", code=1)
        assert check.count("\n") == 2
        assert result.stderr == check + \
            f"contactctl: {fresh.path} is refused; the configuration stays as it was\n"
        assert result.stdout == ""
        told = ask(fresh, "reload", code=1)
        assert told["loaded"] is False and told["diagnostics"] == check.splitlines()
        assert identity(running) == b"functional"
        told = ask(fresh, "status")["configuration"]
        assert told["refused"] and told["diagnostics"] == check.splitlines()
        assert told["loaded"][:-2] == loaded[:-2]
        assert "reload refused" in ctl(fresh, "status").stdout
        for item in ("udp-maximum", "tcp-idle"):
            del fresh.config["server"][item]
        fresh.config["server"]["workers"] = 1
        fresh.write()
        assert "'workers' has changed: needs a restart" in ctl(fresh, "reload", code=1).stderr
        fresh.config["server"]["workers"] = 2
        fresh.write()
        ctl(fresh, "reload")
        assert ask(fresh, "status")["configuration"]["refused"] is None


def test_warnings_of_a_reload_are_shown_and_it_is_done(fresh):
    with Contactd(fresh):
        fresh.config["server"].update({"tcp-max": 10, "tcp-per-client": 20})
        fresh.write()
        result = ctl(fresh, "reload")
        assert ": warning: " in result.stderr and "tcp-per-client" in result.stderr
        assert result.stdout == f"{fresh.path} is loaded\n"


def together(calls):
    """Runs all of them at once; what they returned."""
    outcomes = [None] * len(calls)

    def work(n):
        outcomes[n] = calls[n]()
    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_everything_at_once(fresh):
    """Reloads, status and the rest from many, more than are served at a time; signals in between."""
    with Contactd(fresh) as running:
        commands = (["reload"], ["status"], ["stats"], ["secondaries"], ["log"]) * 8
        calls = [lambda words=words: run([program("contactctl"), "-c", fresh.path, *words])
                 for words in commands]
        calls += [lambda: [running.process.signal(signal.SIGHUP) or time.sleep(0.01)
                           for _ in range(20)]]
        outcomes = together(calls)[:-1]
        assert [o.returncode for o in outcomes] == [0] * len(outcomes), \
            {o.stderr for o in outcomes if o.returncode}
        assert running.ask("t1.cc.example").answer


def test_a_reload_that_a_stop_overtakes_is_no_success(fresh):
    with Contactd(fresh) as running:
        with client.Tcp(running.at) as connection:
            connection.send(wire.query("cc.example", "AXFR"))
            running.process.signal(signal.SIGTERM)
            result = run([program("contactctl"), "-c", fresh.path, "reload"])
            assert result.returncode == 1 and "contactctl:" in result.stderr
        running.process.wait(10)


# Who misuses the socket.

def raw(site, octets, end=True):
    """What comes back for these octets, until the other side closes."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(15)
        sock.connect(site.socket)
        try:
            sock.sendall(octets)
            if end:
                sock.shutdown(socket.SHUT_WR)
            received = b""
            while chunk := sock.recv(65536):
                received += chunk
        except (BrokenPipeError, ConnectionResetError):
            return b"closed"
        return received


@pytest.mark.parametrize("octets", [
    b"\n", b"GET / HTTP/1.0\r\n\r\n", b"status\n", b"1\n", b"1 text\n", b"1 text \n",
    b"1 text  status\n", b"1 xml status\n", b"2 text status\n", b"1 text status more\n",
    b"1 text status\nmore", b"1 text status\n1 text status\n", b"1 text sta\0tus\n",
    b"1 text nothing\n", b"1 text notify a b c d\n", b"x" * 512, b"x" * 100000,
    b"1 text secondaries " + b"a." * 245 + b"\n", b"1 text secondaries ..\n", bytes(range(256)) * 4,
    b"1 text log \xff\xfe\n"])
def test_garbage_is_refused_in_words(site, server, octets):
    received = raw(site, octets)
    assert received == b"closed" or re.match(rb"refused 0 \d+\ncontactctl: ", received), received
    assert ask(site, "status")["phase"] == "serving"


@pytest.mark.parametrize("octets", [b"", b"1", b"1 text status"])
def test_a_request_that_does_not_end_gets_nothing(site, server, octets):
    assert raw(site, octets) == b""


def test_a_request_may_come_octet_by_octet(site, server):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(site.socket)
        for octet in b"1 text log\n":
            sock.send(bytes([octet]))
        assert sock.recv(100) == b"done 5 0\ninfo\n"


def test_who_says_nothing_is_cut_and_others_get_their_turn(site, server):
    """Many more than are served at a time say nothing: who asks is answered, the first to come are
    gone; queries go on meanwhile."""
    idle = []
    try:
        for _ in range(60):
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(site.socket)
            idle.append(sock)
        assert server.ask("t1.cc.example").answer
        assert ask(site, "status")["phase"] == "serving"
        idle[0].settimeout(10)
        assert idle[0].recv(1) == b""
    finally:
        for sock in idle:
            sock.close()


def test_who_leaves_early_costs_nothing(site, server):
    before = len(os.listdir(f"/proc/{server.process.pid}/fd"))
    for request in (b"1 text stats\n", b"1 json reload\n", b"1 text notify\n", b"1 te"):
        for _ in range(10):
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(site.socket)
                sock.sendall(request)
    assert ask(site, "status")["phase"] == "serving"
    wait_until(lambda: len(os.listdir(f"/proc/{server.process.pid}/fd")) <= before, 10,
               "all are closed")


# secondaries and notify.

class Watched:
    """A contactd that notifies one pretended secondary of cc.example."""

    def __init__(self, folder, **items):
        self.site = make_site(folder)
        self.serial = int(self.site.export("cc.example").split("SOA", 1)[1].split()[2])
        self.pretend = Pretend("cc.example", self.serial)
        self.site.config["remote"] = [{"id": "ns2", "address": [self.pretend.address]}]
        self.site.config["zone"][0].update({"notify": ["ns2"], **items})
        self.server = Contactd(self.site)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop()
        self.pretend.close()

    def look(self):
        return ask(self.site, "secondaries", "cc.example")[0]

    def wait(self, condition, what):
        return wait_until(lambda: (lambda told: condition(told) and told)(self.look()), 15, what,
                          self.server.process)


@pytest.fixture
def watched(tmp_path_factory):
    with Watched(tmp_path_factory.mktemp("ctl")) as both:
        yield both


def test_a_secondary_is_told_asked_and_in_step(watched):
    told = watched.wait(lambda s: s["state"] == "in step", "in step")
    assert told["zone"] == "cc.example" and told["remote"] == "ns2"
    assert told["address"] == watched.pretend.address
    assert told["serial"] == told["wanted"] == watched.serial
    assert told["lag"] == 0 and told["lags-since"] is None and told["error"] is None
    assert told["notify"]["rcode"] == "NOERROR" and told["notify"]["unanswered"] == 0
    assert told["asked"] <= told["as-of"] and told["notify"]["sent"] <= told["notify"]["answered"]
    lines = ctl(watched.site, "secondaries").stdout.splitlines()
    assert re.fullmatch(rf"cc\.example ns2 {watched.pretend.address} in step: serves "
                        rf"{watched.serial} as of {STAMP}", lines[0])
    assert re.fullmatch(rf"    notify sent {STAMP}, NOERROR {STAMP}", lines[1]) and len(lines) == 2


def test_one_that_does_not_follow_lacks_the_serial_and_since_when(watched):
    watched.wait(lambda s: s["state"] == "in step", "in step")
    old, serial = watched.serial, change(watched.site, "second")
    told = watched.wait(lambda s: s["wanted"] == serial and s["state"] == "checking"
                        and s["asked"] > s["lags-since"], "it was asked")
    assert told["serial"] == old and told["lag"] == serial - old == 1
    assert f"serves {old} as of" in ctl(watched.site, "secondaries").stdout
    assert f", lacks {serial} (1 on) since" in ctl(watched.site, "secondaries").stdout
    since = told["lags-since"]
    third = change(watched.site, "third")
    told = watched.wait(lambda s: s["wanted"] == third, "the next publish")
    assert told["lags-since"][:22] == since[:22]  # since it was in step last
    watched.pretend.serial = third
    told = watched.wait(lambda s: s["state"] == "in step", "it has followed")
    assert told["serial"] == third and told["lags-since"] is None


@pytest.mark.parametrize("attribute,value,words", [
    ("rcode", 5, "answers the question for the SOA with REFUSED"),
    ("serial", None, "answers the question for the SOA without one"),
    ("flags", 0, "but not as a server of the zone (no AA)"),
    ("notify_rcode", 9, "answers NOTIFY with NOTAUTH")])
def test_what_is_wrong_with_its_answers_is_said_in_words(watched, attribute, value, words):
    watched.wait(lambda s: s["state"] == "in step", "in step")
    setattr(watched.pretend, attribute, value)
    change(watched.site, "second")
    told = watched.wait(lambda s: s["error"], "an error")
    assert words in told["error"]["text"] and told["state"] in ("checking", "told")
    assert words in ctl(watched.site, "secondaries").stdout
    assert (told["serial"] is None) == (attribute != "notify_rcode")


def test_a_truncated_answer_is_no_serial(watched):
    watched.wait(lambda s: s["state"] == "in step", "in step")
    watched.pretend.flags, watched.pretend.serial = wire.AA | 0x0200, None
    change(watched.site, "second")
    told = watched.wait(lambda s: s["error"], "an error")
    assert "truncated" in told["error"]["text"] and told["serial"] is None


def test_one_newer_than_ours_is_ahead(watched):
    watched.pretend.serial = watched.serial + 5
    ctl(watched.site, "notify")
    told = watched.wait(lambda s: s["state"] == "ahead", "ahead")
    assert told["serial"] == watched.serial + 5 and told["lag"] == 0


def test_one_that_loses_the_zone_is_seen_without_a_publish_and_told_again(tmp_path_factory):
    """`refresh` is also how often a secondary in step is looked at."""
    with Watched(tmp_path_factory.mktemp("ctl"), refresh="1s") as watched:
        first = watched.wait(lambda s: s["state"] == "in step", "in step")
        watched.wait(lambda s: s["state"] == "in step" and s["as-of"] > first["as-of"], "a look")
        notified = watched.pretend.notified
        watched.pretend.serial = watched.serial - 1
        told = watched.wait(lambda s: s["lag"] == 1, "seen")
        assert told["state"] in ("told", "checking") and told["serial"] == watched.serial - 1
        wait_until(lambda: watched.pretend.notified > notified, 5, "told again")
        watched.pretend.serial = watched.serial
        watched.wait(lambda s: s["state"] == "in step", "back")


def test_what_is_known_survives_a_reload_and_goes_with_the_remote(watched):
    watched.wait(lambda s: s["state"] == "in step", "in step")
    notified = watched.pretend.notified
    ctl(watched.site, "reload")
    assert watched.look()["state"] == "in step" and watched.pretend.notified == notified
    with Pretend("cc.example", watched.serial) as other:
        watched.site.config["remote"].append({"id": "ns3", "address": [other.address]})
        watched.site.config["zone"][0]["notify"] = ["ns2", "ns3"]
        watched.site.write()
        ctl(watched.site, "reload")
        wait_until(lambda: [s["state"] for s in ask(watched.site, "secondaries")] ==
                   ["in step", "in step"], 10, "both are in step")
        assert other.notified == 1 and watched.pretend.notified == notified
        watched.site.config["zone"][0]["notify"] = ["ns3"]
        watched.site.write()
        ctl(watched.site, "reload")
        assert [s["remote"] for s in ask(watched.site, "secondaries")] == ["ns3"]


def test_transfers_of_a_secondary_are_shown_and_so_is_what_it_was_refused(watched):
    server, site = watched.server, watched.site
    watched.wait(lambda s: s["state"] == "in step", "in step")
    assert watched.look()["transfer"] is None
    client.transfer(server.at, "cc.example")
    done = watched.wait(lambda s: s["transfer"], "a transfer")["transfer"]
    assert done["type"] == "AXFR" and done["to"] == watched.serial and done["records"] > 3
    assert done["client"].startswith("127.0.0.1@") and done["octets"] > 100
    assert re.search(rf"transfer {STAMP}: AXFR to {watched.serial}, \d+ records, \d+ octets, \d+ "
                     r"ms, by 127.0.0.1@\d+\n", ctl(site, "secondaries").stdout)
    site.config["acl"][0]["address"] = ["127.0.8.0/24"]
    site.write()
    ctl(site, "reload")
    assert client.tcp(server.at, wire.query("cc.example", "AXFR")).rcode == 5
    assert client.tcp(server.at, wire.query("cc.example", "AXFR"), source="127.0.8.1").rcode == 0
    told = watched.look()
    assert told["error"]["text"] == "transfer refused: no acl lets it transfer " \
        "without a key, from its address"
    assert told["transfer"] == {**done, "ended": told["transfer"]["ended"]}


def test_a_transfer_that_ends_early_is_said_why(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ctl")
    with Watched(folder) as watched:
        for n in range(400):
            write_entry(watched.site.config["contacts"], f"u{n}", "x" * 40, contacts=3)
        watched.pretend.serial = watched.site.publish()["cc.example"]
        with client.Tcp(watched.server.at, receive_buffer=4096) as connection:
            connection.send(wire.query("cc.example", "AXFR"))
            connection.receive()
            assert watched.wait(lambda s: s["transfers-running"] == 1, "it runs")
        told = watched.wait(lambda s: s["error"], "an error")
        assert told["error"]["text"].startswith("transfer ended early: ")
        assert told["transfers-running"] == 0


def test_secondaries_of_a_zone_without_any_are_none(site, server):
    result = ctl(site, "secondaries", "cc.example.")
    assert result.stdout == "" and "has no 'notify'" in result.stderr
    assert ask(site, "secondaries") == []
    assert "there is no zone 'cc.test'" in ctl(site, "secondaries", "cc.test", code=1).stderr


def test_notify_tells_again_and_answers_with_what_was_answered(watched):
    watched.wait(lambda s: s["state"] == "in step", "in step")
    notified = watched.pretend.notified
    line = f"cc.example ns2 {watched.pretend.address} NOERROR\n"
    for words in ([], ["cc.example"], ["CC.example."], ["cc.example", "ns2"]):
        assert ctl(watched.site, "notify", *words).stdout == line
        notified += 1
        assert watched.pretend.notified == notified
    assert ask(watched.site, "notify") == [
        {"zone": "cc.example", "remote": "ns2", "address": watched.pretend.address,
         "answered": True, "error": None}]
    watched.wait(lambda s: s["state"] == "in step", "in step")


def test_notify_is_refused_when_it_is(watched):
    watched.pretend.notify_rcode = 5
    result = ctl(watched.site, "notify", code=1)
    assert "answers NOTIFY with REFUSED" in result.stdout
    assert "1 of 1 did not take the NOTIFY" in result.stderr
    assert "names no remote 'ns9'" in ctl(watched.site, "notify", "cc.example", "ns9",
                                          code=1).stderr
    assert "no zone 'cc.test'" in ctl(watched.site, "notify", "cc.test", code=1).stderr
    watched.site.config["zone"][0]["notify"] = []
    del watched.site.config["zone"][0]["notify"]
    watched.site.write()
    ctl(watched.site, "reload")
    assert "nobody to tell" in ctl(watched.site, "notify", code=1).stderr


def test_notify_gives_up_on_the_silent_and_says_who_has_gone(watched):
    watched.pretend.silent = True
    outcomes = together([lambda: ask(watched.site, "notify", code=1)])
    assert outcomes[0][0]["answered"] is False and outcomes[0][0]["error"] == "does not answer"

    def remove():
        time.sleep(0.5)
        del watched.site.config["zone"][0]["notify"]
        watched.site.write()
        ctl(watched.site, "reload")
    outcomes = together([lambda: ask(watched.site, "notify", code=1), remove])
    assert outcomes[0][0]["error"] == "is configured no more"


def test_a_zone_is_named_in_any_script_as_in_the_configuration(tmp_path):
    site = make_site(tmp_path, [zone("b\u00fccher.example"), zone("b.example")])
    with Contactd(site):
        for name in ("b\u00fccher.example", "B\u00dcCHER.example.", "xn--bcher-kva.example"):
            shown = ctl(site, "secondaries", name).stdout
            assert shown == ctl(site, "secondaries", "xn--bcher-kva.example").stdout
        said = ctl(site, "secondaries", "m\u00fcnchen.example", code=1).stderr
        assert "there is no zone 'm\u00fcnchen.example'" in said
