"""The floors of the design: who may include what, and what the programs import."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ["BUILD"])

# Module -> (floor, modules that it may include, third-party headers that it may include).
MODULES = {
    "wire": (0, set(), set()),
    "store": (1, {"wire"}, {"lmdb.h"}),
    "conf": (1, {"wire"}, {"yaml.h", "idn2.h"}),
    "contacts": (2, {"wire", "conf"}, set()),
    "zone": (2, {"wire", "store", "conf", "contacts"}, {"ldns/ldns.h", "openssl/evp.h"}),
    "sign": (
        2,
        {"wire", "store", "conf", "zone"},
        {"ldns/ldns.h", "openssl/bn.h", "openssl/core_names.h", "openssl/crypto.h",
         "openssl/ecdsa.h", "openssl/evp.h"},
    ),
    "commit": (2, {"wire", "store", "conf", "zone", "sign"}, set()),
    "command": (
        2,
        {"wire", "store", "conf", "contacts", "zone", "sign", "commit"},
        {"openssl/err.h", "openssl/evp.h", "openssl/pem.h", "openssl/sha.h", "openssl/x509v3.h"},
    ),
    "server": (
        2,
        {"wire", "store", "conf"},
        {"event2/event.h", "event2/event_struct.h", "event2/util.h", "openssl/core_names.h",
         "openssl/crypto.h", "openssl/evp.h", "openssl/params.h"},
    ),
}
# The only ones that may include what TLS and certificates need.
TLS_SOURCES = {"server/tls_identity.c", "server/tls_session.c", "server/tls_transport.c"}
TLS_HEADERS = {"openssl/bio.h", "openssl/err.h", "openssl/pem.h", "openssl/ssl.h",
               "openssl/x509v3.h"}
FOLDERS = {
    "wire": "zonegen/wire",
    "store": "zonegen/store",
    "conf": "conf",
    "contacts": "zonegen/contacts",
    "zone": "zonegen/zone",
    "sign": "zonegen/sign",
    "commit": "zonegen/commit",
    "command": "zonegen/command",
    "server": "server",
}
# main.c stands above its floor: it connects the parts.
MAINS = {"server/main.c", "zonegen/main.c"}
THIRD_PARTY = re.compile(r"^(lmdb|yaml|idn2|ldns/|event|openssl/)")


def sources():
    for module, folder in FOLDERS.items():
        for path in sorted((ROOT / folder).glob("*.[ch]")):
            yield module, path


def includes(path):
    for line in path.read_text().splitlines():
        match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if match:
            yield match.group(1), match.group(2)


def test_no_module_includes_upward_or_sideways():
    wrong = []
    for module, path in sources():
        if str(path.relative_to(ROOT)) in MAINS:
            continue
        for quote, name in includes(path):
            if quote != '"':
                continue
            target = name.split("/")[0]
            if target != module and target not in MODULES[module][1]:
                wrong.append(f"{path.relative_to(ROOT)} includes {name}")
    assert not wrong


def test_includes_are_rooted():
    wrong = [
        f"{path.relative_to(ROOT)} includes {name}"
        for _, path in sources()
        for quote, name in includes(path)
        if quote == '"' and ("/" not in name or name.startswith("."))
    ]
    assert not wrong


def test_third_party_headers_stay_where_they_belong():
    wrong = []
    for module, path in sources():
        for _, name in includes(path):
            allowed = MODULES[module][2]
            if str(path.relative_to(ROOT)) in TLS_SOURCES:
                allowed = allowed | TLS_HEADERS
            if THIRD_PARTY.match(name) and name not in allowed:
                wrong.append(f"{path.relative_to(ROOT)} includes {name}")
    assert not wrong


def test_no_two_headers_include_each_other():
    graph = {}
    for module, path in sources():
        if path.suffix != ".h":
            continue
        graph[f"{module}/{path.name}"] = [n for q, n in includes(path) if q == '"']
    done = set()

    def visit(name, trail):
        assert name not in trail, " -> ".join([*trail, name])
        if name in done:
            return
        for target in graph.get(name, []):
            visit(target, [*trail, name])
        done.add(name)

    for name in graph:
        visit(name, [])


@pytest.mark.parametrize("forbidden", ["mdb_put", "mdb_del", "mdb_cursor_put", "mdb_cursor_del", "ldns_"])
def test_contactd_cannot_write_and_knows_no_ldns(forbidden):
    symbols = subprocess.run(
        ["nm", "-D", "--undefined-only", BUILD / "server/contactd"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "mdb_txn_begin" in symbols  # the list is the right one
    assert forbidden not in symbols


def test_wire_is_libc_only_without_malloc_or_io():
    objects = sorted((BUILD / "zonegen/wire").glob("libwire.a.p/*.o"))
    assert objects
    symbols = subprocess.run(
        ["nm", "--undefined-only", *objects], check=True, capture_output=True, text=True
    ).stdout
    for name in ("malloc", "calloc", "free", "printf", "fopen", "write", "read"):
        assert not re.search(rf"\bU {name}\b", symbols), name


def test_the_top_level_is_fixed():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\0")[:-1]
    if not listed:
        pytest.skip("not a git checkout")
    top = {name.split("/")[0] for name in listed}
    fixed = {"server", "zonegen", "conf", "tests", "meson.build", "README.md", "LICENSE"}
    assert {name for name in top if not name.startswith(".")} <= fixed


@pytest.mark.parametrize("page", sorted((ROOT / "conf/man").glob("*.[1-8]")), ids=lambda p: p.name)
def test_manual_pages_are_clean(page):
    lint = subprocess.run(
        ["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True, check=False
    )
    assert lint.stdout + lint.stderr == ""
