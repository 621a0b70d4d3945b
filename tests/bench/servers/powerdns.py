"""PowerDNS with its LMDB backend, and without its packet cache."""

from .server import ADDRESS, Server


class PowerDns(Server):
    """One receiver, one distributor. Its packet cache is on by default, and holds all of the
    questions here; for who asks names that nobody asked before there is PowerDnsUncached."""
    name = 'powerdns'
    program = 'pdns_server'
    package = 'pdns-server pdns-backend-lmdb'
    version_arguments = ('--version',)
    lacks = {'tls': 'no TLS', 'signed axfr': 'sends other records than it has loaded'}
    cache = ''

    CONFIGURATION = """\
launch=lmdb
lmdb-filename={data}/pdns.lmdb
lmdb-sync-mode=nosync
local-address={address}
local-port={port}
socket-dir={folder}
daemon=no
guardian=no
8bit-dns=yes
primary=no
disable-axfr=no
allow-axfr-ips=127.0.0.0/8
udp-truncation-threshold=1232
receiver-threads=1
distributor-threads=1
max-tcp-connections=1000
max-tcp-connections-per-client=0
log-dns-details=no
loglevel=3
{cache}"""

    @classmethod
    def version(cls, build):
        return super().version(build).partition('PowerDNS')[2].partition(' (C)')[0].strip()

    def configure(self):
        self.write('pdns.conf', self.CONFIGURATION.format(
            address=ADDRESS, port=self.port, folder=self.folder, data=self.data, cache=self.cache))
        return [self.find(self.site.build), f'--config-dir={self.folder}']

    def prepare(self):
        pdnsutil = [self.which('pdnsutil'), f'--config-dir={self.folder}']
        took = self.timed([*pdnsutil, 'load-zone', self.site.origin, self.site.zone_file])
        if self.site.signed:
            self.timed([*pdnsutil, 'set-presigned', self.site.origin])
        took['octets'] = sum(path.stat().st_blocks * 512 for path in self.data.glob('pdns.lmdb*'))
        return took


class PowerDnsUncached(PowerDns):
    name = 'powerdns-uncached'
    kind = 'variant'
    figures = ('udp', 'tcp')
    data_name = 'powerdns'
    cache = 'cache-ttl=0\nquery-cache-ttl=0\nnegquery-cache-ttl=0\n'
