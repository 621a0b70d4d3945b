"""What goes wrong with keys, clocks and signatures: each is refused with a clear line and exit status
1, and what was published stays as it was. Zones restored and signed again."""

import os
import shutil
import socket
import subprocess
import threading

import dns.message
import dns.rcode
import pytest

from support.keys import Copy, Key, ldns_complaint, make_keys, moment
from zonegen_fixtures import NOW, Site, labels, site  # noqa: F401

DAY = 86400


class Signed:
    """A site with one signed zone. `keys`: those of the zone; `folder`: where they lie."""

    def __init__(self, folder, zone="dnssec: on", layout="csk", top="", algorithm="ecdsap256sha256"):
        self.site = Site(folder)
        self.site.entries(labels(4))
        self.zone, self.top = zone, top
        self.site.configure(zone=zone, top=top)
        self.folder = self.site.path("db/contacts.mdb-keys")
        os.makedirs(self.site.path("db"))
        self.keys = make_keys(self.folder, "cc.example", layout, algorithm)

    def valid(self, now, name="zone"):
        path = self.site.path(name)
        with open(path, "w", encoding="ascii") as file:
            file.write(self.site.export())
        return ldns_complaint(path, moment(now)) == ""

    def refused(self, *arguments, **more):
        """What a refused publish says; it must have changed nothing."""
        before = self.site.export()
        self.site.entry("aa", registry="Another name")
        said = self.site.refused("publish", *arguments, **more)
        assert self.site.export() == before
        return "".join(line for line in said.splitlines(True) if ": warning: " not in line)


@pytest.fixture
def signed(tmp_path):
    """Published and valid."""
    made = Signed(tmp_path)
    made.site.publish()
    assert made.valid(NOW)
    return made


# Keys.

def test_without_a_key_nothing_is_published_and_the_command_is_named(site):
    site.configure(zone="dnssec: on")
    said = site.refused("publish")
    assert "zone cc.example: it has no key; 'zonegen key generate cc.example' makes one " \
        "[key-none]" in said
    assert "zone cc.example cannot be signed; nothing is published" in said
    assert "zone cc.example is not published yet" in site.refused("export")


def test_one_zone_without_a_key_keeps_all_from_being_published(tmp_path):
    made = Signed(tmp_path)
    made.site.publish()
    before = made.site.export()
    made.site.configure(zones=("cc.example", "b.example"), zone=made.zone)
    made.site.entry("aa", registry="Another name")
    assert "zone b.example: it has no key" in made.site.refused("publish")
    assert made.site.export("cc.example") == before


@pytest.mark.parametrize("what,rule,words", [
    ("both", "key-missing", "its key {tag} (algorithm 13) is in use, and its files are not here"),
    ("private", "key-", ".private"),
    ("public", "key-", ".key"),
])
def test_a_key_whose_files_are_gone(signed, what, rule, words):
    key = signed.keys[0]
    for path in {"both": (key.private, key.public), "private": (key.private,),
                 "public": (key.public,)}[what]:
        os.unlink(path)
    said = signed.refused()
    assert words.format(tag=key.tag) in said and rule in said
    assert "cc.example cannot be signed; nothing is published" in said


def test_another_key_in_its_place_is_not_taken(signed):
    """The database knows which key signs; a folder that was mixed up must not make the zone bogus."""
    for name in os.listdir(signed.folder):
        os.unlink(os.path.join(signed.folder, name))
    other = make_keys(signed.folder, "cc.example")[0]
    while other.tag == signed.keys[0].tag:
        other = make_keys(signed.folder, "cc.example")[0]
    assert "is in use, and its files are not here" in signed.refused()


def test_a_spare_key_beside_changes_nothing(signed):
    before = signed.site.export()
    make_keys(signed.folder, "cc.example", "ksk-zsk")
    signed.site.publish()
    assert signed.site.export() == before


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_private_key_open_to_others(signed, mode):
    os.chmod(signed.keys[0].private, mode)
    said = signed.refused()
    assert f"{os.path.basename(signed.keys[0].private)}" in said and "600" in said


@pytest.mark.parametrize("mode", [0o755, 0o710, 0o770])
def test_a_key_folder_open_to_others(signed, mode):
    os.chmod(signed.folder, mode)
    assert "700" in signed.refused()


def test_a_private_key_that_cannot_be_read(signed):
    """Root reads anything: a folder in its place."""
    os.unlink(signed.keys[0].private)
    os.mkdir(signed.keys[0].private)
    assert os.path.basename(signed.keys[0].private) in signed.refused()


def swap(text, name, value):
    """A line `name: …` of a private file with another value."""
    return "".join(f"{name}: {value}\n" if line.startswith(name + ":") else line
                   for line in text.splitlines(True))


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def test_halves_that_do_not_belong_together(signed, tmp_path):
    other = Key(str(tmp_path / "other"), "cc.example")
    shutil.copy(other.private, signed.keys[0].private)
    said = signed.refused()
    assert os.path.basename(signed.keys[0].path) in said and "key-" in said


def test_a_key_of_another_zone(signed, tmp_path):
    """Named for this zone, made for another."""
    write(signed.keys[0].public, read(signed.keys[0].public).replace("cc.example.", "b.example."))
    assert "b.example" in signed.refused()


@pytest.mark.parametrize("algorithm", ["RSASHA256", "ECDSAP384SHA384"])
def test_an_algorithm_that_is_not_supported(signed, algorithm):
    options = ["-b", "2048"] if algorithm.startswith("RSA") else []
    subprocess.run(["dnssec-keygen", "-q", "-K", signed.folder, "-a", algorithm, *options, "-f",
                    "KSK", "cc.example"], check=True, capture_output=True)
    said = signed.refused()
    assert "algorithm" in said and "ECDSAP256SHA256" in said


@pytest.mark.parametrize("damage", ["", "Private-key-format: v1.3\n", "\0" * 300, "x" * 100000,
                                    "Private-key-format: v1.3\nAlgorithm: 13\nPrivateKey: !!!\n"])
def test_a_damaged_private_file(signed, damage):
    write(signed.keys[0].private, damage)
    assert os.path.basename(signed.keys[0].private) in signed.refused()


def test_a_split_that_lost_its_zsk(tmp_path):
    made = Signed(tmp_path, layout="ksk-zsk", zone="dnssec: on\npolicy: split",
                  top="policy:\n  - id: split\n    keys: ksk-zsk")
    made.site.publish()
    os.unlink(made.keys[1].private)
    os.unlink(made.keys[1].public)
    assert f"its key {made.keys[1].tag} " in made.refused()


def test_the_secret_is_never_shown(signed):
    secret = next(line.split()[1] for line in read(signed.keys[0].private).splitlines()
                  if line.startswith("PrivateKey:"))
    for damage in (("Algorithm", "8 (RSASHA256)"), ("PrivateKey", secret[:-8] + "AAAAAAA=")):
        text = read(signed.keys[0].private)
        write(signed.keys[0].private, swap(text, *damage))
        said = signed.refused()
        assert secret not in said and secret[:-8] not in said
        write(signed.keys[0].private, text)
    with open(signed.site.database, "rb") as file:
        assert secret.encode() not in file.read()


# The clock, and turning signing off.

def test_a_clock_before_the_last_publish(signed):
    """A clock that went back would sign into the past."""
    said = signed.refused(now="2026-11-20")
    assert said == ("zonegen: zone cc.example: the clock says 2026-11-20 00:00:00 UTC, which is before "
                    "the last publish at 2026-11-22 00:00:00 UTC; set it right, or publish with "
                    "--force if the last publish had the wrong time\n")
    signed.site.publish("--force", now="2026-11-20")
    assert signed.valid("2026-11-20")
    signed.site.publish(now="2026-11-21")
    assert signed.valid("2026-11-21")


def test_a_clock_that_was_far_ahead_is_repaired_by_force(signed):
    """Signatures of the future are made again, all of them, and the serial goes on."""
    serial = signed.site.publish(now="2027-02-22")["cc.example"]
    signed.site.entry("ab", registry="Another name")
    assert "the clock says 2026-11-23" in signed.site.refused("publish", now="2026-11-23")
    after = signed.site.publish("--force", now="2026-11-23")["cc.example"]
    assert after == serial + 1
    assert signed.valid("2026-11-23")


def test_dnssec_off_for_a_signed_zone(signed):
    signed.site.configure(zone="dnssec: off")
    said = signed.refused()
    assert said.startswith("zonegen: zone cc.example is signed and 'dnssec' is off now: resolvers that "
                           "validate would refuse it")
    assert "cds: delete" in said and "--force" in said
    serial = Copy(signed.site.export()).serial
    signed.site.publish("--force")
    copy = Copy(signed.site.export())
    assert copy.signatures == {} and copy.serial > serial
    assert {kind for _, kind in copy.rrsets} & {"NSEC", "DNSKEY", "CDS", "CDNSKEY"} == set()


def test_unsigned_signed_and_back(tmp_path):
    made = Signed(tmp_path, zone="dnssec: off")
    plain = made.site.publish()["cc.example"]
    unsigned = made.site.export()
    made.site.configure(zone="dnssec: on")
    signed = made.site.publish()["cc.example"]
    assert signed > plain and made.valid(NOW)
    made.site.configure(zone="dnssec: off")
    assert made.site.publish("--force")["cc.example"] > signed

    def contents(text):
        return [line for line in text.splitlines()
                if not any(word in line for word in (" SOA ", " ZONEMD ", "serial="))]
    assert contents(made.site.export()) == contents(unsigned)


def test_long_after_everything_expired_publish_says_so_and_repairs(signed):
    result = signed.site.run("publish", now="2027-06-22")
    assert result.returncode == 0
    assert "zone cc.example: signatures had expired on 2027-01-" in result.stderr
    assert "let a timer publish every day" in result.stderr
    assert signed.valid("2027-06-22")
    again = signed.site.run("publish", now="2027-06-23")
    assert again.returncode == 0 and "expired on" not in again.stderr


def test_plan_tells_of_renewals_without_making_them(signed):
    before = signed.site.export()
    assert signed.site.run("plan", now="2026-11-23").returncode == 0
    result = signed.site.run("plan", now="2026-12-24")
    assert result.returncode == 2, result.stderr
    assert signed.site.export() == before


def test_a_time_to_live_or_policy_that_changes_is_signed_anew(signed):
    for zone, top in (("dnssec: on\nttl: 2h", ""), ("dnssec: on\nnegative-ttl: 10m", ""),
                      ("dnssec: on\nzonemd: off", ""), ("dnssec: on\npolicy: own",
                      "policy:\n  - id: own\n    cds: delete"), ("dnssec: on", "")):
        signed.site.configure(zone=zone, top=top)
        signed.site.publish()
        path = signed.site.path("zone")
        with open(path, "w", encoding="ascii") as file:
            file.write(signed.site.export())
        assert ldns_complaint(path, moment(NOW), "zonemd: off" not in zone) == "", zone


# Restore.

def restored(signed, folder, now=NOW):
    """The export of a signed site in a database of its own, with the same keys and contacts."""
    site = Site(folder)
    site.configure(zone="dnssec: on")
    shutil.rmtree(site.contacts)
    shutil.copytree(signed.site.contacts, site.contacts)
    os.makedirs(site.path("db"))
    shutil.copytree(signed.folder, site.path("db/contacts.mdb-keys"))
    site.write("dump", signed.site.export())
    site.done("restore", "dump", now=None)
    return site


def test_a_restored_zone_keeps_its_contents_and_what_is_not_due(signed, tmp_path):
    """DESIGN §7: publish renews what is due and leaves the rest until contacts change."""
    site = restored(signed, tmp_path / "new")
    assert site.export() == signed.site.export()
    result = site.run("publish", now="2026-11-23")
    assert result.returncode == 0
    assert "zone cc.example was restored and stays as it is" in result.stderr
    assert site.export() == signed.site.export()
    before = Copy(site.export())
    result = site.run("publish", now="2026-12-16")  # the first are due
    assert result.returncode == 0 and "stays as it is" in result.stderr
    after = Copy(site.export())
    kept = [key for key in before.signatures if before.signatures[key] == after.signatures[key]]
    assert after.serial > before.serial and len(before.signatures) / 3 < len(kept)
    site.write("zone", site.export())
    assert ldns_complaint(site.path("zone"), moment("2026-12-16")) == ""

    def facts(copy):
        return {key: value for key, value in copy.rrsets.items() if key[1] not in ("SOA", "ZONEMD")
                and not key[0].startswith("_meta")}
    assert facts(after) == facts(before)


def test_a_restored_zone_follows_its_contacts_again_once_they_change(signed, tmp_path):
    site = restored(signed, tmp_path / "new")
    site.publish(now="2026-11-23")
    site.entry("aa", registry="Another name")
    site.publish(now="2026-11-24")
    assert "Another name" in site.export()
    site.write("zone", site.export())
    assert ldns_complaint(site.path("zone"), moment("2026-11-24")) == ""


def test_a_restored_zone_whose_signatures_have_expired_is_repaired(signed, tmp_path):
    site = restored(signed, tmp_path / "new")
    result = site.run("publish", now="2027-06-22")
    assert result.returncode == 0 and "signatures had expired" in result.stderr
    site.write("zone", site.export())
    assert ldns_complaint(site.path("zone"), moment("2027-06-22")) == ""


def test_a_restored_zone_is_not_signed_with_another_key(signed, tmp_path):
    """Disaster: the keys are lost, the zone is left. Another key would make it bogus while the parent
    has the old one's DS; what to do is said, and does."""
    site = restored(signed, tmp_path / "new")
    folder = site.path("db/contacts.mdb-keys")
    shutil.rmtree(folder)
    key = make_keys(folder, "cc.example")[0]
    before = site.export()
    error = site.refused("publish", now="2026-11-23")
    assert "it is signed with keys of which none is here" in error and "[key-foreign]" in error
    assert site.export() == before
    site.configure(zone="dnssec: off")
    assert site.run("publish", "--force", now="2026-11-23").returncode == 0
    site.configure(zone="dnssec: on")
    site.publish(now="2026-11-23")
    copy = Copy(site.export())
    assert {rdata for _, rdata in copy.rrsets[copy.apex, "DNSKEY"]} == {
        " ".join(key.dnskey.split()[:3]) + " " + "".join(key.dnskey.split()[3:])}
    site.write("zone", site.export())
    assert ldns_complaint(site.path("zone"), moment("2026-11-23")) == ""


@pytest.mark.parametrize("algorithm", ["ecdsap256sha256", "ed25519"])
def test_a_restored_zone_that_was_edited_is_valid_again(tmp_path, algorithm):
    """What was signed before it was edited is signed again, and nothing else; ZONEMD is right."""
    signed = Signed(tmp_path, algorithm=algorithm)
    signed.site.publish()
    site = restored(signed, tmp_path / "new")
    text = site.read("dump")
    rrsig = next(line for line in text.splitlines() if line.startswith("ab.") and " RRSIG RP " in line)
    edited = text.replace("Registry of aa", "Registry of zz")
    edited = edited.replace(rrsig, rrsig[:-20] + ("A" if rrsig[-20] != "A" else "B") + rrsig[-19:])
    assert edited != text
    site.write("dump", edited)
    site.done("restore", "--force", "dump", now=None)
    assert site.run("publish", now="2026-11-23").returncode == 0
    before, after = Copy(edited), Copy(site.export())
    assert "Registry of zz" in site.export()
    site.write("zone", site.export())
    assert ldns_complaint(site.path("zone"), moment("2026-11-23")) == ""
    assert {key for key in before.signatures if before.signatures[key] != after.signatures[key]} == {
        ("aa.cc.example.", "TXT"), ("*.aa.cc.example.", "TXT"), ("ab.cc.example.", "RP"),
        ("cc.example.", "SOA"), ("cc.example.", "ZONEMD"), ("_meta.cc.example.", "TXT")}


def test_a_restored_signed_zone_does_not_lose_its_signatures_by_accident(signed, tmp_path):
    """A configuration made in haste has dnssec off: the zone is served as it was restored, but not
    replaced by an unsigned one without --force."""
    site = restored(signed, tmp_path / "new")
    site.configure()
    before = site.export()
    assert site.run("publish", now="2026-11-23").returncode == 0
    assert site.export() == before
    site.entry("aa", registry="Another name")
    assert "zone cc.example is signed and 'dnssec' is off now" in site.refused("publish",
                                                                             now="2026-11-24")
    assert site.export() == before
    site.publish("--force", now="2026-11-24")
    assert Copy(site.export()).signatures == {}


def test_a_restored_zone_whose_copies_outlive_their_signatures_is_told_of(tmp_path):
    """The configuration is refused where `expire` is too long for its policy; a zone that is restored
    brings its own."""
    made = Signed(tmp_path)
    for expire, is_told in ((2419200, False), (2592000, False), (2678400, True),
                            (31536000, True)):
        made.site.write("dump", f"$ORIGIN cc.example.\n@ 3600 IN SOA ns1 hostmaster 1 3600 900 {expire} "
                        "300\n@ 3600 IN NS ns1\nns1 3600 IN A 192.0.2.1\n")
        made.site.done("restore", "--force", "dump", now=None)
        result = made.site.run("publish", now=None)
        assert result.returncode == 0
        assert (f"serve a copy for {expire} seconds" in result.stderr) == is_told
        assert "raise 'rrsig-refresh'" in result.stderr or not is_told


# What the report says of signatures.

@pytest.fixture
def refusing():
    """ADDRESS@PORT of a resolver that refuses whatever it is asked, so that nobody waits for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def answer():
            while (asked := server.recvfrom(4096))[0]:
                said = dns.message.make_response(dns.message.from_wire(asked[0]))
                said.set_rcode(dns.rcode.REFUSED)
                server.sendto(said.to_wire(), asked[1])

        thread = threading.Thread(target=answer)
        thread.start()
        yield "127.0.0.1@%d" % server.getsockname()[1]
        server.sendto(b"", server.getsockname())
        thread.join()


def test_the_report_looks_at_every_signature(tmp_path, refusing):
    """A publish of some files renews the SOA's, and not those of other entries."""
    made = Signed(tmp_path, zone="dnssec: on\npolicy: slow",
                  top="policy:\n  - id: slow\n    rrsig-lifetime: 365d\n"
                      f"    resolver: {refusing}")
    made.site.publish(now="2026-11-23")
    made.site.entry("aa", registry="Another name", verified="2027-05-31")
    made.site.publish("contacts/aa.yaml", now="2027-06-01")

    def said(now):
        lines = made.site.done("report", "--format", "csv", now=now).splitlines()
        return [line for line in lines if line.startswith("cc.example,signatures,")]

    assert said("2027-06-01") == []
    assert "first signatures end 2027-" in said("2027-08-25")[0]
    assert "first signatures ended 2027-" in said("2027-11-24")[0]
    assert not made.valid("2027-11-24")
    made.site.publish("--force", now="2027-11-24")
    assert said("2027-11-24") == [] and made.valid("2027-11-24")
