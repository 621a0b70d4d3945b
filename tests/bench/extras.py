"""What is measured of contactd alone: two workers beside one, and answers while a publish commits."""

import collections
import json
import os
import pathlib
import shutil
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

    def clients(self, server, workers):
        """Two clients at once, each on a core, that sleep where there is nothing to do: they share
        the core. Each worker has the same number of queries outstanding, as under any load that
        saturates. Processor time of the server by query."""
        outstanding = self.arguments.window * workers // len(self.arguments.cores)
        command = [self.site.build / 'tests' / 'bench' / 'load', '--wait', '--lanes', str(LANES),
                   '--window', str(outstanding), '--seconds', str(self.arguments.seconds),
                   servers.ADDRESS, str(server.port), self.measured.queries]
        window = self.measured.window(server)
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                                    preexec_fn=lambda core=core: os.sched_setaffinity(0, {core}))
                   for core in self.arguments.cores]
        said = [json.loads(client.communicate()[0]) for client in running]
        window.close()
        answered = sum(one['answered'] for one in said)
        return {'query': window.cpu.total / answered, 'clean': window.is_clean,
                'rate': sum(one['answered'] / one['seconds'] for one in said)}

    def workers(self, one, two):
        """Rounds of one worker, and of two that have a core each; both beside a client on each core:
        what sharing a core with a client costs, and asking across, it costs both."""
        out = []
        for _ in range(self.arguments.rounds):
            alone = self.measured.undisturbed(
                lambda server: self.clients(server, 1), one)
            both = self.measured.undisturbed(
                lambda server: self.clients(server, 2), two)
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
        """Rounds without publishes, with publishes into a copy that nobody serves (the same work for
        the machine), and into what is served; each begins with another."""
        publisher = Publisher(self.site)
        copy = copy_of(server)
        parts = {'without': lambda: self.latency(server),
                 'elsewhere': lambda: self.latency(server, lambda: publisher.once(copy)),
                 'during': lambda: self.latency(server, lambda: publisher.once(server.config))}
        out = []
        try:
            for number in range(self.arguments.rounds):
                before = publisher.counts[server.config]
                first = number % len(parts)
                order = [*list(parts)[first:], *list(parts)[:first]]
                found = {name: parts[name]() for name in order}
                out.append(found | {'publishes': publisher.counts[server.config] - before})
                tell(f'publish {number + 1}: {out[-1]}')
        finally:
            publisher.undo(server.config)
        return out


def copy_of(server):
    """A configuration as the server's, with a copy of its database and of the keys beside it."""
    folder = server.data / 'copy'
    folder.mkdir(exist_ok=True)
    shutil.copy(server.data / 'contacts.mdb', folder)
    keys = server.data / 'contacts.mdb-keys'
    if keys.is_dir():
        shutil.copytree(keys, folder / keys.name, dirs_exist_ok=True)
    path = folder / 'contactd.conf'
    path.write_text(pathlib.Path(server.config).read_text(encoding='utf-8').replace(
        f'database: {server.data}/', f'database: {folder}/'), encoding='utf-8')
    return path


class Publisher:
    """Changes one contact and publishes it, on the server's core, with what the server leaves of it:
    what delays answers then is not the scheduler."""

    def __init__(self, site):
        self.site = site
        self.path = min(site.contacts.iterdir())
        self.text = self.path.read_text(encoding='ascii')
        self.counts = collections.Counter()  # by configuration

    def once(self, config):
        self.counts[config] += 1
        self.publish(config, self.text.replace('CSIRT', f'CSIRT {self.counts.total()}'))
        return True

    def undo(self, config):
        self.publish(config, self.text)

    def publish(self, config, text):
        self.path.write_text(text, encoding='ascii')
        subprocess.run([self.site.build / 'zonegen' / 'zonegen', 'publish', '-c', config, self.path],
                       check=True, stdout=subprocess.DEVNULL, preexec_fn=self.stand_back)

    def stand_back(self):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        os.sched_setaffinity(0, {self.site.server_cpu})


def run(site, arguments, measured):
    """Both, as JSON can hold them."""
    extras = Extras(site, arguments, measured)
    running = [server(site, servers.free_port())
               for server in (servers.ContactdBeside, servers.ContactdTwo)]
    try:
        for server in running:
            measured.start(server)
        return {'workers': extras.workers(*running), 'publish': extras.publish(running[0])}
    finally:
        for server in running:
            server.stop()
