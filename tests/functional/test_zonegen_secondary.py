"""`zonegen secondary`: what it prints makes each server a secondary as it stands, with keys, over TLS
and with certificates where it can, and the catalog has those that read it take up and drop zones by
themselves."""

import base64
import os
import re
import shutil
import signal

import pytest

from support import client, tls, wire
from support.contactd import NOW, SAMPLES, SOURCE, Contactd, Site, program, serial_of, zone
from support.peers import need
from support.printed import MAKES
from support.process import find_program, run, wait_until

PUBLIC = ["cc.example", "cc-contacts.test"]
MEMBERS = "cc-members.example"
CATALOG, ALL = "catalog.example", "all.catalog.example"
MEMBER, STRANGER = "127.0.0.9", "127.0.0.5"
PATIENCE = 20
# What each of them can have: PowerDNS and Unbound keep nothing to members, and only three read
# catalogs, of these only Knot one that lists zones for members too.
ZONES = {
    "nsd": [*PUBLIC, MEMBERS],
    "knot": [*PUBLIC, MEMBERS],
    "bind": [*PUBLIC, MEMBERS],
    "powerdns": PUBLIC,
    "unbound": PUBLIC,
}
OPERANDS = {"powerdns": [*PUBLIC, CATALOG], "unbound": PUBLIC}
CONSUMERS = {"knot": ALL, "bind": CATALOG, "powerdns": CATALOG}


def configured(domain, **items):
    return zone(domain, acl=["members", "secondaries"], notify=list(MAKES), **items)


# What each remote comes with; nothing less opens a zone to it. The others have addresses
# of their own.
KEYS = {"nsd": "hmac-sha256", "knot": "hmac-sha512", "bind": "hmac-sha384"}
TLS = {"nsd": {"tls": "on", "cert-hostname": "nsd.partner.example"},
       "bind": {"tls": "on", "cert-hostname": "bind.partner.example"}}


def write_key(folder, make):
    """A key of its own for each: the names are those of the makes."""
    secret = base64.b64encode(make.encode() * 16).decode()
    path = folder / f"{make}.tsig"
    path.write_text(f'key "{make}" {{ algorithm {KEYS[make]}; secret "{secret}"; }};\n')
    path.chmod(0o600)
    return {"id": make, "algorithm": KEYS[make], "secret-file": str(path)}


class World:
    """contactd with the zones above, one secondary of each make, some contacts files."""

    def __init__(self, folder):
        need(*(kind.program for kind in MAKES.values()))
        contacts = folder / "contacts"
        contacts.mkdir()
        for name in ("no.yaml", "se.yaml", "de.yaml"):
            shutil.copy(os.path.join(SAMPLES, name), contacts)
        self.contacts = contacts
        self.issuer = tls.Issuer(folder)
        server = tls.settings(self.issuer.issue("server"), **{"tls-ca": self.issuer.path})
        catalogs = [{"domain": CATALOG, "catalog": "on", "acl": ["secondaries"],
                     "notify": list(MAKES)},
                    {"domain": ALL, "catalog": "on", "audience": "members",
                     "acl": ["secondaries"], "notify": list(MAKES)}]
        self.site = Site(folder, [*(configured(domain) for domain in PUBLIC),
                                  configured(MEMBERS, audience="members"), *catalogs],
                         contacts=str(contacts), log={"level": "debug"}, server=server,
                         key=[write_key(folder, make) for make in KEYS])
        self.secondaries = {make: kind(folder) for make, kind in MAKES.items()}
        self.site.config["remote"] = [
            {"id": make, "address": "%s@%d" % peer.at, **TLS.get(make, {}),
             **({"key": make} if make in KEYS else {})}
            for make, peer in self.secondaries.items()]
        self.site.config["acl"] = [
            {"id": "members", "address": [MEMBER], "action": "query"},
            {"id": "secondaries", "remote": list(MAKES), "action": "transfer"}]
        self.site.write()
        self.publish()

    def certify(self, make, peer):
        """What the printed configuration says that the operator has."""
        shutil.copy(self.issuer.path, peer.path("contactd-ca.pem"))
        name = TLS.get(make, {}).get("cert-hostname")
        if name:
            pair = self.issuer.issue(make, names=(name,), use=tls.CLIENT)
            shutil.copy(pair[0], peer.path("contactd.pem"))
            shutil.copy(pair[1], peer.path("contactd-pem.key"))

    def publish(self, *arguments):
        self.serials = self.site.publish(*arguments)

    def __enter__(self):
        self.primary = Contactd(self.site)
        for make, peer in self.secondaries.items():
            self.certify(make, peer)
            port = self.primary.tls[1] if make in TLS else self.primary.port
            address = "::1" if ":" in peer.at[0] else "127.0.0.1"
            peer.prepare(self.site, f"{address}@{port}", *OPERANDS.get(make, []))
            peer.start()
        return self

    def __exit__(self, *_):
        for peer in self.secondaries.values():
            peer.stop()
        self.primary.stop()

    def follows(self, make, domain):
        peer = self.secondaries[make]
        wait_until(lambda: serial_of(peer.at, domain) == self.serials[domain], PATIENCE,
                   f"{make} serves {domain} {self.serials[domain]}", peer.process)

    def reload(self):
        self.primary.process.signal(signal.SIGHUP)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("secondary")) as made:
        yield made


def is_closed(peer, domain, rrtype="SOA"):
    """True where a stranger gets no answer: NSD drops, BIND refuses, Knot says NOTAUTH."""
    reply = client.udp(peer.at, wire.query(domain, rrtype), source=STRANGER, timeout=0.5, tries=1)
    return reply is None or wire.Message(reply).rcode in (5, 9)


def ask(peer, name, rrtype="TXT", source=None):
    return client.ask(peer.at, wire.query(name, rrtype), source=source)


@pytest.mark.parametrize("make", MAKES)
def test_each_serves_every_zone_that_it_may_have(world, make):
    peer = world.secondaries[make]
    for domain in ZONES[make]:
        world.follows(make, domain)
        for name in (f"no.{domain}", f"www.no.{domain}", f"_index.{domain}"):
            ours = sorted(world.primary.ask(name, source=MEMBER).texts())
            source = None if ":" in peer.at[0] else MEMBER
            # One process of several may have the zone while another one has not yet.
            wait_until(lambda name=name, source=source, ours=ours:
                       sorted(ask(peer, name, source=source).texts()) == ours, 10,
                       f"{make} answers for {name}")


@pytest.mark.parametrize("make", [make for make, zones in ZONES.items() if MEMBERS in zones])
def test_what_is_for_members_is_kept_to_them_there_too(world, make):
    peer = world.secondaries[make]
    world.follows(make, MEMBERS)
    assert is_closed(peer, MEMBERS) and is_closed(peer, f"no.{MEMBERS}", "TXT")
    assert not is_closed(peer, f"no.{PUBLIC[0]}", "TXT")


def test_a_publish_reaches_all_of_them(world):
    path = world.contacts / "no.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Norid incident desk", "Norid desk"), encoding="utf-8")
    before = world.serials
    world.publish()
    assert world.serials[CATALOG] == before[CATALOG] and world.serials[ALL] == before[ALL]
    for make, domains in ZONES.items():
        for domain in domains:
            assert world.serials[domain] > before[domain]
            world.follows(make, domain)


@pytest.mark.parametrize("make", CONSUMERS)
def test_catalogs_are_transferred_and_not_shown_to_others(world, make):
    if make != "knot":  # it shows a catalog to nobody
        world.follows(make, CONSUMERS[make])
    assert is_closed(world.primary, CONSUMERS[make])
    if make != "powerdns":  # it has no acl for queries
        assert is_closed(world.secondaries[make], CONSUMERS[make])


def test_zones_come_and_go_with_the_catalog(world):
    """Nothing is told to the secondaries but what their catalogs say."""
    come = {"new.example": "public", "new-members.example": "members"}
    world.site.config["zone"] += [configured(domain, audience=audience)
                                  for domain, audience in come.items()]
    world.site.write()
    world.reload()
    world.publish()
    for make in CONSUMERS:
        world.follows(make, "new.example")
    world.follows("knot", "new-members.example")
    assert is_closed(world.secondaries["knot"], "new-members.example")
    for make in ("bind", "powerdns"):
        assert serial_of(world.secondaries[make].at, "new-members.example") is None

    world.site.config["zone"] = world.site.config["zone"][:-2]
    world.site.write()
    world.publish("--force")
    world.reload()
    for make in CONSUMERS:
        peer = world.secondaries[make]
        wait_until(lambda: serial_of(peer.at, "new.example") is None, PATIENCE,
                   f"{make} drops new.example", peer.process)
        world.follows(make, PUBLIC[0])


# Catalogs, without servers.


def labels_of(text):
    return {line.split()[4]: line.split(".")[0] for line in text.splitlines() if " PTR " in line}


def test_a_catalog_is_planned_published_exported_and_restored(tmp_path):
    (tmp_path / "contacts").mkdir()
    shutil.copy(os.path.join(SAMPLES, "no.yaml"), tmp_path / "contacts")
    site = Site(tmp_path, [zone("a.example"), zone("b.example"),
                           {"domain": CATALOG, "catalog": "on", "acl": ["local"]}],
                contacts=str(tmp_path / "contacts"))
    said = site.zonegen("plan", "--now", NOW, code=2).stdout
    assert f"zone {CATALOG}: new, a catalog\n" in said
    serials = site.publish()
    first = site.export(CATALOG)
    assert sorted(labels_of(first)) == ["a.example.", "b.example."]
    assert site.publish("--force") == serials  # unchanged: the serial stays

    site.config["zone"][1]["domain"] = "c.example"
    site.config["zone"][1]["nameservers"] = ["ns.example.net"]
    site.write()
    said = site.zonegen("plan", "--now", NOW, code=2).stdout
    assert "zone b.example is no longer listed\n" in said and "zone c.example is listed\n" in said
    assert "left the configuration" in site.zonegen("publish", "--now", NOW, code=1).stderr
    assert site.publish("--force")[CATALOG] > serials[CATALOG]
    second = site.export(CATALOG)
    assert labels_of(second)["a.example."] == labels_of(first)["a.example."]

    (tmp_path / "catalog.zone").write_text(first)
    site.restore(tmp_path / "catalog.zone", CATALOG)
    assert site.export(CATALOG) == first
    said = site.zonegen("publish", "--now", NOW).stderr
    assert f"zone {CATALOG} was restored and stays as it is" in said
    assert site.export(CATALOG) == first
    site.publish("--force")
    assert labels_of(site.export(CATALOG)) == labels_of(second)
    report = site.zonegen("report", "--now", NOW).stdout
    assert "catalog" not in report and "version" not in report


# What is printed, without servers.

SECRET = "AJtnXetoclk3ABnw29S6KnkQumKNFtKDrHK2vFKOsqc="


@pytest.fixture
def site(tmp_path):
    """Zones that ask for less and more; remotes that bring all or nothing of it."""
    (tmp_path / "xfr.key").write_text(f'key "xfr" {{ algorithm hmac-sha256; secret "{SECRET}"; }};')
    (tmp_path / "xfr.key").chmod(0o600)
    made = Site(tmp_path, [
        {"domain": "open.example", "nameservers": "ns.example.net", "acl": ["plain", "keyed"]},
        {"domain": "keyed.example", "nameservers": "ns.example.net", "acl": ["keyed"]},
        {"domain": "tls.example", "nameservers": "ns.example.net", "acl": ["tls"]}],
        server={"tls-listen": "192.0.2.10", "tls-cert": "a.pem", "tls-key": "a.key",
                "listen": ["192.0.2.10", "2001:db8::10"]})
    made.config["key"] = [{"id": "xfr", "secret-file": "xfr.key"}]
    made.config["remote"] = [
        {"id": "plain", "address": "198.51.100.1"},
        {"id": "keyed", "address": "198.51.100.2", "key": "xfr"},
        {"id": "tls", "address": "198.51.100.3", "key": "xfr", "tls": "on",
         "cert-hostname": "tls.example.net"},
        {"id": "nobody", "address": "198.51.100.4"}]
    made.config["acl"] = [{"id": remote["id"], "remote": remote["id"], "action": "transfer"}
                          for remote in made.config["remote"][:3]]
    made.write()
    return made


def refused(site, *arguments):
    result = site.zonegen("secondary", *arguments, code=1)
    assert result.stdout == ""
    return result.stderr.strip()


@pytest.mark.parametrize("make", ["nsd", "knot", "bind", "powerdns"])
def test_a_secret_is_printed_only_when_it_is_asked_for(site, make):
    plain = site.zonegen("secondary", make, "--remote", "keyed")
    assert SECRET not in plain.stdout + plain.stderr and "contactd.key" in plain.stdout
    inside = site.zonegen("secondary", make, "--remote", "keyed", "--with-secrets").stdout
    alone = site.zonegen("secondary", make, "--remote", "keyed", "--only-secrets").stdout
    assert inside.count(SECRET) == alone.count(SECRET) == 1
    assert "contactd.key" not in inside and "keyed.example" not in alone


@pytest.mark.parametrize("remote, options", [
    ("keyed", ["--address", "192.0.2.9@5301", "--address", "2001:db8::9"]),
    ("tls", ["--dir", "/srv/dns", "--tls-name", "a.example"])])
def test_it_says_what_prints_it_again(site, remote, options):
    said = site.zonegen("secondary", "--remote", remote, *options, "nsd").stdout
    again = re.search(r"^# Printed by 'zonegen (secondary) -c \S+ (.*)'; after", said, re.M)
    assert site.zonegen(*" ".join(again.groups()).split()).stdout == said


def test_keys_in_place_are_read_as_those_of_a_file(site, tmp_path):
    checks = {"nsd": "nsd-checkconf {}", "knot": "knotc -c {} conf-check",
              "bind": "named-checkconf {}"}
    for make, command in checks.items():
        program, *arguments = command.format(tmp_path / f"{make}.conf").split()
        need(program)
        path = tmp_path / f"{make}.conf"
        path.write_text(site.zonegen("secondary", make, "--remote", "keyed", "--with-secrets").stdout)
        result = run([find_program(program), *arguments])
        assert result.returncode == 0, (make, result.stdout, result.stderr)


def test_a_certificate_tells_its_name(site, tmp_path):
    """The first that is a name of a machine; what is given counts more."""
    site.config["server"]["tls-cert"] = tls.Issuer(tmp_path).issue(
        "a", names=("*.example", "NS7.Example.net", "ns8.example.net"))[0]
    site.write()
    said = site.zonegen("secondary", "nsd", "--remote", "tls").stdout
    assert 'auth-domain-name: "ns7.example.net"' in said
    said = site.zonegen("secondary", "nsd", "--remote", "tls", "--tls-name", "ns9.example").stdout
    assert 'auth-domain-name: "ns9.example"' in said
    site.config["server"]["tls-cert"] = tls.Issuer(tmp_path).issue("b", names=())[0]
    site.write()
    assert "has no name of a server; say with --tls-name" in refused(site, "bind", "--remote", "tls")


def test_what_a_server_cannot_do_is_refused_with_the_reason(site):
    assert "tls.example is not transferred without TLS" in refused(
        site, "knot", "--remote", "tls", "tls.example")
    assert "keyed.example is not transferred without a TSIG key, which Unbound 1.17 cannot" in \
        refused(site, "unbound", "--remote", "keyed", "keyed.example")
    site.config["zone"][0]["audience"] = "members"
    site.config["acl"].append({"id": "members", "address": "192.0.2.0/24", "action": "query"})
    site.config["zone"][0]["acl"].append("members")
    site.write()
    assert "open.example is for members, and PowerDNS 4.7 answers whoever asks" in refused(
        site, "powerdns", "--remote", "plain")


def test_only_zones_that_the_remote_may_have_are_printed(site):
    said = site.zonegen("secondary", "bind", "--remote", "plain").stdout
    assert "open.example" in said and "keyed.example" not in said and "tls.example" not in said
    said = site.zonegen("secondary", "bind", "--remote", "keyed", "keyed.example").stdout
    assert "keyed.example" in said and '"open.example"' not in said
    assert "no acl lets remote 'plain' transfer keyed.example" in refused(
        site, "bind", "--remote", "plain", "keyed.example")
    assert "no acl lets remote 'nobody' transfer a zone" in refused(
        site, "bind", "--remote", "nobody")


@pytest.mark.parametrize("arguments, reason", [
    (["djbdns"], "'djbdns' is no server that this knows; it knows nsd, knot, bind, powerdns"),
    (["nsd"], "several remotes; choose the secondary with --remote, such as plain"),
    (["nsd", "--remote", "x"], "has no remote 'x'"),
    (["nsd", "--remote", "plain", "--address", "ns.example"], "'ns.example' is not an address"),
    (["nsd", "--remote", "plain", "--dir", '/etc/"; x'], "is no folder to be written into a"),
    (["nsd", "--remote", "plain", "--dir", "/etc/$x\n"], "is no folder to be written into a"),
    (["nsd", "--remote", "tls"], "a.pem: No such file or directory; say with --tls-name which"),
    (["nsd", "--remote", "tls", "--tls-name", "a b"], "is no name of a server"),
    (["nsd", "--remote", "plain", "--only-secrets"], "remote 'plain' comes without a key"),
    (["nsd", "--remote", "plain", "other.example"], "zone 'other.example' is not configured"),
])
def test_what_is_wrong_is_said(site, arguments, reason):
    assert reason in refused(site, *arguments)


def test_addresses_are_those_that_others_reach(site):
    site.config["server"]["listen"] = ["0.0.0.0", "::1", "127.0.0.1@5300"]
    site.write()
    assert "listens on no address that others reach" in refused(site, "nsd", "--remote", "plain")
    said = site.zonegen("secondary", "nsd", "--remote", "plain", "--address", "192.0.2.1",
                        "--address", "2001:db8::1@5353").stdout
    assert "request-xfr: 192.0.2.1@53 NOKEY" in said
    assert "request-xfr: 2001:db8::1@5353 NOKEY" in said


def test_a_secret_that_cannot_be_read_prints_nothing(site, tmp_path):
    (tmp_path / "xfr.key").write_text("")
    assert "holds no key" in refused(site, "bind", "--remote", "keyed", "--with-secrets")


@pytest.mark.parametrize("arguments", [
    ["nsd", "--remote", "ams"], ["knot", "--remote", "nbo"], ["bind", "--remote", "scl"]])
def test_the_worked_example_prints_its_secondaries(arguments):
    """What the comments of conf/primary.conf say; its certificate is not here."""
    result = run([program("zonegen"), "secondary", *arguments, "--tls-name", "primary.cc.example",
                  "-c", os.path.join(SOURCE, "conf", "primary.conf")])
    assert result.returncode == 0 and "cc-contacts" in result.stdout, result.stderr
