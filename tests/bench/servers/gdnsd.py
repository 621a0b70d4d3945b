"""gdnsd."""

from .generic import convert
from .server import ADDRESS, Server


class Gdnsd(Server):
    """One thread for UDP, one for TCP. Its zone file is the others', the types that it does not know
    in generic form (RFC 3597 §5)."""
    name = 'gdnsd'
    program = 'gdnsd'
    package = 'gdnsd'
    version_arguments = ()
    lacks = {'signed': 'no DNSSEC', 'axfr': 'no transfers', 'tls': 'no TLS of its own'}

    CONFIGURATION = """\
options => {{
    listen => {address}:{port}
    udp_threads => 1
    tcp_threads => 1
    zones_rfc1035_threads => 1
    udp_rcvbuf => 1048576
    run_dir => {folder}/run
    state_dir => {folder}/state
}}
"""

    @classmethod
    def version(cls, build):
        said = super().version(build)
        return said if 'gdnsd' in said else f'gdnsd: {said}'

    def configure(self):
        self.write('config', self.CONFIGURATION.format(
            address=ADDRESS, port=self.port, folder=self.folder))
        return [self.find(self.site.build), '-c', str(self.folder), 'start']

    def prepare(self):
        zones = self.made(self.data / 'zones')
        convert(self.site.zone_file, zones / self.site.origin, {'RP', 'URI', 'CERT'})
        return {}
