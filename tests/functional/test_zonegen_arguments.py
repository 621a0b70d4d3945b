"""zonegen: arguments, exit status 64, help, what commands say when something is missing."""

import os
import re
import subprocess

import pytest

from zonegen_fixtures import Site, published, site, zonegen  # noqa: F401

COMMANDS = ["check", "plan", "publish", "export", "report", "log", "verify"]


def run(*arguments, **more):
    return subprocess.run([zonegen(), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=60, **more)


@pytest.mark.parametrize("arguments,message", [
    ([], "no command given"),
    (["chek"], "unknown command 'chek'"),
    (["log", "a", "b"], "'b' is one too many for log"),
    (["rollback"], "rollback needs SERIAL [ZONE]"),
    (["verify", "cc.example"], "'cc.example' is one too many for verify"),
    (["purge", "--force"], "purge does not take --force"),
    (["key"], "key needs one of: generate, list, ds, import, roll"),
    (["key", "lst"], "unknown command 'key lst'; key has: generate, list"),
    (["key", "generate", "--ksk", "--zsk"], "key generate takes one of --ksk and --zsk"),
    (["secondary"], "secondary needs nsd|knot|bind|powerdns|unbound [ZONE ...]"),
    (["secondary", "nsd", "--with-secrets", "--only-secrets"],
     "secondary takes one of --with-secrets and --only-secrets"),
    (["check", "--strict"], "unknown option '--strict'"),
    (["check", "-c"], "option '-c' needs a value"),
    (["check", "--format", "xml"], "unknown format 'xml' for check"),
    (["check", "--force"], "check does not take --force"),
    (["plan", "--now", "tomorrow"], "'tomorrow' is no time"),
    (["plan", "x"], "'x' is one too many for plan"),
    (["export", "a", "b"], "'b' is one too many for export"),
    (["restore"], "restore needs FILE [ZONE]"),
])
def test_wrong_arguments_are_named_and_the_usage_follows(arguments, message):
    result = run(*arguments)
    assert result.returncode == 64
    assert result.stdout == ""
    assert result.stderr.startswith(f"zonegen: {message}")
    assert "usage:" in result.stderr


@pytest.mark.parametrize("argument", ["--help", "-h"])
def test_help_is_a_result(argument):
    result = run(argument)
    assert (result.returncode, result.stderr) == (0, "")
    for command in COMMANDS + ["restore"]:
        assert f"zonegen {command} " in result.stdout


@pytest.mark.parametrize("argument", ["--version", "-V"])
def test_version(argument):
    result = run(argument)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("zonegen ")


def test_options_may_stand_anywhere_after_the_command(site):
    for arguments in (["--format", "json", "-c", "site.conf", "contacts"],
                      ["contacts", "--format=json", "-csite.conf"],
                      ["-c", "site.conf", "--format", "json", "--", "contacts"]):
        result = run("check", *arguments, cwd=site.folder)
        assert result.returncode == 0, result.stderr
        assert "12 files, 24 contacts" in result.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_configuration_is_one_line_that_names_it(site, command):
    error = site.refused(command, config="nowhere.conf")
    assert error.startswith("zonegen: ") and error.count("\n") == 1
    assert "nowhere.conf" in error


def test_the_default_configuration_is_named_when_it_is_missing(site):
    if os.path.exists("/etc/contactd/contactd.conf"):
        pytest.skip("this machine has a configuration")
    assert "/etc/contactd/contactd.conf" in site.refused("plan", config=None)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_configuration_is_refused_with_its_place(site, command):
    site.write("wrong.conf", "databse: x\nzone: []\n")
    error = site.refused(command, config="wrong.conf")
    assert "wrong.conf:1:1: error:" in error


@pytest.mark.parametrize("command", ["plan", "publish", "export", "report"])
def test_a_configuration_without_a_zone_is_refused(site, command):
    site.configure(zones=())
    assert "no zone is configured" in site.refused(command)


@pytest.mark.parametrize("command", ["check", "plan", "publish", "report"])
def test_missing_contacts_are_one_line_that_names_them(site, command):
    site.configure(contacts="nowhere")
    error = site.refused(command)
    assert error.startswith("zonegen: ") and error.count("\n") == 1
    assert "nowhere" in error


@pytest.mark.parametrize("command", ["check", "plan", "publish", "report"])
def test_a_folder_without_contacts_is_refused(site, command):
    os.mkdir(site.path("empty"))
    site.configure(contacts="empty")
    error = site.refused(command)
    assert error.startswith("zonegen: ") and error.count("\n") == 1
    assert "empty" in error


@pytest.mark.parametrize("command", ["check", "plan", "publish", "report"])
def test_contacts_that_are_not_set_are_missed(site, command):
    site.configure(contacts=None)
    error = site.refused(command)
    assert error.startswith("zonegen: site.conf") or "/site.conf" in error
    assert "'contacts' is not set" in error


@pytest.mark.parametrize("command", ["plan", "publish", "restore"])
def test_a_user_that_does_not_exist_is_named(published, command):
    published.write("zone", published.export())
    published.configure(top="server:\n    user: no-such-account")
    arguments = ["restore", "zone"] if command == "restore" else [command]
    assert "user 'no-such-account' does not exist" in published.refused(*arguments)


@pytest.mark.parametrize("command", ["plan", "publish", "export", "restore"])
def test_what_is_no_database_is_left_alone(site, command):
    os.mkdir(site.path("db"))
    site.write("db/contacts.mdb", "my thesis\n" * 1000)
    site.write("zone", "")
    if command == "restore":
        site.write("zone", ZONE)
    arguments = ["restore", "zone"] if command == "restore" else [command]
    error = site.refused(*arguments)
    assert "db/contacts.mdb" in error
    assert site.read("db/contacts.mdb") == "my thesis\n" * 1000


ZONE = """\
cc.example. 60 IN SOA ns1.cc.example. hostmaster.cc.example. 7 60 60 60 60
cc.example. 60 IN NS ns1.cc.example.
ns1.cc.example. 60 IN A 192.0.2.1
"""


@pytest.mark.parametrize("command", ["plan", "publish", "export", "restore"])
def test_a_database_of_another_version_is_refused_with_what_to_do(published, command):
    with open(published.database, "rb") as file:
        octets = file.read()
    magic = re.compile(rb"contactd\0\0\0[\1-\x20]")
    assert magic.search(octets)
    with open(published.database, "wb") as file:
        file.write(magic.sub(b"contactd\0\0\0\x63", octets))
    published.write("zone", ZONE)
    arguments = ["restore", "zone"] if command == "restore" else [command]
    error = published.refused(*arguments)
    assert "db/contacts.mdb" in error and "another version" in error and "zonegen publish" in error


@pytest.mark.parametrize("arguments", [["--help"], ["check"], ["plan"], ["publish"], ["report"],
                                       ["export"]])
def test_a_full_disk_is_no_success(published, arguments):
    if arguments == ["plan"]:
        published.remove("aa")
    with open("/dev/full", "w", encoding="ascii") as full:
        config = None if arguments == ["--help"] else "site.conf"
        error = published.refused(*arguments, stdout=full, config=config)
    assert "No space left on device" in error
    assert error.splitlines()[-1].startswith("zonegen: ")


@pytest.mark.parametrize("arguments", [["check"], ["export"]])
def test_a_closed_pipe_is_no_success(published, arguments):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        assert "Broken pipe" in published.refused(*arguments, stdout=pipe)


def test_a_closed_standard_output_does_not_hit_the_database(site):
    before = subprocess.run(["sh", "-c", '"$0" publish -c site.conf >&-', zonegen()],
                            cwd=site.folder, stderr=subprocess.PIPE, text=True, timeout=60)
    assert before.returncode == 1
    assert "standard output" in before.stderr
    site.publish()  # nothing was, since nobody could be told
    assert site.export().startswith("cc.example.")


def test_nothing_of_progress_in_a_pipe(published):
    for arguments in (["check"], ["plan"], ["publish"], ["export"], ["report"]):
        result = published.run(*arguments)
        assert result.returncode == 0
        assert "\r" not in result.stderr and "\x1b" not in result.stderr
