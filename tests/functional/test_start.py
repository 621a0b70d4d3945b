"""What keeps contactd from starting is one clear line and exit 1; as root it gives up what it can."""

import os
import re
import tempfile

import pytest

from support.contactd import Contactd, Site, program, zone
from support.ports import Port
from support.process import run


@pytest.fixture
def site(tmp_path):
    """A published repository of one entry, and a port of its own."""
    contacts = tmp_path / "contacts"
    contacts.mkdir()
    (contacts / "no.yaml").write_text(
        "tld: no\nregistry: Norid\ntimezone: UTC\nlanguages: [en]\nverified: 2026-11-01\n"
        "verified-by: mail\ncontacts:\n  - role: security\n    name: Duty\n"
        "    phone: +44 20 7946 0101\n    hours: 24x7\n", encoding="utf-8")
    made = Site(tmp_path, [zone("cc.example")], contacts=contacts)
    port = Port()
    made.config["server"]["listen"] = [f"127.0.0.1@{port.number}"]
    made.write()
    port.release()
    made.publish()
    return made


def refused(site, *arguments):
    """The one line of a start that fails."""
    result = run([program("contactd"), "-c", site.path, *arguments], timeout=30)
    assert result.returncode == 1 and result.stdout == ""
    lines = [line for line in result.stderr.splitlines() if "running as root" not in line]
    assert len(lines) == 1, lines
    return lines[0]


def test_a_port_in_use_is_named(site):
    with Contactd(site, addresses=("127.0.0.1",)) as first:
        assert f"cannot listen on 127.0.0.1@{first.port}: address already in use" in refused(site)
        assert first.ask("no.cc.example").texts()  # the one that runs is untouched


def test_a_missing_database_is_named_with_what_makes_it(site):
    os.unlink(site.database)
    line = refused(site)
    assert site.database in line and "zonegen publish" in line
    assert not os.path.exists(site.database)


def test_a_file_that_is_no_database_is_refused(site):
    with open(site.database, "wb") as file:
        file.write(bytes(16384))
    assert f"{site.database} is not a database of contactd" in refused(site)


def test_a_malformed_configuration_is_shown_with_its_place(site):
    site.config["server"]["wrokers"] = 2
    site.write()
    for arguments in ((), ("--check",)):
        assert re.search(r"contactd\.conf:\d+:\d+: error: .*wrokers.*workers", refused(site, *arguments))


def test_a_configuration_that_is_not_there_is_named(site):
    os.rename(site.path, site.path + ".away")
    assert site.path in refused(site)


def let_everybody_in(site, tmp_path_factory):
    os.chmod(site.folder, 0o755)
    base = tmp_path_factory.getbasetemp()
    for folder in (base, *base.parents):
        if tempfile.gettempdir() in map(str, folder.parents):
            os.chmod(folder, 0o755)


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files to others")
def test_the_server_gets_to_a_database_whatever_the_umask_of_who_publishes(site, tmp_path_factory):
    let_everybody_in(site, tmp_path_factory)
    site.database = site.config["database"] = os.path.join(site.folder, "lib/contactd/contacts.mdb")
    site.config["server"]["user"] = "nobody"
    site.write()
    with_umask = ["sh", "-c", 'umask 077; exec "$@"', "sh", program("zonegen"), "publish"]
    assert run([*with_umask, "-c", site.path]).returncode == 0
    assert os.stat(site.database).st_mode & 0o777 == 0o640
    with Contactd(site, addresses=("127.0.0.1",)) as server:
        assert server.ask("no.cc.example").texts()
    closed = os.path.dirname(os.path.dirname(site.database))
    os.chmod(closed, 0o700)
    result = run([program("contactd"), "-c", site.path], timeout=30)
    assert result.returncode == 1
    assert f"this account must be let into the folder {closed}\n" in result.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="only root has privileges to give up")
def test_root_becomes_the_user_after_binding(site, tmp_path_factory):
    """What counts is who it is when it answers."""
    site.config["server"]["user"] = "nobody"
    let_everybody_in(site, tmp_path_factory)
    site.write()
    site.publish("--force")
    with Contactd(site, addresses=("127.0.0.1",)) as server:
        assert server.ask("no.cc.example").texts()
        with open(f"/proc/{server.process.pid}/status", encoding="ascii") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        assert len(set(status["Uid"].split())) == 1 and "0" not in status["Uid"].split()
        assert int(status["CapEff"], 16) == 0 and status["NoNewPrivs"] == "1"
        assert os.stat(site.database).st_mode & 0o777 == 0o640
        assert os.stat(site.database + "-lock").st_mode & 0o777 == 0o660
