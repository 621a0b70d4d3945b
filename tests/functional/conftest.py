"""Fixtures of the functional tests. BUILD names the folder of the build; tests/run sets it."""

import os
import shutil

import pytest

from support import process
from support.contactd import SAMPLES, ZONES, Contactd, Site, zone
from support.peers import Bind, Knot, Nsd, PowerDns
from support.ports import Port

SHORT = os.environ.get("SHORT") == "1"  # sanitizer builds are slow: they get samples


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


class Constellation:
    """contactd with three zones, and four secondaries of other makes that it notifies."""

    domains = ("cc.example", "cc-contacts.test", "members.cc.example")

    def __init__(self, folder):
        self.contacts = folder / "contacts"
        shutil.copytree(SAMPLES, self.contacts)
        kinds = (Nsd, Knot, Bind, PowerDns)
        port = Port()
        self.secondaries = [kind(folder, secondary_of=self.domains,
                                 primary=("127.0.0.1", port.number)) for kind in kinds]
        remotes = [{"id": peer.name.replace("_", "-"), "address": f"127.0.0.1@{peer.port.number}"}
                   for peer in self.secondaries]
        notify = {"notify": [remote["id"] for remote in remotes]}
        self.site = Site(folder, [
            zone("cc.example", **notify), zone("cc-contacts.test", **notify),
            zone("members.cc.example", audience="members", **notify, acl=["members", "local"])],
            contacts=self.contacts, remote=remotes,
            acl=[{"id": "local", "address": ["127.0.0.0/24", "::1"], "action": "transfer"},
                 {"id": "members", "address": ["127.0.3.0/24"], "action": "query"}])
        self.site.publish()
        self.server = Contactd(self.site, port=port)
        for peer in self.secondaries:
            peer.start()
        for peer in self.secondaries:
            peer.wait()

    def stop(self):
        for peer in self.secondaries:
            peer.stop()
        self.server.stop()


@pytest.fixture(scope="session")
def constellation(tmp_path_factory):
    constellation = Constellation(tmp_path_factory.mktemp("constellation"))
    yield constellation
    constellation.stop()
