"""contactd and zonegen as the build left them, and the configuration they share."""

import contextlib
import os
import re

from support import client, wire
from support.ports import Port, free_number
from support.process import SANITIZER, SLOW, Process, run, wait_until

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
SAMPLES = os.path.join(SOURCE, "conf", "contacts")
ZONES = os.path.join(os.path.dirname(__file__), "..", "zones")
NOW = "2026-11-22"  # the day that the sample contacts are written for


def program(name):
    """A built program; BUILD names the build's folder, tests/run sets it."""
    build = os.path.abspath(os.environ["BUILD"])
    for folder in ("server", "zonegen", "."):
        path = os.path.join(build, folder, name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    raise FileNotFoundError(f"{name} is not in {build}")


def dump(value, indent=0):
    """A configuration of dicts, lists and scalars as the YAML that contactd.conf is."""
    lines = []
    for key, item in value.items():
        if isinstance(item, dict):
            lines += [f"{' ' * indent}{key}:", dump(item, indent + 4)]
        elif isinstance(item, list) and item and isinstance(item[0], dict):
            lines.append(f"{' ' * indent}{key}:")
            for entry in item:
                text = dump(entry, indent + 4)
                lines.append(" " * (indent + 2) + "- " + text[indent + 4:])
        elif isinstance(item, list):
            quoted = ", ".join(f"'{entry}'" for entry in item)
            lines.append(f"{' ' * indent}{key}: [{quoted}]")
        else:
            lines.append(f"{' ' * indent}{key}: {item}")
    return "\n".join(lines)


def zone(domain, **items):
    """A zone that anyone on loopback may transfer."""
    return {"domain": domain, "nameservers": [f"ns1.{domain} 127.0.0.1 ::1"],
            "acl": ["local"], **items}


def patience():
    """What a server waits for clients, where tests and programs are slow."""
    return {"tcp-idle": f"{10 * SLOW:.0f}s"} if SLOW > 1 else {}


class Site:
    """A folder with a configuration and a database; zonegen works on it, contactd serves it."""

    def __init__(self, folder, zones, contacts=SAMPLES, server=None, **top):
        self.folder = str(folder)
        self.path = os.path.join(self.folder, "contactd.conf")
        self.database = os.path.join(self.folder, "contacts.mdb")
        self.config = {
            "server": {"listen": [f"127.0.0.1@{free_number()}"], "workers": 2,
                       "identity": "functional", "version": "functional", **patience(),
                       **(server or {})},
            "database": self.database,
            "contacts": str(contacts),
            "remote": [],
            "acl": [{"id": "local", "address": ["127.0.0.0/8", "::1"], "action": "transfer"}],
            "zone": zones,
            **top,
        }
        self.write()

    def write(self):
        config = {key: value for key, value in self.config.items() if value != []}
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(dump(config) + "\n")

    def zonegen(self, *arguments, code=0, **options):
        """Runs a command; its exit code is as expected, or the test fails with what it said."""
        result = run([program("zonegen"), *arguments, "-c", self.path], **options)
        said = "\n".join(line for line in result.stderr.splitlines() if ": warning: " not in line)
        assert result.returncode == code, (arguments, result.returncode, result.stdout[-3000:],
                                           said)
        return result

    def publish(self, *arguments, now=NOW):
        """Publishes; returns the serials, a dict by zone."""
        said = self.zonegen("publish", "--now", now, *arguments).stdout
        return {name.rstrip("."): int(serial) for name, serial in
                re.findall(r"^(\S+) (\d+)$", said, re.MULTILINE)}

    def export(self, domain):
        return self.zonegen("export", domain).stdout

    def restore(self, file, domain):
        self.zonegen("restore", str(file), domain)


class Contactd:
    """A running contactd. `at` and `at6` are where it answers; `tls` by TLS, where the site has a
    certificate. `namespace`, `output`: see Process."""

    def __init__(self, site, addresses=("127.0.0.1", "::1"), name="contactd", port=None,
                 namespace=None, tls_port=None, output=None):
        self.site = site
        port = port or Port()
        site.config["server"]["listen"] = [f"{address}@{port.number}" for address in addresses]
        if "tls-cert" in site.config["server"]:
            self.tls = self._listen_by_tls(addresses, tls_port)
        site.write()
        port.release()
        self.port = port.number
        self.at = (addresses[0] if namespace else "127.0.0.1", self.port)
        self.at6 = ("::1", self.port)
        self.process = self._start(name, namespace=namespace, output=output)
        probe = wire.query("version.bind", "TXT", 3)
        with namespace.inside() if namespace else contextlib.nullcontext():
            wait_until(lambda: client.udp(self.at, probe, timeout=0.2, tries=1), 20,
                       "contactd answers", self.process)
        if output is None:  # It answers before its start is at its end.
            wait_until(lambda: " is ready: " in self.process.log_since_start(), 20,
                       "contactd is ready", self.process)

    def _start(self, name, **options):
        return Process(name, [program("contactd"), "-c", self.site.path], self.site.folder,
                       **options)

    def _listen_by_tls(self, addresses, port):
        """At `port`, or a free one, where the site does not name one."""
        server = self.site.config["server"]
        if port or "tls-listen" not in server:
            port = port or Port()
            server["tls-listen"] = [f"{address}@{port.number}" for address in addresses]
            port.release()
        address, port = server["tls-listen"][0].rsplit("@", 1)
        return address, int(port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def ask(self, name, rrtype="TXT", source=None, **options):
        """The reply to a query over UDP."""
        return client.ask(self.at, wire.query(name, rrtype, **options), source=source)

    def ask_tcp(self, name, rrtype="TXT", source=None, **options):
        return client.tcp(self.at, wire.query(name, rrtype, **options), source=source)

    def labels(self, domain):
        """All labels that have an entry, as _index tells."""
        return b"".join(self.ask_tcp(f"_index.{domain}").texts()[0]).decode().split()

    def log(self):
        return self.process.log()

    def stop(self):
        """Ends it; it must end by itself, in order, and without a sanitizer's finding."""
        code = self.process.stop()
        assert not SANITIZER.search(self.log()), self.log()
        # Seldom LeakSanitizer, looking for leaks at the exit, waits for its helper for ever: it spins
        # in sched_yield, which contactd never calls, after the server's last line.
        if code == -9 and " stopped: " in self.log() and "sched_yield" in self.log():
            return
        assert code == 0, f"contactd ended with {code}\n{self.log()[-3000:]}"


def serial_of(server, domain):
    """The serial that a server has, or None when it does not answer for the zone."""
    octets = client.udp(server, wire.query(domain, "SOA"), timeout=0.5, tries=1)
    message = wire.Message(octets) if octets else None
    if not message or message.rcode or not message.answer or not message.has(wire.AA):
        return None
    return int.from_bytes(message.answer[0].rdata[-20:-16], "big")
