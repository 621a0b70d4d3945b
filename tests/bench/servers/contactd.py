"""contactd, and with two workers."""

import os

from .server import ADDRESS, TSIG_NAME, Server


class Contactd(Server):
    """Without ZONEMD, which YADIFA does not read."""
    name = 'contactd'
    kind = 'own'
    version_arguments = ('-V',)
    workers = 1

    @classmethod
    def find(cls, build):
        path = build / 'server' / 'contactd'
        return str(path) if path.exists() else None

    CONFIGURATION = """\
server:
    listen: {address}@{port}
{tls}    workers: {workers}
database: {database}
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
    zonemd: off
    dnssec: {dnssec}
"""

    def configure(self):
        self.config = self.write('contactd.conf', self.CONFIGURATION.format(
            address=ADDRESS, port=self.port, contacts=self.site.contacts, origin=self.site.origin,
            workers=self.workers, database=self.data / 'contacts.mdb', tls=self.tls(),
            dnssec='on' if self.site.signed else 'off',
            **self.key(f'key:\n  - id: {TSIG_NAME}\n'
                       '    algorithm: hmac-sha256\n    secret-file: secret\n')))
        return [self.find(self.site.build), '-c', self.config]

    def tls(self):
        if not self.tls_port:
            return ''
        return (f'    tls-listen: {ADDRESS}@{self.tls_port}\n'
                f'    tls-cert: {self.site.certificate()}\n'
                f'    tls-key: {self.site.certificate_key()}\n')

    def zonegen(self, *arguments, out=None):
        return self.timed([self.site.build / 'zonegen' / 'zonegen', *arguments, '-c', self.config],
                          out)

    def prepare(self):
        """Publishes the contacts, and exports the zone file that the other servers load."""
        if self.site.signed:
            self.zonegen('key', 'generate')
        took = self.zonegen('publish')
        with open(self.site.zone_file, 'wb') as out:
            took['export'] = self.zonegen('export', out=out)['wall']
        took['octets'] = (self.data / 'contacts.mdb').stat().st_blocks * 512
        return took


class ContactdBeside(Contactd):
    """Another one that serves the same database."""
    name = 'contactd-beside'
    kind = 'variant'
    data_name = 'contactd'


class ContactdTwo(ContactdBeside):
    """Two workers, on all cores."""
    name = 'contactd-two'
    workers = 2

    def cores(self):
        return range(os.cpu_count())
