"""Knot DNS."""

import base64
import subprocess

from .server import ADDRESS, TSIG_NAME, Server


class Knot(Server):
    """Reads the zone file at each start: a journal would hold the same once more."""
    name = 'knot'
    program = 'knotd'
    package = 'knot'
    version_arguments = ('-V',)
    lacks = {'tls': 'answers by TLS from 3.4 on'}

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
