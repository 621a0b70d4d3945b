"""The servers that are compared. A new peer is one class here, listed in SERVERS."""

import base64
import os
import pathlib
import shutil
import signal
import subprocess
from dataclasses import dataclass

ADDRESS = '127.0.0.1'
TSIG_NAME = 'bench.key'


@dataclass
class Site:
    """What one size of zone is served from."""
    folder: pathlib.Path  # ours alone, for configurations and state
    build: pathlib.Path   # where meson built contactd
    origin: str           # without a final dot
    contacts: pathlib.Path
    zone_file: pathlib.Path
    server_cpu: int
    signed: bool = False
    tsig: bytes = b''  # the secret of TSIG_NAME, without which nobody may transfer; empty: none
    journal: bool = False  # peers note differences, for IXFR


class Server:
    """One server process (or one worker), serving one zone on ADDRESS, UDP and TCP.

    A peer says its name, where its program is, how it tells its version, and writes what it needs
    in configure(), which returns the command that serves in the foreground.
    """
    name = ''
    answers = True    # False: neither DNS nor transfers, the limit only
    program = ''      # looked up in PATH
    version_arguments = ()

    def __init__(self, site, port):
        self.site = site
        self.port = port
        self.folder = site.folder / self.name
        self.folder.mkdir()
        self.process = None
        self.log = self.folder / 'log'
        self.command = self.configure()

    @classmethod
    def find(cls, build):
        """Its program's path, or None where it is not installed."""
        return shutil.which(cls.program, path=f'{os.environ.get("PATH", "")}:/usr/sbin:/usr/local/sbin')

    @classmethod
    def version(cls, build):
        done = subprocess.run([cls.find(build), *cls.version_arguments], capture_output=True,
                              text=True, check=False)
        return (done.stdout + done.stderr).strip().splitlines()[0]

    def configure(self):
        raise NotImplementedError

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding='ascii')
        return str(path)

    def key(self, section):
        """What makes a configuration ask for signatures: nothing where there are none."""
        if not self.site.tsig:
            return {'key': '', 'acl_key': ''}
        os.chmod(self.write('secret', base64.b64encode(self.site.tsig).decode() + '\n'), 0o600)
        return {'key': section, 'acl_key': f'    key: {TSIG_NAME}\n'}

    def start(self):
        """Starts it on the server's core, in a session of its own: the mark of its processes."""
        mine = os.sched_getaffinity(0)
        with open(self.log, 'ab') as log:
            os.sched_setaffinity(0, {self.site.server_cpu})
            try:
                self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                                stderr=log, start_new_session=True)
            finally:
                os.sched_setaffinity(0, mine)

    @property
    def session(self):
        return self.process.pid

    def stop(self):
        if not self.process:
            return
        for sign, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
            try:
                os.killpg(self.process.pid, sign)
                self.process.wait(seconds)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
            break
        try:  # children that outlived it
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None


class Contactd(Server):
    name = 'contactd'
    version_arguments = ('-V',)

    @classmethod
    def find(cls, build):
        path = build / 'server' / 'contactd'
        return str(path) if path.exists() else None

    CONFIGURATION = """\
server:
    listen: {address}@{port}
    workers: 1
database: contacts.mdb
contacts: {contacts}
tlds: any
{key}acl:
  - id: transfer-localhost
    address: 127.0.0.0/8
    action: transfer
{acl_key}zone:
  - domain: {origin}
    nameservers: ns1.{origin} 192.0.2.53
    acl: transfer-localhost
    dnssec: {dnssec}
"""

    def configure(self):
        """Publishes the contacts, and exports the zone file that the other servers load."""
        config = self.write('contactd.conf', self.CONFIGURATION.format(
            address=ADDRESS, port=self.port, contacts=self.site.contacts, origin=self.site.origin,
            dnssec='on' if self.site.signed else 'off',
            **self.key(f'key:\n  - id: {TSIG_NAME}\n'
                       '    algorithm: hmac-sha256\n    secret-file: secret\n')))
        zonegen = self.site.build / 'zonegen' / 'zonegen'
        with open(self.log, 'ab') as log:
            if self.site.signed:
                subprocess.run([zonegen, 'key', 'generate', '-c', config], stdout=log, stderr=log,
                               check=True)
            subprocess.run([zonegen, 'publish', '-c', config], stdout=log, stderr=log, check=True)
            with open(self.site.zone_file, 'wb') as out:
                subprocess.run([zonegen, 'export', '-c', config], stdout=out, stderr=log, check=True)
        return [self.find(self.site.build), '-c', config]


class Nsd(Server):
    """Answers made as small as the others' (minimal-responses); no limit on queries of one client."""
    name = 'nsd'
    program = 'nsd'
    version_arguments = ('-v',)

    CONFIGURATION = """\
server:
    ip-address: {address}@{port}
    server-count: 1
    username: ""
    database: ""
    zonesdir: "{folder}"
    pidfile: "{folder}/pid"
    xfrdfile: "{folder}/xfrd.state"
    zonelistfile: "{folder}/zone.list"
    xfrdir: "{folder}"
    minimal-responses: yes
    rrl-ratelimit: 0
    tcp-count: 100
remote-control:
    control-enable: no
zone:
    name: "{origin}"
    zonefile: "{zone_file}"
    provide-xfr: 127.0.0.1 NOKEY
"""

    def configure(self):
        config = self.write('nsd.conf', self.CONFIGURATION.format(
            address=ADDRESS, port=self.port, folder=self.folder, origin=self.site.origin,
            zone_file=self.site.zone_file))
        return [self.find(self.site.build), '-d', '-c', config]


class Knot(Server):
    """Reads the zone file at each start: a journal would hold the same once more."""
    name = 'knot'
    program = 'knotd'
    version_arguments = ('-V',)

    CONFIGURATION = """\
server:
    rundir: "{folder}"
    listen: {address}@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
control:
    listen: "{folder}/socket"
database:
    storage: "{folder}"
log:
  - target: stderr
    any: warning
{key}acl:
  - id: transfer
    address: 127.0.0.0/8
    action: transfer
{acl_key}zone:
  - domain: {origin}
    file: "{zone_file}"
    zonefile-sync: -1
    zonefile-load: {load}
    journal-content: {journal}
    acl: transfer
"""

    def configure(self):
        config = self.write('knot.conf', self.CONFIGURATION.format(
            address=ADDRESS, port=self.port, folder=self.folder, origin=self.site.origin,
            zone_file=self.site.zone_file,
            load='difference' if self.site.journal else 'whole',
            journal='changes' if self.site.journal else 'none',
            **self.key(f'key:\n  - id: {TSIG_NAME}\n    algorithm: hmac-sha256\n    secret: "'
                       + base64.b64encode(self.site.tsig).decode() + '"\n')))
        return [self.find(self.site.build), '-c', config]

    def reload(self):
        """Takes a changed zone file."""
        subprocess.run(['knotc', '-b', '-s', self.folder / 'socket', 'zone-reload',
                        self.site.origin], check=True, stdout=subprocess.DEVNULL)


class Echo(Server):
    name = 'echo'
    answers = False

    @classmethod
    def find(cls, build):
        path = build / 'tests' / 'bench' / 'echo'
        return str(path) if path.exists() else None

    @classmethod
    def version(cls, build):
        return 'recvmmsg(32), QR set, sendmmsg'

    def configure(self):
        return [self.find(self.site.build), ADDRESS, str(self.port)]


# contactd first: it makes the zone file.
SERVERS = [Contactd, Nsd, Knot, Echo]
