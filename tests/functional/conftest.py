"""Fixtures of the functional tests. BUILD names the folder of the build; tests/run sets it."""

import json
import os

import pytest

from support import process, tls
from support.contactd import ZONES, Contactd, Site, zone

SHORT = os.environ.get("SHORT") == "1"  # sanitizer builds are slow: they get samples


def _sanitizers():
    """Those of the build, by meson's own notes: none, "thread", "address,undefined"."""
    try:
        with open(f"{os.environ.get('BUILD')}/meson-info/intro-buildoptions.json",
                  encoding="utf-8") as file:
            found, = (option["value"] for option in json.load(file)
                      if option["name"] == "b_sanitize")
            return found.replace("none", "")
    except OSError:
        return ""


SANITIZED = _sanitizers()
LONG = os.environ.get("LONG") == "1"  # tests/full: all of what else is sampled
# Sanitizer builds leave out what is mostly about other programs, or waits; tests/full has it.
collect_ignore = ["test_completion.py", "test_interop.py", "test_many_secondaries.py",
                  "test_network.py", "test_roll_look.py", "test_secondaries.py",
                  "test_validation.py", "test_zonefile_readers.py",
                  "test_zonegen_secondary.py"] if SHORT else []


def pytest_configure(config):
    if not os.environ.get("BUILD"):
        raise pytest.UsageError("set BUILD to the folder of the build, as tests/run does")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failed test shows the end of the log of every server that runs."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for child in process.running:
            report.sections.append((f"log of {child.name}, {child.log_path}", child.log()[-4000:]))


@pytest.fixture(autouse=True, scope="session")
def end_processes():
    """Whatever a test has left running ends here, by its id."""
    yield
    for child in list(process.running):
        child.stop(5)


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """The sample contacts, published in three zones, one of them for members only."""
    site = Site(tmp_path_factory.mktemp("sample"), [
        zone("cc.example"), zone("cc-contacts.test"),
        zone("members.cc.example", audience="members", acl=["members", "local"])],
        acl=[{"id": "local", "address": ["127.0.0.0/24", "::1"], "action": "transfer"},
             {"id": "members", "address": ["127.0.3.0/24"], "action": "query"}])
    site.publish()
    return site


@pytest.fixture(scope="session")
def served(sample):
    """contactd with the sample contacts."""
    with Contactd(sample) as server:
        yield server


@pytest.fixture(scope="session")
def corner_site(tmp_path_factory):
    """The sample in one zone as published, and the corner zones (zones/) as restored."""
    site = Site(tmp_path_factory.mktemp("corner"), [zone("cc.example")])
    site.publish()
    site.config["zone"] += [zone("corner.example"), zone("star.example"), zone("empty.example")]
    site.write()
    for name in ("corner.example", "star.example"):
        site.restore(f"{ZONES}/{name}", name)
    return site


@pytest.fixture(scope="session")
def corner(corner_site):
    """contactd with the corner zones; empty.example is configured but was never published."""
    with Contactd(corner_site) as server:
        yield server


@pytest.fixture(scope="session")
def tls_root(tmp_path_factory):
    return tls.Issuer(tmp_path_factory.mktemp("root"), "Root")


@pytest.fixture(scope="session")
def partners(tmp_path_factory):
    """Who signs clients' certificates."""
    return tls.Issuer(tmp_path_factory.mktemp("partners"), "Partners")


@pytest.fixture(scope="session")
def secure(tmp_path_factory, tls_root, partners):
    """A public zone; zones whose secondaries come by TLS, by a certificate, by a certificate at
    their address; a members' zone for whom a certificate names."""
    folder = tmp_path_factory.mktemp("secure")
    middle = tls.Issuer(folder, "Middle", above=tls_root)
    pair = middle.issue("server", chain=[middle.certificate])
    site = Site(folder, [
        zone("cc.example"), zone("tls.example", acl=["by-tls"]),
        zone("cert.example", acl=["by-cert"]), zone("both.example", acl=["by-both"]),
        zone("members.example", audience="members", acl=["members", "by-cert"])],
        server={"workers": 1, **tls.settings(pair, **{"tls-ca": partners.path})},
        key=[{"id": tls.SECRET.name, "algorithm": tls.SECRET.algorithm,
              "secret-file": tls.SECRET.write(folder)}],
        remote=[{"id": "ns2", "address": ["127.0.0.1"], "tls": "on"},
                {"id": "ns3", "address": ["127.0.0.7"], "tls": "on",
                 "cert-hostname": "ns3.partner.example"}],
        acl=[{"id": "local", "address": ["127.0.0.0/8", "::1"], "action": "transfer"},
             {"id": "by-tls", "remote": ["ns2"], "action": "transfer"},
             {"id": "by-cert", "cert-hostname": "ns2.partner.example", "action": "transfer"},
             {"id": "by-both", "remote": ["ns3"], "action": "transfer"},
             {"id": "members", "cert-hostname": "member.example", "action": "query"}])
    site.publish()
    with Contactd(site, name="secure") as server:
        yield server
