"""Completion in bash offers exactly what each program's usage has, zones and remotes too."""

import os
import re
import subprocess

import pytest

from support.contactd import SOURCE, Contactd, Site, program, zone
from support.contacts import write_entry
from support.process import environment, run

SCRIPT = os.path.join(SOURCE, "conf", "completion", "contactd.bash")
PROGRAMS = ["contactd", "contactctl", "zonegen"]


def offered(*words, cwd="/"):
    """What is offered for the last word, which may be empty."""
    folders = ":".join(os.path.dirname(program(name)) for name in PROGRAMS)
    result = subprocess.run(
        ["bash", "-c", 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _contactd; '
         'printf "%s\\n" "${COMPREPLY[@]}"', "bash", SCRIPT, *words],
        env=dict(environment(), PATH=f"{folders}:{environment()['PATH']}"), cwd=cwd,
        capture_output=True, text=True, timeout=60, check=True)
    assert result.stderr == ""
    return sorted(set(result.stdout.split("\n")) - {""})


def usage(name):
    """Of each line: the words of the command, its options, the values of --format, its operands."""
    lines = run([program(name), "--help"]).stdout.replace("usage: ", "").splitlines()
    for line in lines:
        if not line.strip().startswith(f"{name} "):
            continue
        rest = line.strip()[len(name):]
        options = re.findall(r"(?<![\w-])--?[a-zA-Z][a-z0-9-]*", rest)
        values = re.search(r"--format ([a-z|]+)", rest)
        bare = re.sub(r"\[-[^\]]*\]|(?<= )-\S+|\|(?= )", "", rest).split()
        command = []
        while bare and re.fullmatch("[a-z]+", bare[0]):
            command.append(bare.pop(0))
        yield command, options, values and values.group(1).split("|"), bare


@pytest.mark.parametrize("name", PROGRAMS)
def test_commands_and_options_are_those_of_the_usage(name):
    lines = list(usage(name))
    assert offered(name, "") == sorted({command[0] for command, *_ in lines if command})
    assert offered(name, "-") == sorted({o for _, options, *_ in lines for o in options})
    for command, options, values, _ in lines:
        if not command:
            continue
        alike = [o for c, os_, *_ in lines if c == command for o in os_]
        assert offered(name, *command, "-") == sorted(set(alike))
        assert command[-1] in offered(name, *command[:-1], command[-1][:1])
        if values:
            assert set(values) <= set(offered(name, *command, "--format", "")) <= \
                {v for c, _, vs, _ in lines if c == command for v in vs or []}
        long = [o for o in options if o.startswith("--")]
        if long:
            assert long[0] in offered(name, *command, long[0][:4])


def test_the_value_of_an_option_is_no_operand(tmp_path):
    (tmp_path / "a.conf").write_text("")
    kinds = ["bind", "knot", "nsd", "powerdns", "unbound"]
    for before in ([], ["--remote", "ns2"], ["-c", "a.conf", "--address", "192.0.2.1"]):
        assert offered("zonegen", "secondary", *before, "", cwd=str(tmp_path)) == kinds
    assert offered("zonegen", "key", "tsig", "--out", "", cwd=str(tmp_path)) == ["a.conf"]
    assert offered("zonegen", "key", "tsig", "--format", "k", cwd=str(tmp_path)) == ["knot"]
    assert offered("zonegen", "secondary", "--remote", "", cwd=str(tmp_path)) == []


def test_files_are_offered_where_the_usage_has_one(tmp_path):
    (tmp_path / "a.conf").write_text("")
    (tmp_path / "b.yaml").write_text("")
    for words in (["contactd", "-c", ""], ["contactctl", "--socket", ""],
                  ["zonegen", "check", "--config", ""], ["zonegen", "check", ""],
                  ["zonegen", "check", "b.yaml", ""]):
        assert offered(*words, cwd=str(tmp_path)) == ["a.conf", "b.yaml"], words
    assert offered("zonegen", "check", "b", cwd=str(tmp_path)) == ["b.yaml"]


def test_levels_zones_and_remotes_are_offered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ctl")
    contacts = folder / "contacts"
    contacts.mkdir()
    write_entry(contacts, "t1", "first")
    site = Site(folder, [zone("cc.example", notify=["ns2", "ns3"]), zone("cc.test")], contacts,
                server={"control": str(folder / "ctl")}, tlds="any",
                remote=[{"id": "ns2", "address": ["127.0.0.1@9"]},
                        {"id": "ns3", "address": ["127.0.0.2@9", "127.0.0.3@9"]}])
    site.publish()
    assert offered("contactctl", "log", "") == ["debug", "error", "info", "warning"]
    assert offered("contactctl", "log", "debug", "") == []
    assert offered("contactctl", "-c", site.path, "notify", "") == []
    with Contactd(site):
        for words in (["secondaries"], ["--json", "notify"]):
            assert offered("contactctl", "-c", site.path, *words, "") == ["cc.example", "cc.test"]
        assert offered("contactctl", "-c", site.path, "notify", "cc.e") == ["cc.example"]
        assert offered("contactctl", "-c", site.path, "notify", "cc.example", "") == ["ns2", "ns3"]
        assert offered("zonegen", "export", "-c", site.path, "") == ["cc.example", "cc.test"]


def test_it_is_installed_under_each_name(tmp_path):
    result = run(["meson", "install", "-C", os.path.abspath(os.environ["BUILD"]), "--no-rebuild",
                  "--destdir", str(tmp_path)])
    assert result.returncode == 0, result.stdout + result.stderr
    with open(SCRIPT, encoding="utf-8") as file:
        script = file.read()
    for name in PROGRAMS:
        installed, = tmp_path.glob(f"**/share/bash-completion/completions/{name}")
        assert installed.read_text() == script
        assert list(tmp_path.glob(f"**/bin/{name}"))
    assert list(tmp_path.glob("**/man/man8/contactctl.8"))
