"""NSD."""

from .server import ADDRESS, Server


class Nsd(Server):
    """Answers made as small as the others' (minimal-responses); no limit on queries of one client."""
    name = 'nsd'
    program = 'nsd'
    package = 'nsd'
    version_arguments = ('-v',)

    CONFIGURATION = """\
server:
    ip-address: {address}@{port}
{tls}    server-count: 1
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
            zone_file=self.site.zone_file, tls=self.tls()))
        return [self.find(self.site.build), '-d', '-c', config]

    def tls(self):
        if not self.tls_port:
            return ''
        return (f'    ip-address: {ADDRESS}@{self.tls_port}\n    tls-port: {self.tls_port}\n'
                f'    tls-service-pem: "{self.site.certificate()}"\n'
                f'    tls-service-key: "{self.site.certificate_key()}"\n')
