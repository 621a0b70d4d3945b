"""Damaged databases: what is served of them, and what is said. tests/faults has the long forms."""

import os
import shutil
import sys

import pytest

from conftest import SHORT
from support.contactd import Contactd, Site, program, zone
from support.contacts import write_entry
from support.process import run, wait_until

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from fault_parts import flips, part  # noqa: E402



@pytest.fixture
def site(tmp_path):
    contacts = tmp_path / "contacts"
    contacts.mkdir()
    for label in ("xa", "xb", "xc"):
        write_entry(contacts, label, f"marker of {label}", contacts=3)
    site = Site(tmp_path, [zone("cc.example")], contacts=contacts, tlds="any")
    site.publish()
    return site


def test_answers_are_right_or_servfail_whatever_is_damaged(tmp_path, monkeypatch):
    """tests/faults flips, a sample."""
    monkeypatch.setenv("CASES", "8" if SHORT else "32")
    monkeypatch.setenv("SEED", "2")
    monkeypatch.setenv("JOBS", "1")
    outcome = part.Part("flips", str(tmp_path))
    flips.run(outcome)
    assert not outcome.findings


def ends_with_one_line(server, words):
    """It ends by itself; its last line names the database, and there is no other error."""
    assert server.process.wait(10) == 1
    errors = [line for line in server.log().splitlines() if " error " in line]
    assert len(errors) == 1 and server.site.database in errors[0] and words in errors[0], errors
    server.process.stop()


def refused(site, command):
    result = run([program(command[0]), *command[1:], "-c", site.path])
    lines = [line for line in result.stderr.splitlines() if "warning" not in line]
    assert result.returncode == 1 and len(lines) == 1 and site.database in lines[0], result.stderr


def damage_pages(path, octets):
    with open(path, "r+b") as file:
        file.seek(8192)
        file.write(octets)


@pytest.mark.parametrize("name,do,words", [
    ("cut", lambda path: os.truncate(path, 8192), "cut"),
    ("zeroed", lambda path: damage_pages(path, bytes(os.path.getsize(path) - 8192)), "damaged"),
    ("copied over", lambda path: shutil.copyfile(__file__, path), ""),
])
def test_damage_under_a_running_server_is_one_line_and_a_restart_refuses_it(site, name, do, words):
    server = Contactd(site, name=f"contactd-{name}")
    do(site.database)
    ends_with_one_line(server, words)
    for command in (["contactd"], ["zonegen", "verify"], ["zonegen", "publish"],
                    ["zonegen", "export"]):
        refused(site, command)


def test_a_database_that_is_deleted_is_served_on_until_another_takes_its_place(site):
    with Contactd(site) as server:
        os.unlink(site.database)
        wait_until(lambda: "was deleted" in server.log(), 10, "a line", server.process)
        assert server.ask("xa.cc.example").answer
    assert site.database in server.log()


def test_a_damaged_record_is_servfail_and_logged_once(site):
    with Contactd(site) as server:
        with open(site.database, "rb") as file:
            octets = file.read()
        with open(site.database, "r+b") as file:
            file.write(octets.replace(b"marker of xb", b"Marker of xb"))
        for _ in range(20):
            assert server.ask("xb.cc.example").rcode == 2
        assert server.ask("xa.cc.example").answer
        line = "a record of xb.cc.example is damaged"
        wait_until(lambda: line in server.log(), 10, "a line", server.process)
        assert server.log().count(line) == 1
        assert server.log().count("SERVFAIL, ") <= 2  # with a query: once a minute and worker
    assert "damaged" in run([program("zonegen"), "verify", "-c", site.path]).stderr
