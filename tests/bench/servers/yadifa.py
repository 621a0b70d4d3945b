"""YADIFA."""

from .generic import convert
from .server import ADDRESS, Server


class Yadifa(Server):
    """One thread that receives and sends many datagrams at a time (network-model multi), no limit on
    rates, none of its own upkeep of signatures, the largest messages in transfers. Its zone file is the
    others', CERT and URI in generic form (RFC 3597 §5)."""
    name = 'yadifa'
    program = 'yadifad'
    package = 'yadifa'
    version_arguments = ('-V',)
    lacks = {'tls': 'no TLS'}

    CONFIGURATION = """\
<main>
    daemon off
    chroot off
    log-path "{folder}"
    pid-file "{folder}/pid"
    data-path "{folder}"
    keys-path "{folder}"
    xfr-path "{folder}"
    port {port}
    listen {address} port {port}
    edns0-max-size 1232
    max-tcp-queries 255
    network-model multi
    thread-count-by-address 1
    cpu-count-override 1
    thread-affinity-base {cpu}
    thread-affinity-multiplier 1
    axfr-max-packet-size 65535
    statistics off
    queries-log-type 0
    allow-query any
    allow-transfer any
    allow-update none
    allow-notify none
    allow-control none
</main>
<rrl>
    enabled false
</rrl>
<channels>
    stderr STDERR
</channels>
<loggers>
    database EMERG,ALERT,CRIT,ERR stderr
    server EMERG,ALERT,CRIT,ERR stderr
    system EMERG,ALERT,CRIT,ERR stderr
    zone EMERG,ALERT,CRIT,ERR stderr
</loggers>
<zone>
    type primary
    domain {origin}
    file-name "{zone_file}"
    maintain-dnssec false
    notify-auto false
</zone>
"""

    def configure(self):
        config = self.write('yadifad.conf', self.CONFIGURATION.format(
            address=ADDRESS, port=self.port, folder=self.folder, origin=self.site.origin,
            zone_file=self.data / 'zone', cpu=self.site.server_cpu))
        return [self.find(self.site.build), '-c', config]

    def prepare(self):
        convert(self.site.zone_file, self.data / 'zone', {'CERT', 'URI'})
        return {}
