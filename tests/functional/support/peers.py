"""NSD, Knot, BIND, PowerDNS and Unbound as ordinary child processes on high ports.

Each is made either with zone files (`zones`: domain to path) or as a secondary of `primary` for the
domains in `secondary_of`, on `terms` (by domain; plain where there are none). It answers on `host`,
for which a loopback address of its own or, in a network namespace, any address of that will do.
"""

import os
import subprocess

import pytest

from support.contactd import serial_of
from support.ports import Port
from support.process import Process, environment, find_program, wait_until
from support.terms import NO_TERMS

UDP_MAX = 1232


def need(*programs):
    """Skips, or fails where everything must be installed (CI=true), when a program is missing."""
    missing = [name for name in programs if not find_program(name)]
    if missing:
        text = f"not installed: {', '.join(missing)}"
        if os.environ.get("CI") == "true":
            pytest.fail(text)
        pytest.skip(text)


def tool(name):
    """The path of a program that must be there, or the test is skipped as by need()."""
    need(name)
    return find_program(name)


class Peer:
    """Another server. `at` is where it answers."""

    program = name = None
    cookie_secret = None  # 32 hexadecimal digits; without, it knows no cookies

    def __init__(self, folder, zones=None, secondary_of=(), primary=None, terms=None,
                 host="127.0.0.1", namespace=None):
        need(self.program)
        self.folder = os.path.join(str(folder), self.name)
        os.makedirs(self.folder, exist_ok=True)
        self.zones = zones or {}
        self.secondary_of = list(secondary_of)
        self.primary = primary
        self.terms = terms or {}
        self.host, self.namespace = host, namespace
        self.port = Port()
        self.at = (host, self.port.number)
        self.process = None

    def terms_of(self, domain):
        return self.terms.get(domain, NO_TERMS)

    def secrets(self):
        """The TSIG keys that its zones need, each once."""
        return sorted({terms.secret for terms in self.terms.values() if terms.secret},
                      key=lambda secret: secret.name)

    def primary_port(self, domain):
        tls = self.terms_of(domain).tls
        return tls.port if tls else self.primary[1]

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def configure(self):
        """Writes the configuration; returns the program's arguments."""
        raise NotImplementedError

    def start(self):
        arguments = self.configure()
        self.port.release()
        self.process = Process(self.name, [find_program(self.program), *arguments], self.folder,
                               self.namespace)
        return self

    def wait(self, seconds=30):
        for domain in [*self.zones, *self.secondary_of]:
            wait_until(lambda: serial_of(self.at, domain) is not None, seconds,
                       f"{self.name} serves {domain}", self.process)
        return self

    def stop(self):
        if self.process:
            self.process.stop()
        self.port.release()


class Nsd(Peer):
    program = name = "nsd"

    def configure(self):
        zones = [f'zone:\n name: "{d}"\n zonefile: "{p}"\n' for d, p in self.zones.items()]
        zones += [self._secondary_zone(domain) for domain in self.secondary_of]
        zones = [f"{text} provide-xfr: 127.0.0.0/8 NOKEY\n provide-xfr: {self.host} NOKEY\n"
                 for text in zones]
        clauses = [secret.as_nsd() for secret in self.secrets()]
        clauses += [f'tls-auth:\n name: "{domain}"\n auth-domain-name: "{terms.tls.hostname}"\n'
                    + (f' client-cert: "{terms.tls.certificate}"\n client-key: "{terms.tls.key}"\n'
                       if terms.tls.certificate else "")
                    for domain, terms in self.terms.items() if terms.tls]
        cookies = (f' answer-cookie: yes\n cookie-secret: "{self.cookie_secret}"\n'
                   if self.cookie_secret else "")
        bundle = "".join({f' tls-cert-bundle: "{terms.tls.authority}"\n'
                          for terms in self.terms.values() if terms.tls})
        return ["-d", "-c", self.write("nsd.conf", f'''server:
 ip-address: {self.host}
 port: {self.port.number}
{bundle}{cookies} username: ""
 database: ""
 zonesdir: "{self.folder}"
 pidfile: "{self.path('nsd.pid')}"
 zonelistfile: "{self.path('zone.list')}"
 xfrdfile: "{self.path('xfrd.state')}"
 xfrdir: "{self.folder}"
 server-count: 1
 minimal-responses: yes
 refuse-any: no
 rrl-ratelimit: 0
 ipv4-edns-size: {UDP_MAX}
 identity: "functional"
 version: "functional"
 xfrd-reload-timeout: 0
remote-control:
 control-enable: no
''' + "".join(clauses + zones))]

    def _secondary_zone(self, domain):
        terms = self.terms_of(domain)
        key = terms.secret.name if terms.secret else "NOKEY"
        return (f'zone:\n name: "{domain}"\n zonefile: "{domain}.zone"\n'
                f" request-xfr: {self.primary[0]}@{self.primary_port(domain)} {key}"
                f"{f' {domain}' if terms.tls else ''}\n outgoing-interface: {self.host}\n"
                f" allow-notify: {self.primary[0]} {key}\n")


class Knot(Peer):
    program = name = "knotd"

    def configure(self):
        items, cookies, module = [], "", ""
        if self.cookie_secret:
            cookies = f"mod-cookies:\n - id: shared\n   secret: 0x{self.cookie_secret}\n"
            module = "   module: mod-cookies/shared\n"
        for domain, path in self.zones.items():
            items.append(f" - domain: {domain}\n   file: {path}\n   acl: local\n{module}")
        for domain in self.secondary_of:
            secret = self.terms_of(domain).secret
            own = f"-{secret.name}" if secret else ""
            items.append(f" - domain: {domain}\n   master: primary{own}\n"
                         f"   acl: [local, notify{own}]\n")
        primary = f"{self.primary[0]}@{self.primary[1]}" if self.primary else "127.0.0.1@1"
        keys, remotes, acls = "", "", ""
        for secret in self.secrets():
            keys += secret.as_knot()
            remotes += (f" - id: primary-{secret.name}\n   address: {primary}\n"
                        f"   via: {self.host}\n   key: {secret.name}\n")
            acls += f" - id: notify-{secret.name}\n   key: {secret.name}\n   action: notify\n"
        return ["-c", self.write("knot.conf", f'''server:
 rundir: {self.folder}
 listen: {self.host}@{self.port.number}
 udp-workers: 1
 tcp-workers: 1
 background-workers: 1
 udp-max-payload: {UDP_MAX}
 identity: functional
 version: functional
database:
 storage: {self.folder}
log:
 - target: stderr
   any: info
{keys}{cookies}remote:
 - id: primary
   address: {primary}
   via: {self.host}
{remotes}acl:
 - id: local
   address: [127.0.0.0/8, {self.host}]
   action: transfer
 - id: notify
   address: {self.primary[0] if self.primary else self.host}
   action: notify
{acls}template:
 - id: default
   storage: {self.folder}
   semantic-checks: off
   zonefile-sync: 0
   zonefile-load: whole
   journal-content: none
   refresh-min-interval: 2
zone:
''' + "".join(items))]


class Bind(Peer):
    program = name = "named"

    def configure(self):
        items = [f'zone "{domain}" {{ type primary; file "{path}"; notify no; }};\n'
                 for domain, path in self.zones.items()]
        items += [self._secondary_zone(domain) for domain in self.secondary_of]
        cookies = (f'answer-cookie yes;\n cookie-algorithm siphash24;\n'
                   f' cookie-secret "{self.cookie_secret}";\n require-server-cookie yes;'
                   if self.cookie_secret else "answer-cookie no;")
        return ["-g", "-n", "1", "-c", self.write("named.conf", f'''options {{
 directory "{self.folder}";
 listen-on port {self.port.number} {{ {self.host}; }};
 listen-on-v6 {{ none; }};
 transfer-source {self.host};
 query-source address {self.host};
 pid-file none;
 session-keyfile "{self.path('session.key')}";
 managed-keys-directory "{self.folder}";
 recursion no;
 allow-transfer {{ any; }};
 allow-notify {{ {self.primary[0] if self.primary else "none"}; }};
 minimal-responses yes;
 minimal-any yes;
 {cookies}
 zero-no-soa-ttl no;
 dnssec-validation no;
 notify no;
 edns-udp-size {UDP_MAX};
 max-udp-size {UDP_MAX};
 version "functional";
 hostname "functional";
 server-id "functional";
 check-names primary ignore;
 check-names secondary ignore;
 check-integrity no;
 min-refresh-time 1;
 min-retry-time 1;
 serial-query-rate 1000;
 transfers-in 10;
 transfers-per-ns 10;
 rate-limit {{ responses-per-second 0; }};
 empty-zones-enable no;
}};
controls {{ }};
''' + "".join([secret.as_bind() for secret in self.secrets()] + items))]

    def _secondary_zone(self, domain):
        """A NOTIFY must be signed where the zone has a key. A tls clause stands before its zone."""
        terms, tls, notify = self.terms_of(domain), "", ""
        primary = f"{self.primary[0]} port {self.primary_port(domain)}"
        if terms.secret:
            primary += f' key "{terms.secret.name}"'
            notify = f' allow-notify {{ key "{terms.secret.name}"; }};'
        if terms.tls:
            primary += f' tls "{domain}"'
            tls = (f'tls "{domain}" {{ ca-file "{terms.tls.authority}"; protocols {{ TLSv1.3; }};'
                   f' remote-hostname "{terms.tls.hostname}";')
            if terms.tls.certificate:
                tls += f' cert-file "{terms.tls.certificate}"; key-file "{terms.tls.key}";'
            tls += " };\n"
        return (f'{tls}zone "{domain}" {{ type secondary; file "{domain}.zone"; notify no;'
                f" masterfile-format text;{notify} primaries {{ {primary}; }}; }};\n")


class PowerDns(Peer):
    """With the LMDB backend as a secondary: the only one of Debian's that takes raw octets."""

    program = name = "pdns_server"

    def configure(self):
        conf = self.write("pdns.conf", f'''launch=lmdb
lmdb-filename={self.path('pdns.lmdb')}
lmdb-shards=1
lmdb-sync-mode=nosync
local-address={self.host}
local-port={self.port.number}
query-local-address={self.host}
socket-dir={self.folder}
daemon=no
guardian=no
8bit-dns=yes
secondary=yes
disable-axfr=no
allow-axfr-ips=127.0.0.0/8,{self.host}
zone-cache-refresh-interval=0
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
xfr-cycle-interval=1
udp-truncation-threshold={UDP_MAX}
distributor-threads=1
receiver-threads=1
log-dns-details=yes
loglevel=5
''')
        for secret in self.secrets():
            self._pdnsutil("import-tsig-key", secret.name, secret.algorithm, secret.secret)
        for domain in self.secondary_of:
            self._pdnsutil("create-secondary-zone", domain, f"{self.primary[0]}:{self.primary[1]}")
            self._pdnsutil("set-meta", domain, "IXFR", "1")
            if self.terms_of(domain).secret:
                self._pdnsutil("activate-tsig-key", domain, self.terms_of(domain).secret.name,
                               "secondary")
        return [f"--config-dir={os.path.dirname(conf)}"]

    def _pdnsutil(self, *arguments):
        subprocess.run([find_program("pdnsutil"), f"--config-dir={self.folder}", *arguments],
                       check=True, capture_output=True, env=environment())


def unbound_server(peer, address, clients):
    """The section `server` of one that trusts this machine and leaves nothing outside its folder."""
    return f'''server:
 interface: {address}
 port: {peer.port.number}
 username: ""
 chroot: ""
 directory: "{peer.folder}"
 pidfile: "{peer.path('unbound.pid')}"
 use-syslog: no
 logfile: ""
 do-daemonize: no
 num-threads: 1
 verbosity: 1
 module-config: "iterator"
 do-not-query-localhost: no
 access-control: {clients} allow
 local-zone: "example." nodefault
 local-zone: "test." nodefault
'''


class Unbound(Peer):
    """A resolver without the internet: everything it may ask is contactd.

    auth: keeps the zones itself, as an auth-zone; else asks contactd for them, as a stub.
    """

    program = name = "unbound"
    auth = False

    def configure(self):
        host = f"{self.primary[0]}@{self.primary[1]}"
        items = []
        for domain in self.secondary_of:
            if self.auth:
                items.append(f'auth-zone:\n name: "{domain}"\n primary: {host}\n'
                             " fallback-enabled: no\n for-downstream: no\n for-upstream: yes\n")
            else:
                items.append(f'stub-zone:\n name: "{domain}"\n stub-addr: {host}\n')
        return ["-d", "-c", self.write("unbound.conf", unbound_server(
            self, "127.0.0.1", "127.0.0.0/8") + f''' edns-buffer-size: {UDP_MAX}
remote-control:
 control-enable: no
''' + "".join(items))]

    def wait(self, seconds=30):
        from support import client, wire
        for domain in self.secondary_of:
            octets = wire.query(domain, "SOA", flags=wire.RD)

            def answers():
                reply = client.udp(self.at, octets, timeout=0.5, tries=1)
                return reply and wire.Message(reply).answer
            wait_until(answers, seconds, f"unbound resolves {domain}", self.process)
        return self


class UnboundAuth(Unbound):
    name = "unbound-auth"
    auth = True
