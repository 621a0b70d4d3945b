"""What is measured of contactd alone: two workers beside one, and answers while a publish commits."""

import json
import os
import subprocess

import servers
from figures import tell

LANES = 16         # sockets of each client, which the kernel spreads over the workers
LONGER = 3         # times a measurement: several publishes commit in it


class Extras:
    def __init__(self, site, arguments, measured):
        self.site = site
        self.arguments = arguments
        self.measured = measured  # Figures

    def clients(self, server, cores):
        """Two clients at once, each on a core, that sleep where there is nothing to do: they share
        the core. Processor time of the server by query."""
        command = [self.site.build / 'tests' / 'bench' / 'load', '--wait', '--lanes', str(LANES),
                   '--window', str(self.arguments.window // 2), '--seconds', str(self.arguments.seconds),
                   servers.ADDRESS, str(server.port), self.measured.queries]
        window = self.measured.window(server)
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                                    preexec_fn=lambda core=core: os.sched_setaffinity(0, {core}))
                   for core in cores]
        said = [json.loads(client.communicate()[0]) for client in running]
        window.close()
        answered = sum(one['answered'] for one in said)
        return {'query': window.cpu.total / answered, 'clean': window.is_clean,
                'rate': sum(one['answered'] / one['seconds'] for one in said)}

    def workers(self, one, two):
        """Rounds of one worker, its clients on the other core, and two that share both with them."""
        server_core, client_core = self.arguments.cores
        out = []
        for _ in range(self.arguments.rounds):
            alone = self.measured.undisturbed(
                lambda server: self.clients(server, (client_core, client_core)), one)
            both = self.measured.undisturbed(
                lambda server: self.clients(server, (server_core, client_core)), two)
            out.append({'one': alone['query'], 'two': both['query'], 'one_rate': alone['rate'],
                        'two_rate': both['rate'], 'clean': alone['clean'] and both['clean']})
            tell(f'workers {len(out)}: {out[-1]}')
        return out

    def start_load(self, server):
        """A client at a fixed rate, for long enough."""
        return subprocess.Popen(
            [self.site.build / 'tests' / 'bench' / 'load', '--window', '1024', '--rate',
             str(self.arguments.rate), '--seconds', str(LONGER * self.arguments.seconds),
             servers.ADDRESS, str(server.port), self.measured.queries],
            stdout=subprocess.PIPE, text=True)

    def latency(self, server, meanwhile=lambda: None):
        """How long answers take, while something is done again and again."""
        window = self.measured.window(server)
        load = self.start_load(server)
        while load.poll() is None:
            if meanwhile() is None:
                load.wait()
        said = json.loads(load.communicate()[0])
        window.close()
        return {key: said[f'{name}_us'] / 1e6 for key, name in (
            ('p50', 'p50'), ('p99', 'p99'), ('p999', 'p999'), ('slowest', 'max'))} | {
                'clean': window.is_clean}

    def publish(self, server):
        """Rounds without and with publishes, the order changed from round to round."""
        publisher = Publisher(self.site, server.config)
        parts = {'without': lambda: self.latency(server),
                 'during': lambda: self.latency(server, publisher.once)}
        out = []
        try:
            for number in range(self.arguments.rounds):
                before = publisher.count
                order = list(parts) if number % 2 else list(reversed(parts))
                found = {name: parts[name]() for name in order}
                out.append(found | {'publishes': publisher.count - before})
                tell(f'publish {number + 1}: {out[-1]}')
        finally:
            publisher.undo()
        return out


class Publisher:
    """Changes one contact and publishes it, on the server's core, with what the server leaves of it:
    what delays answers then is not the scheduler."""

    def __init__(self, site, config):
        self.site = site
        self.config = config
        self.path = min(site.contacts.iterdir())
        self.text = self.path.read_text(encoding='ascii')
        self.count = 0

    def once(self):
        self.count += 1
        self.publish(self.text.replace('CSIRT', ('SIRTC', 'RTCSI')[self.count % 2]))
        return True

    def undo(self):
        self.publish(self.text)

    def publish(self, text):
        self.path.write_text(text, encoding='ascii')
        subprocess.run([self.site.build / 'zonegen' / 'zonegen', 'publish', '-c', self.config,
                        self.path], check=True, stdout=subprocess.DEVNULL,
                       preexec_fn=self.stand_back)

    def stand_back(self):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        os.sched_setaffinity(0, {self.site.server_cpu})


def run(site, arguments, measured):
    """Both, as JSON can hold them."""
    extras = Extras(site, arguments, measured)
    measured.running = running = [server(site, servers.free_port())
                                  for server in (servers.ContactdBeside, servers.ContactdTwo)]
    try:
        for server in running:
            measured.start(server)
        return {'workers': extras.workers(*running), 'publish': extras.publish(running[0])}
    finally:
        for server in running:
            server.stop()
