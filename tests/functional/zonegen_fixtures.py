"""What the tests of zonegen share: a folder with a configuration and contacts of its own, and the
program run in it. $BUILD names the folder of the build, as for all functional tests."""

import os
import subprocess

import pytest

NOW = "2026-11-22"  # what the contacts below are written for

ENTRY = """\
tld: {label}
registry: {registry}
territory: Territory of {label}
timezone: Europe/London
languages: [en]
verified: {verified}
verified-by: {by}
contacts:
"""

CONTACT = """\
  - role: {role}
    order: {order}
    name: {name}
    phone: {phone}
    email: {email}
    hours: {hours}
    visibility: {visibility}
"""


def zonegen():
    return os.path.join(os.path.abspath(os.environ["BUILD"]), "zonegen", "zonegen")


def contact(role="security", order=1, name="Team", phone="+44 20 7946 0101",
            email="csirt@registry.example", hours="24x7", visibility="public"):
    return {"role": role, "order": order, "name": name, "phone": phone, "email": email,
            "hours": hours, "visibility": visibility}


class Site:
    """One installation: site.conf, contacts/ and db/contacts.mdb below a folder."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.contacts = os.path.join(self.folder, "contacts")
        self.database = os.path.join(self.folder, "db", "contacts.mdb")
        os.makedirs(self.contacts, exist_ok=True)
        self.configure()

    def configure(self, zones=("cc.example",), top="", zone="", tlds="any", contacts="contacts"):
        """Writes site.conf; `top` are lines of the top level, `zone` lines of every zone. A zone
        whose name begins with `members` is one for members."""
        lines = ["database: db/contacts.mdb"]
        if contacts is not None:
            lines.append(f"contacts: {contacts}")
        if tlds is not None:
            lines.append(f"tlds: {tlds}")
        if any(name.startswith("members") for name in zones):
            lines += ["acl:", "  - id: local", "    address: 127.0.0.1", "    action: query"]
        lines += [line for line in top.splitlines() if line]
        lines += ["zone:"] if zones else []
        for name in zones:
            lines += [f"  - domain: {name}", f"    nameservers: ns1.{name} 192.0.2.1"]
            if name.startswith("members"):
                lines += ["    audience: members", "    acl: local"]
            lines += ["    " + line for line in zone.splitlines() if line]
        self.write("site.conf", "\n".join(lines) + "\n")

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as out:
            out.write(text)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def entry(self, label, contacts=None, registry=None, verified="2026-11-01", by="callback"):
        text = ENTRY.format(label=label, registry=registry or f"Registry of {label}",
                            verified=verified, by=by)
        if contacts is None:
            contacts = [contact(email=f"csirt@registry-{label}.example"),
                        contact("dns", 2, "DNS operations", "+44 20 7946 0102",
                                f"dns@registry-{label}.example", "Mo-Fr 08:00-18:00")]
        text += "".join(CONTACT.format(**item) for item in contacts)
        self.write(f"contacts/{label}.yaml", text)

    def entries(self, labels):
        for label in labels:
            self.entry(label)

    def remove(self, label):
        os.unlink(self.path(f"contacts/{label}.yaml"))

    def run(self, *arguments, now=NOW, config="site.conf", **more):
        """Runs zonegen in the folder; --now is added where the command takes it."""
        command = list(arguments)
        if config is not None:
            command += ["-c", config]
        if now is not None and command[0] in ("check", "plan", "publish", "report"):
            command += ["--now", now]
        more.setdefault("stdin", subprocess.DEVNULL)
        if "stdout" not in more:
            more["stdout"] = subprocess.PIPE
        if "input" in more:
            del more["stdin"]
        return subprocess.run([zonegen()] + command, cwd=self.folder, stderr=subprocess.PIPE,
                              text=True, timeout=120, **more)

    def done(self, *arguments, **more):
        """Runs a command that must succeed; its standard output."""
        result = self.run(*arguments, **more)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def refused(self, *arguments, **more):
        """Runs a command that must fail with exit status 1; its standard error."""
        result = self.run(*arguments, **more)
        assert result.returncode == 1, (result.returncode, result.stdout, result.stderr)
        return result.stderr

    def publish(self, *arguments, **more):
        """Publishes; the serials by zone."""
        lines = self.done("publish", *arguments, **more).splitlines()
        return {zone: int(serial) for zone, serial in (line.split(" ") for line in lines)}

    def export(self, zone="cc.example"):
        return self.done("export", zone)


def labels(count):
    """`count` different labels: aa, ab, ..."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return [a + b for a in letters for b in letters][:count]


@pytest.fixture
def site(tmp_path):
    """A site with twelve entries, nothing published."""
    made = Site(tmp_path)
    made.entries(labels(12))
    return made


@pytest.fixture
def published(site):
    """The same, published."""
    site.publish()
    return site
