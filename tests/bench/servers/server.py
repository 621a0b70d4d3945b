"""What all servers of the benchmark have in common: a place, a command, a start and an end."""

import base64
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass

ADDRESS = '127.0.0.1'
TSIG_NAME = 'bench.key'
FIGURES = ('start', 'udp', 'latency', 'tcp', 'tls', 'axfr', 'memory')


def free_port():
    """A port that is free for UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, \
                socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
            udp.bind((ADDRESS, 0))
            try:
                tcp.bind((ADDRESS, udp.getsockname()[1]))
                return udp.getsockname()[1]
            except OSError:
                pass


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
    tls: bool = False  # who can answers by TLS too, with certificate() and certificate_key()

    def certificate(self):
        return self.folder / 'certificate.pem'

    def certificate_key(self):
        return self.folder / 'certificate.key'

    def make_certificate(self):
        """An own one for ECDSA, as cheap as handshakes get."""
        if not self.certificate().exists():
            subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                            'ec_paramgen_curve:prime256v1', '-nodes', '-days', '365', '-subj',
                            '/CN=ns1.cc.example', '-keyout', self.certificate_key(), '-out',
                            self.certificate()], check=True, capture_output=True)


class Server:
    """One server process (or one worker), serving one zone on ADDRESS, UDP and TCP.

    A peer says its name, where its program is, how it tells its version, and writes what it needs
    in configure(), which returns the command that serves in the foreground. Where it needs more
    than the zone file, prepare() makes it: once, and what it makes is found again by later runs.
    """
    name = ''
    kind = 'peer'   # or 'own', 'variant' (compared with, but nobody's best), 'limit'
    figures = FIGURES
    lacks = {}      # figure, 'signed' or 'signed axfr', and why this server has none
    program = ''    # looked up in PATH
    package = ''    # of Debian
    version_arguments = ()
    most_entries = 10**9  # of the zone, that it is measured with
    data_name = ''  # of the server whose prepared data this one uses; default: its own

    def __init__(self, site, port):
        self.site = site
        self.port = port
        self.tls_port = free_port() if site.tls and self.can('tls') else None
        self.folder = self.made(site.folder / self.name)
        self.data = self.made(site.folder / (self.data_name or self.name))
        self.process = None
        self.log = self.folder / 'log'
        self.command = self.configure()
        self.prepared = self.prepare_once()

    @staticmethod
    def made(folder):
        folder.mkdir(exist_ok=True)
        return folder

    @classmethod
    def find(cls, build):
        """Its program's path, or None where it is not installed."""
        return cls.which(cls.program)

    @staticmethod
    def which(program):
        return shutil.which(program,
                            path=f'{os.environ.get("PATH", "")}:/usr/sbin:/usr/local/sbin')

    @classmethod
    def version(cls, build):
        done = subprocess.run([cls.find(build), *cls.version_arguments], capture_output=True,
                              text=True, check=False)
        return (done.stdout + done.stderr).strip().splitlines()[0]

    @classmethod
    def can(cls, figure, signed=False):
        """Whether it has that figure, of a zone that is signed or not."""
        return (figure in cls.figures and figure not in cls.lacks
                and not (signed and {'signed', f'signed {figure}'} & set(cls.lacks)))

    @property
    def answers(self):
        """Whether it answers questions of the zone, rightly."""
        return self.kind != 'limit'

    def configure(self):
        raise NotImplementedError

    def prepare(self):
        """Makes what it serves from. What that took where it is the server's own work: {wall, cpu}
        in seconds, else {}."""
        return {}

    def prepare_once(self):
        note = self.data / 'prepared'
        if not note.exists():
            note.write_text(json.dumps(self.prepare()), encoding='ascii')
        return json.loads(note.read_text(encoding='ascii'))

    def timed(self, command, out=None):
        """Runs a command on all cores, what it says in the log, and says what it took."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.monotonic()
        mine = os.sched_getaffinity(0)
        with open(self.log, 'ab') as log:
            os.sched_setaffinity(0, range(os.cpu_count()))
            try:
                done = subprocess.run([str(word) for word in command], stdout=out or log,
                                      stderr=log, check=False)
            finally:
                os.sched_setaffinity(0, mine)
        if done.returncode != 0:
            raise SystemExit(f'{self.name}: {" ".join(map(str, command))} ends with '
                             f'{done.returncode}: {self.log.read_text(errors="replace")[-2000:]}')
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return {'wall': time.monotonic() - began,
                'cpu': (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)}

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

    def cores(self):
        return {self.site.server_cpu}

    def start(self):
        """Starts it on the server's core, in a session of its own: the mark of its processes."""
        mine = os.sched_getaffinity(0)
        with open(self.log, 'ab') as log:
            os.sched_setaffinity(0, self.cores())
            try:
                self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                                stderr=log, cwd=self.folder, start_new_session=True)
            finally:
                os.sched_setaffinity(0, mine)

    @property
    def session(self):
        return self.process.pid

    def stop(self):
        if not self.process:
            return
        for sign, seconds in ((signal.SIGTERM, 20), (signal.SIGKILL, 60)):
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
