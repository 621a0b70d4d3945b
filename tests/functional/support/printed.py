"""Secondaries that are configured by what `zonegen secondary` prints, with no more around it than
their ports and folders."""

import os

from support.peers import Bind, Knot, Nsd, PowerDns, Unbound, unbound_server
from support.process import find_program, run


def elsewhere(text, after):
    """The lines that a printed configuration wants to have written elsewhere, after a comment that
    holds `after`."""
    found, taking = [], False
    for line in text.splitlines():
        if line.startswith("#     "):
            found += [line[6:]] * taking
        else:
            taking = taking and not line.startswith("# ") or after in line
    return found


class Printed:
    """What the makes share. `site` is contactd's, `at` where the secondary answers."""

    check = None  # a program that reads a configuration, and its arguments

    def prepare(self, site, address, *options):
        """Has zonegen print the configuration and its keys into the peer's folder."""
        common = ["secondary", self.make, "--remote", self.make, "--dir", self.folder]
        said = site.zonegen(*common, "--address", address, *options).stdout
        self.printed = said
        self.write("contactd.conf", said)
        if "--only-secrets" in said:
            self.write("contactd.key", site.zonegen(*common, "--only-secrets", *options).stdout)

    def configure(self):
        path = self.write(f"{self.make}.conf", self.around())
        if self.check:
            result = run([find_program(self.check[0]), *self.check[1:], path], timeout=60)
            assert result.returncode == 0, (result.stdout, result.stderr, self.printed)
        return [*self.arguments, path]


class PrintedNsd(Printed, Nsd):
    make, check, arguments = "nsd", ("nsd-checkconf",), ("-d", "-c")

    def around(self):
        return f'''server:
 ip-address: 127.0.0.1
 port: {self.port.number}
 username: ""
 database: ""
 zonesdir: "{self.folder}"
 tls-cert-bundle: "{self.path('contactd-ca.pem')}"
 pidfile: "{self.path('nsd.pid')}"
 zonelistfile: "{self.path('zone.list')}"
 xfrdfile: "{self.path('xfrd.state')}"
 xfrdir: "{self.folder}"
 xfrd-reload-timeout: 0
remote-control:
 control-enable: no
include: "{self.path('contactd.conf')}"
'''


class PrintedKnot(Printed, Knot):
    make, arguments = "knot", ("-c",)

    def around(self):
        return f'''server:
 rundir: {self.folder}
 listen: 127.0.0.1@{self.port.number}
 udp-workers: 1
 tcp-workers: 1
 background-workers: 1
database:
 storage: {self.folder}
log:
 - target: stderr
   any: info
include: "{self.path('contactd.conf')}"
'''

    def configure(self):
        arguments = super().configure()
        result = run([find_program("knotc"), "-c", arguments[-1], "conf-check"], timeout=60)
        assert result.returncode == 0, (result.stdout, result.stderr, self.printed)
        return arguments


class PrintedBind(Printed, Bind):
    make, check, arguments = "bind", ("named-checkconf",), ("-g", "-n", "1", "-c")

    def around(self):
        options = elsewhere(self.printed, "In its options") + elsewhere(self.printed, "and, for")
        return f'''options {{
 directory "{self.folder}";
 listen-on port {self.port.number} {{ 127.0.0.1; }};
 listen-on-v6 {{ none; }};
 pid-file none;
 session-keyfile "{self.path('session.key')}";
 managed-keys-directory "{self.folder}";
 recursion no;
 dnssec-validation no;
 empty-zones-enable no;
 min-refresh-time 1;
 min-retry-time 1;
 {" ".join(options)}
}};
controls {{ }};
include "{self.path('contactd.conf')}";
'''


class PrintedPowerDns(Printed, PowerDns):
    """At an address of its own, so that an acl tells it from the others without a key."""

    make, address = "powerdns", "127.0.0.6"

    def __init__(self, folder):
        super().__init__(folder)
        self.at = (self.address, self.port.number)

    def configure(self):
        os.makedirs(self.path("pdns.d"), exist_ok=True)
        self.write("pdns.d/contactd.conf", self.printed)
        self.write("pdns.conf", f'''launch=lmdb
lmdb-filename={self.path('pdns.lmdb')}
lmdb-shards=1
lmdb-sync-mode=nosync
local-address={self.address}
query-local-address={self.address}
local-port={self.port.number}
socket-dir={self.folder}
daemon=no
guardian=no
include-dir={self.path('pdns.d')}
zone-cache-refresh-interval=0
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
xfr-cycle-interval=1
distributor-threads=1
receiver-threads=1
loglevel=5
''')
        self.write("pdnsutil", f'#!/bin/sh\nexec "{find_program("pdnsutil")}" '
                               f'--config-dir="{self.folder}" "$@"\n')
        os.chmod(self.path("pdnsutil"), 0o755)
        script = "\n".join(["set -e", f'PATH="{self.folder}:$PATH"',
                            *elsewhere(self.printed, "Then, once")])
        result = run(["sh", "-c", script], timeout=60)
        assert result.returncode == 0, (script, result.stdout, result.stderr)
        return [f"--config-dir={self.folder}"]


class PrintedUnbound(Printed, Unbound):
    """At an address of its own: it has no keys. Transfers leave from where the route has it, hence
    the other family."""

    make, check, arguments = "unbound", ("unbound-checkconf",), ("-d", "-c")
    address = "::1"

    def __init__(self, folder):
        super().__init__(folder)
        self.at = (self.address, self.port.number)

    def around(self):
        return unbound_server(self, self.address, "::1") + f'''remote-control:
 control-enable: no
include: "{self.path('contactd.conf')}"
'''


MAKES = {kind.make: kind for kind in
         (PrintedNsd, PrintedKnot, PrintedBind, PrintedPowerDns, PrintedUnbound)}
