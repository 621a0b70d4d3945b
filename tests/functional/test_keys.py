"""zonegen key generate, list, ds and import: what others make of its files, what it makes of theirs,
and what it refuses."""

import glob
import json
import os
import re
import shutil
import subprocess
import tempfile

import pytest

from support.peers import tool
from support.process import run
from zonegen_fixtures import Site, site, zonegen  # noqa: F401

ZONE = """\
$TTL 3600
cc.example. IN SOA ns1.cc.example. hostmaster.cc.example. 7 3600 900 2419200 300
cc.example. IN NS ns1.cc.example.
ns1.cc.example. IN A 192.0.2.1
aa.cc.example. IN TXT "0 Registry"
"""

POLICY = """\
policy:
  - id: default
    algorithm: {algorithm}
    keys: {keys}
    cds: {cds}
"""


def call(name, *arguments, **options):
    result = run([tool(name), *arguments], **options)
    assert result.returncode == 0, (name, arguments, result.stdout, result.stderr)
    return result.stdout


class Keys(Site):
    """A site of one zone that is signed, with its folder of keys."""

    def policy(self, algorithm="ecdsap256sha256", keys="csk", cds="on", zone="dnssec: on", **more):
        self.configure(top=POLICY.format(algorithm=algorithm, keys=keys, cds=cds), zone=zone, **more)

    @property
    def folder_of_keys(self):
        return self.database + "-keys"

    def files(self):
        return sorted(os.listdir(self.folder_of_keys)) if os.path.isdir(self.folder_of_keys) else []

    def stems(self):
        return sorted(path[:-len(".private")]
                      for path in glob.glob(os.path.join(self.folder_of_keys, "K*.private")))

    def generate(self, *arguments):
        """Generates; the stems of the keys that are new."""
        before = self.stems()
        self.done("key", "generate", *arguments)
        return [stem for stem in self.stems() if stem not in before]

    def listed(self):
        return json.loads(self.done("key", "list", "--format", "json"))


@pytest.fixture
def keys(tmp_path):
    made = Keys(tmp_path)
    made.entries(["aa", "ab"])
    made.policy()
    return made


@pytest.fixture(params=["ecdsap256sha256", "ed25519"])
def each(request, keys):
    """The same with each algorithm."""
    keys.policy(algorithm=request.param)
    return keys


def tag_of(stem):
    return int(stem[-5:])


def ds_set(text):
    """The DS records in a text, however they are written, as (tag, algorithm, digest type, hex)."""
    return {(int(tag), int(algorithm), int(kind), re.sub(r"\s", "", digest).lower())
            for tag, algorithm, kind, digest in re.findall(
                r"^[^;]\S*\s(?:\s*\d+\s)?(?:\s*IN\s)?\s*DS\s+(\d+)\s(\d+)\s(\d)\s([0-9A-Fa-f ]+)$", text,
                re.MULTILINE)}


def test_a_key_is_generated_without_a_database(keys):
    stem, = keys.generate()
    assert keys.files() == [os.path.basename(stem) + ".key", os.path.basename(stem) + ".private"]
    assert not os.path.exists(keys.database)
    assert os.stat(keys.folder_of_keys).st_mode & 0o7777 == 0o700
    assert os.stat(stem + ".private").st_mode & 0o7777 == 0o600


def test_files_and_next_steps_are_told(keys):
    said = keys.done("key", "generate")
    stem, = keys.stems()
    assert f"cc.example: CSK {tag_of(stem)}, ECDSAP256SHA256" in said
    assert os.path.relpath(stem, keys.folder) + ".private" in said
    assert "zonegen publish" in said and "zonegen key ds cc.example" in said
    assert "dnssec: on" not in said


def test_a_zone_that_is_not_signed_is_told_what_is_missing(keys):
    keys.policy(zone="")
    assert "zone cc.example is not signed until 'dnssec: on'" in keys.done("key", "generate")


def test_a_pair_by_policy(keys):
    keys.policy(keys="ksk-zsk")
    assert len(keys.generate()) == 2
    assert sorted((key["role"], key["flags"]) for key in keys.listed()) == \
        [("KSK", 257), ("ZSK", 256)]
    assert {key["role"]: key["use"] for key in keys.listed()} == {
        "KSK": ["published", "signs-keys", "wants-ds"], "ZSK": ["published", "signs-data"]}


def test_keys_are_not_doubled_by_chance(keys):
    stem, = keys.generate()
    error = keys.refused("key", "generate")
    assert f"zone cc.example has keys already: CSK {tag_of(stem)}; --spare makes one more" in error
    assert keys.stems() == [stem]
    assert len(keys.generate("--spare")) == 1


def test_a_spare_of_a_pair_is_one_of_them(keys):
    keys.policy(keys="ksk-zsk")
    keys.generate()
    result = keys.run("key", "generate", "--spare")
    assert result.returncode == 64 and "--spare needs --ksk or --zsk" in result.stderr
    result = keys.run("key", "generate", "--zsk")
    assert result.returncode == 64 and "--ksk and --zsk go with --spare" in result.stderr
    keys.generate("--spare", "--zsk")
    assert sorted(key["role"] for key in keys.listed()) == ["KSK", "ZSK", "ZSK"]


def test_a_list_tells_what_keys_do(keys):
    assert "it has no key; 'zonegen key generate cc.example' makes one" in \
        keys.run("key", "list").stderr
    assert keys.listed() == []
    stem, = keys.generate()
    said = keys.done("key", "list")
    assert re.search(rf"^{tag_of(stem):5}  ECDSAP256SHA256  CSK  from the next publish on: "
                     r"published, signs keys, signs data, DS wanted$", said, re.MULTILINE)
    assert os.path.relpath(stem, keys.folder) + ".private" in said
    assert keys.listed() == [{
        "tag": tag_of(stem), "algorithm": 13, "flags": 257, "role": "CSK", "published": False,
        "use": ["published", "signs-keys", "signs-data", "wants-ds"], "part": "stays",
        "file": os.path.relpath(stem, keys.folder) + ".private"}]


def test_published_keys_and_spares_are_told_apart(keys):
    used, = keys.generate()
    keys.publish()
    spare, = keys.generate("--spare")
    assert {key["tag"]: (key["published"], key["use"]) for key in keys.listed()} == {
        tag_of(used): (True, ["published", "signs-keys", "signs-data", "wants-ds"]),
        tag_of(spare): (False, [])}
    said = keys.done("key", "list")
    assert f"{tag_of(used):5}  ECDSAP256SHA256  CSK  published, signs keys, signs data, DS" in said
    assert f"{tag_of(spare):5}  ECDSAP256SHA256  CSK  spare\n" in said
    assert {ds[0] for ds in ds_set(keys.done("key", "ds"))} == {tag_of(used)}
    assert "; the zone publishes, signed" in keys.done("key", "ds")


def test_a_key_in_use_whose_files_are_gone_is_named(keys):
    used, = keys.generate()
    keys.publish()
    os.unlink(used + ".key")
    os.unlink(used + ".private")
    for command in (["key", "list"], ["key", "ds"], ["key", "generate"]):
        assert f"its key {tag_of(used)} (algorithm 13) is in use, and its files are not here; " \
               f"bring K...+013+{tag_of(used):05}.key and .private back" in keys.refused(*command)


def test_without_dnssec_on_nothing_is_promised(keys, tmp_path):
    keys.policy(zone="")
    keys.generate()
    assert "CSK  with 'dnssec: on': published" in keys.done("key", "list")
    assert "; not yet for the parent: first 'dnssec: on', 'zonegen publish'" in \
        keys.done("key", "ds")
    stem = call("dnssec-keygen", "-q", "-a", "ED25519", "-f", "KSK", "cc.example",
                cwd=tmp_path).strip()
    said = keys.done("key", "import", str(tmp_path / stem))
    assert "is not signed until 'dnssec: on'" in said and "signs with it" not in said


# What others make of our files.

def test_ds_records_are_those_of_bind_and_ldns(each):
    stem, = each.generate()
    ours = ds_set(each.done("key", "ds", "--sha384"))
    assert {kind for _, _, kind, _ in ours} == {2, 4}
    assert ours == ds_set(call("dnssec-dsfromkey", "-2", stem + ".key") +
                          call("dnssec-dsfromkey", "-a", "SHA-384", stem + ".key"))
    assert ours == ds_set(call("ldns-key2ds", "-n", "-2", stem + ".key") +
                          call("ldns-key2ds", "-n", "-4", stem + ".key"))
    assert {ds for ds in ours if ds[2] == 2} == ds_set(each.done("key", "ds"))


def test_knot_imports_our_keys(each, tmp_path):
    stem, = each.generate()
    (tmp_path / "kasp").mkdir()
    kasp = ["-D", str(tmp_path / "kasp"), "cc.example."]
    call("keymgr", *kasp, "import-bind", stem + ".key")
    assert ds_set(call("keymgr", *kasp, "ds", str(tag_of(stem)))) >= \
        ds_set(each.done("key", "ds"))


def test_bind_and_ldns_sign_with_our_keys(each, tmp_path):
    stem, = each.generate()
    each.write("zone", ZONE)
    each.write("zone+key", f"{ZONE}$INCLUDE {stem}.key\n")
    call("dnssec-signzone", "-z", "-o", "cc.example", "-f", "bind.signed", "zone+key", stem,
         cwd=each.folder)
    call("ldns-signzone", "-o", "cc.example", "-f", "ldns.signed", "zone", stem, cwd=each.folder)
    for name in ("bind.signed", "ldns.signed"):
        call("ldns-verify-zone", name, cwd=each.folder)
        call("dnssec-verify", "-z", "-o", "cc.example", name, cwd=each.folder)


# What we make of theirs.

ALGORITHMS = {"ECDSAP256SHA256": 13, "ED25519": 15}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("program,arguments", [("dnssec-keygen", ["-q", "-f", "KSK"]),
                                               ("ldns-keygen", ["-k"])])
def test_keys_of_others_are_imported(keys, tmp_path, program, arguments, algorithm):
    stem = call(program, *arguments, "-a", algorithm, "cc.example", cwd=tmp_path).strip()
    said = keys.done("key", "import", str(tmp_path / stem) + ".key")
    assert f"cc.example: CSK {tag_of(stem)}, {algorithm}" in said
    assert "the next 'zonegen publish' signs with it" in said
    assert [(key["tag"], key["algorithm"]) for key in keys.listed()] == \
        [(tag_of(stem), ALGORITHMS[algorithm])]
    assert ds_set(keys.done("key", "ds")) == \
        ds_set(call("dnssec-dsfromkey", "-2", str(tmp_path / stem) + ".key"))
    for suffix in (".key", ".private"):  # their comments and times stay
        assert keys.read(f"db/contacts.mdb-keys/{stem}{suffix}") == \
            (tmp_path / (stem + suffix)).read_text()
    assert "there already" in keys.refused("key", "import", str(tmp_path / stem))


def test_an_import_that_fails_leaves_nothing_and_can_be_repeated(keys, tmp_path):
    """What the key will be used for is looked up before the pair is written."""
    keys.generate()
    keys.publish()
    stem = call("dnssec-keygen", "-q", "-a", "ED25519", "cc.example", cwd=tmp_path).strip()
    before = sorted(os.listdir(keys.folder_of_keys))
    os.rename(keys.database, keys.database + ".away")
    os.mkdir(keys.database)
    said = keys.refused("key", "import", str(tmp_path / stem))
    assert len(said.splitlines()) == 1 and "contacts.mdb" in said
    assert sorted(os.listdir(keys.folder_of_keys)) == before
    os.rmdir(keys.database)
    os.rename(keys.database + ".away", keys.database)
    keys.done("key", "import", str(tmp_path / stem))


def test_a_zsk_alone_is_imported_with_a_warning(keys, tmp_path):
    stem = call("dnssec-keygen", "-q", "-a", "ED25519", "cc.example", cwd=tmp_path).strip()
    result = keys.run("key", "import", str(tmp_path / stem))
    assert result.returncode == 0
    assert "imported, and not used yet" in result.stdout
    assert "no key of algorithm 15 (ED25519) signs its keys" in result.stderr


def test_a_key_imported_beside_others_is_a_spare(keys, tmp_path):
    keys.generate()
    keys.publish()
    stem = call("dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", "cc.example",
                cwd=tmp_path).strip()
    assert "a spare: the zone is signed with other keys; 'zonegen key roll cc.example'" in \
        keys.done("key", "import", str(tmp_path / stem))


def test_the_keys_of_a_restored_zone_are_taken_again(keys):
    used, = keys.generate()
    keys.write("zone", ZONE)
    call("ldns-signzone", "-o", "cc.example", "-f", "signed", "zone", used, cwd=keys.folder)
    keys.generate("--spare")
    keys.done("restore", "signed")
    assert {key["tag"]: bool(key["use"]) for key in keys.listed()} == \
        {tag_of(stem): stem == used for stem in keys.stems()}
    assert {ds[0] for ds in ds_set(keys.done("key", "ds"))} == {tag_of(used)}


# CDS, CDNSKEY and RFC 9615.

def test_what_the_zone_publishes_stands_in_comments(keys):
    keys.generate()
    said = keys.done("key", "ds").splitlines()
    assert all(line.startswith("cc.example. 14400 IN DS ") or line.startswith("; ")
               for line in said)
    assert any(re.match(r"; cc\.example\. 14400 IN CDS \d+ 13 2 [0-9a-f]{64}$", line)
               for line in said)
    assert any(re.match(r"; cc\.example\. 14400 IN CDNSKEY 257 3 13 \S{88}$", line)
               for line in said)
    keys.policy(cds="off")
    assert "no CDS and CDNSKEY (cds: off)" in keys.done("key", "ds")
    keys.policy(cds="delete")
    said = keys.done("key", "ds")
    assert "; cc.example. 14400 IN CDS 0 0 0 00\n" in said
    assert "; cc.example. 14400 IN CDNSKEY 0 3 0 AA==\n" in said


def test_signals_are_for_name_servers_outside_the_zone(keys):
    keys.generate()
    error = keys.refused("key", "ds", "--signal")
    assert "no name server to signal at, all lie within the zone" in error
    text = keys.read("site.conf").replace(
        "nameservers: ns1.cc.example 192.0.2.1",
        "nameservers: [ns1.cc.example 192.0.2.1, ns2.example.net, ns3.example.org]")
    keys.write("site.conf", text)
    lines = [line.split() for line in keys.done("key", "ds", "--signal").splitlines()]
    assert [(line[0], line[3]) for line in lines] == [
        (f"_dsboot.cc.example._signal.{host}.", rrtype)
        for host in ("ns2.example.net", "ns3.example.org") for rrtype in ("CDS", "CDNSKEY")]
    keys.write("site.conf", text.replace("cds: on", "cds: delete"))
    assert "leaves nothing to signal; write 'cds: on'" in keys.refused("key", "ds", "--signal")


# What is refused, and what is said.

def damaged(keys, do):
    """A site with one key, to which something was done; what list and ds say of it."""
    stem, = keys.generate()
    do(stem)
    result = keys.run("key", "list")
    assert result.returncode == 1
    assert keys.refused("key", "ds") == result.stderr
    return os.path.relpath(stem, keys.folder), result.stderr


def test_a_missing_half_is_named(keys):
    stem, error = damaged(keys, lambda stem: os.unlink(stem + ".private"))
    assert error == f"zonegen: {stem}.private: missing, half of a key pair; bring it back, or move " \
                    f"{stem}.key away\n"


def test_a_key_open_to_others_is_refused(keys):
    stem, error = damaged(keys, lambda stem: os.chmod(stem + ".private", 0o644))
    assert f"{stem}.private: a private key of mode 0644, open to others; run: chmod 600 " \
           f"{stem}.private" in error
    os.chmod(os.path.join(keys.folder, stem + ".private"), 0o600)
    keys.done("key", "ds")


def test_a_folder_open_to_others_is_refused(keys):
    _, error = damaged(keys, lambda _: os.chmod(keys.folder_of_keys, 0o755))
    assert "db/contacts.mdb-keys: the folder of the keys has mode 0755, open to others; " \
           "run: chmod 700 db/contacts.mdb-keys" in error
    assert "chmod 700" in keys.refused("key", "generate", "--spare")


def test_a_key_of_another_account_is_refused(keys):
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    stem, error = damaged(keys, lambda stem: os.chown(stem + ".private", 65534, 65534))
    assert f"{stem}.private: belongs to user 65534, neither to this account nor to root; " \
           f"run: chown 0 {stem}.private" in error


def test_halves_that_do_not_belong_together_are_refused(keys):
    other, = keys.generate("--spare")

    def exchange(stem):
        shutil.copy(other + ".private", stem + ".private")
        os.unlink(other + ".private")
        os.unlink(other + ".key")

    stem, = keys.generate("--spare")
    exchange(stem)
    error = keys.refused("key", "list")
    assert f"{os.path.relpath(stem, keys.folder)}.private: not the private half of the .key file " \
           "beside it" in error


def test_every_error_is_told_in_one_run(keys):
    first, = keys.generate()
    second, = keys.generate("--spare")
    third, = keys.generate("--spare")
    os.unlink(first + ".key")
    os.chmod(second + ".private", 0o640)
    result = keys.run("key", "list")
    assert result.returncode == 1
    assert f"{tag_of(first):05}.key: error: missing" in result.stderr
    assert "mode 0640" in result.stderr
    assert f"{tag_of(third)}  ECDSAP256SHA256" in result.stdout


@pytest.mark.parametrize("algorithm,number", [("RSASHA256", 8), ("ECDSAP384SHA384", 14)])
def test_other_algorithms_are_refused(keys, tmp_path, algorithm, number):
    stem = call("dnssec-keygen", "-q", "-a", algorithm, "cc.example", cwd=tmp_path).strip()
    said = f"algorithm {number} ({algorithm}) is not supported; use 13 (ECDSAP256SHA256) or 15 " \
           "(ED25519)"
    assert said in keys.refused("key", "import", str(tmp_path / stem))
    assert keys.files() == []
    keys.generate()
    for suffix in (".key", ".private"):
        shutil.copy(tmp_path / (stem + suffix), keys.folder_of_keys)
    os.chmod(os.path.join(keys.folder_of_keys, stem + ".private"), 0o600)
    assert said in keys.refused("key", "list")


def test_another_zones_key_is_refused(keys, tmp_path):
    stem = call("dnssec-keygen", "-q", "-a", "ED25519", "-f", "KSK", "b.example",
                cwd=tmp_path).strip()
    error = keys.refused("key", "import", str(tmp_path / stem))
    assert "'b.example.' is another zone than the one whose key this should be" in error
    assert keys.files() == []


def test_what_is_no_key_is_refused(keys, tmp_path):
    assert "no such file" in keys.refused("key", "import", str(tmp_path / "nothing"))
    (tmp_path / "x.key").write_text(ZONE)
    assert "does not begin a DNSKEY record" in keys.refused("key", "import", str(tmp_path / "x"))
    (tmp_path / "x.key").write_text("\0\1\2")
    assert keys.refused("key", "import", str(tmp_path / "x"))
    assert keys.files() == []


def test_a_key_open_to_others_is_not_imported(keys, tmp_path):
    stem = call("dnssec-keygen", "-q", "-a", "ED25519", "-f", "KSK", "cc.example",
                cwd=tmp_path).strip()
    os.chmod(tmp_path / (stem + ".private"), 0o644)
    assert "mode 0644, open to others" in keys.refused("key", "import", str(tmp_path / stem))
    assert keys.files() == []


def test_a_key_that_may_not_be_read_is_named():
    """Root reads everything: the program runs as nobody, in a folder that nobody may enter."""
    account = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory() as folder:
        keys = Keys(folder)
        keys.entries(["aa"])
        keys.policy()
        stem, = keys.generate()
        program = os.path.join(folder, "zonegen")
        shutil.copy(zonegen(), program)
        if account:
            os.chmod(folder, 0o755)
            os.chown(keys.folder_of_keys, 65534, 65534)
        else:
            os.chmod(stem + ".private", 0)
        result = run([program, "key", "list", "-c", "site.conf"], cwd=folder, **account)
        assert result.returncode == 1
        assert f"{os.path.relpath(stem, folder)}.private: this account (user " in result.stderr
        assert "may not read it; run zonegen as its owner, or: chown " in result.stderr


def test_a_full_disk_leaves_nothing_half(keys):
    """A limit on the size of files stands in for the disk."""
    result = subprocess.run(
        ["sh", "-c", 'ulimit -f 0; trap "" XFSZ; exec "$0" key generate -c site.conf', zonegen()],
        cwd=keys.folder, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert "nothing is changed" in result.stderr
    assert keys.files() == []


@pytest.mark.parametrize("layout", ["csk", "ksk-zsk"])
def test_a_key_that_cannot_be_told_of_is_not_made(keys, layout):
    keys.policy(keys=layout)
    with open("/dev/full", "w", encoding="ascii") as full:
        error = keys.refused("key", "generate", stdout=full)
    assert error == "zonegen: standard output: No space left on device; no key is made\n"
    assert keys.stems() == []
    keys.generate()
    assert len(keys.stems()) == (2 if layout == "ksk-zsk" else 1)


def test_a_secret_that_cannot_be_told_of_is_not_made(keys):
    with open("/dev/full", "w", encoding="ascii") as full:
        error = keys.refused("key", "tsig", "x.example", "--out", "x.key", stdout=full)
    assert error == "zonegen: standard output: No space left on device; no key is made\n"
    assert not os.path.exists(keys.path("x.key"))
    keys.done("key", "tsig", "x.example", "--out", "x.key")


def test_a_key_that_cannot_be_told_of_is_not_imported(keys, tmp_path):
    other = Keys(tmp_path / "other")
    other.policy()
    (stem,) = other.generate()
    with open("/dev/full", "w", encoding="ascii") as full:
        error = keys.refused("key", "import", stem + ".private", stdout=full)
    assert "No space left on device; the key is not imported" in error
    assert keys.stems() == []
    keys.done("key", "import", stem + ".private")


def test_several_zones_share_a_folder(keys):
    keys.policy(zones=("cc.example", "b.example"))
    assert "key generate needs a ZONE" in keys.refused("key", "generate")
    first, = keys.generate("cc.example")
    second, = keys.generate("b.example")
    for zone, stem in (("cc.example", first), ("b.example", second)):
        listed = json.loads(keys.done("key", "list", "--format", "json", zone))
        assert [key["tag"] for key in listed] == [tag_of(stem)]
