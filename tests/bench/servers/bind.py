"""BIND."""

from .server import ADDRESS, Server


class Bind(Server):
    """One worker and one listener; no control channel, no empty zones, no recursion."""
    name = 'bind'
    program = 'named'
    package = 'bind9'
    version_arguments = ('-v',)

    CONFIGURATION = """\
{tls}options {{
    directory "{folder}";
    pid-file "{folder}/pid";
    session-keyfile none;
    listen-on port {port} {{ {address}; }};
{tls_listen}    listen-on-v6 {{ none; }};
    recursion no;
    minimal-responses yes;
    allow-query {{ any; }};
    allow-transfer {{ 127.0.0.0/8; }};
    transfer-format many-answers;
    max-udp-size 1232;
    dnssec-validation no;
    notify no;
    empty-zones-enable no;
    check-integrity no;
}};
controls {{ }};
logging {{ category default {{ stderr; }}; channel stderr {{ stderr; severity warning; }}; }};
zone "{origin}" {{ type primary; file "{zone_file}"; }};
"""

    @classmethod
    def version(cls, build):
        return super().version(build).partition(' (')[0]

    def configure(self):
        config = self.write('named.conf', self.CONFIGURATION.format(
            address=ADDRESS, port=self.port, folder=self.folder, origin=self.site.origin,
            zone_file=self.site.zone_file, **self.tls()))
        return [self.find(self.site.build), '-4', '-f', '-n', '1', '-U', '1', '-c', config]

    def tls(self):
        if not self.tls_port:
            return {'tls': '', 'tls_listen': ''}
        return {'tls': f'tls local {{ cert-file "{self.site.certificate()}"; '
                       f'key-file "{self.site.certificate_key()}"; }};\n',
                'tls_listen': f'    listen-on port {self.tls_port} tls local {{ {ADDRESS}; }};\n'}
