"""README.md and tests/README.md name tests that exist."""

import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = {"p": "test_protocol.py", "e": "test_edns.py", "t": "test_tcp.py", "x": "test_transfer.py",
         "s": "test_service.py", "r": "test_responder.py", "2": "test_secondaries.py",
         "z": "test_zonefile_readers.py", "d": "test_differential.py",
         "n": "test_dnssec_serving.py", "k": "test_roll.py", "l": "test_roll_look.py",
         "g": "test_signing.py", "v": "test_validation.py", "a": "test_signed_answers.py",
         "c": "test_signing_clock.py", "w": "test_signed_service.py",
         "f": "test_zonegen_signing.py", "q": "test_zonegen_quick.py",
         "i": "test_interop.py", "o": "test_network.py", "m": "test_many_secondaries.py",
         "9": "test_ixfr.py", "y": "test_tsig.py", "b": "test_contactctl.py",
         "h": "test_completion.py", "j": "test_zonegen_secondary.py", "6": "test_members.py",
         "past": "test_zonegen_history.py", "tls": "test_tls.py", "xot": "test_tls_transfer.py",
         "cert": "test_tls_certificate.py", "ck": "test_cookies.py", "fl": "test_floods.py",
         "box": "test_sandbox.py", "machine": "test_machine.py", "dam": "test_damage.py",
         "bench": "test_benchmark.py"}


def _read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def test_every_test_that_the_map_names_exists():
    units = "".join(_read(os.path.join(folder, name))
                    for folder, _, names in os.walk(os.path.join(HERE, "..", "unit"))
                    for name in names if name.endswith(".c"))
    readme = _read(os.path.join(HERE, "..", "README.md")) + \
        _read(os.path.join(HERE, "..", "..", "README.md"))
    missing = []
    for kind, name in re.findall(rf"`({'|'.join(['u', *FILES])}):(\w+)`", readme):
        found = re.search(rf"\b{name}\b", units) if kind == "u" else \
            f"def test_{name}(" in _read(os.path.join(HERE, FILES[kind]))
        if not found:
            missing.append(f"{kind}:{name}")
    assert not missing
