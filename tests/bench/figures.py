"""The measurements: each takes a server that runs (or starts it), and returns its figures."""

import json
import statistics
import subprocess
import sys
import time

import measure
import servers

START_LIMIT = 1800  # seconds until the first answer
IDLE_LIMIT = 30     # seconds in which who does not answer does not work, either,
IDLE_CPU = 0.2      # beyond what it takes to be asked


def tell(text):
    print(text, file=sys.stderr, flush=True)


class Figures:
    """Measures servers of one site."""

    def __init__(self, site, arguments, queries):
        self.site = site
        self.arguments = arguments
        self.queries = queries
        self.transfers = {}  # server's name: what one transfer holds
        self.times = 1       # transfers in one measurement

    def tool(self, name, *arguments):
        command = [self.site.build / 'tests' / 'bench' / name, *map(str, arguments)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def load(self, server, *options, port=None):
        return self.tool('load', *options, servers.ADDRESS, port or server.port, self.queries)[0]

    def window(self, server):
        return measure.Window(server.session)

    def undisturbed(self, measurement, server):
        """Measures again where others used the machine, once they do no more; a few times."""
        result = measurement(server)
        for _ in range(self.arguments.tries - 1):
            if result['clean']:
                break
            measure.wait_until_quiet()
            result = measurement(server)
        return result

    def start(self, server):
        """From before the program is executed to its first right answer."""
        began = time.monotonic_ns()
        server.start()
        window = self.window(server)
        first = self.first_answer(server)
        cpu = measure.cpu_of(server.session)
        window.close()
        return {'start': (first['at_ns'] - began) / 1e9, 'start_cpu': cpu.total,
                'clean': window.is_clean, 'foreign': window.foreign}

    def first_answer(self, server):
        """Waits for it, but not for a server that has ended, or neither answers nor works."""
        client = subprocess.Popen(
            [self.site.build / 'tests' / 'bench' / 'load', '--first', str(START_LIMIT),
             servers.ADDRESS, str(server.port), self.queries], stdout=subprocess.PIPE, text=True)
        worked, idle = 0, 0
        while True:
            try:
                return json.loads(client.communicate(timeout=1)[0])
            except subprocess.TimeoutExpired:
                before, worked = worked, measure.cpu_of(server.session).total
                idle = idle + 1 if worked - before < IDLE_CPU else 0
            if server.process.poll() is not None or idle >= IDLE_LIMIT:
                client.kill()
                client.wait()
                sys.exit(f'{server.name} {"does nothing" if idle else "has ended"}: '
                         f'{server.log.read_text(errors="replace")[-1000:]}')

    def start_and_stop(self, server):
        try:
            return self.start(server)
        finally:
            server.stop()

    def warm(self, server, *options, port=None):
        """Every question once: what a cache of answers holds for some seconds only is there."""
        self.load(server, *options, '--once', self.site.folder / 'warm', port=port)

    def closed_loop(self, server, figure, *options, port=None):
        """Processor time of a server by query, as fast as it answers."""
        options = ('--window', self.arguments.window, *options)
        self.warm(server, *options, port=port)
        window = self.window(server)
        load = self.load(server, *options, '--seconds', self.arguments.seconds, port=port)
        window.close()
        if load['lost'] + load['strange'] + load['reopened'] > load['sent'] / 1000:
            tell(f'{server.name}: {load["lost"]} of {load["sent"]} queries were not answered, '
                 f'{load["strange"]} answers not asked for, {load["reopened"]} connections closed')
        query = window.cpu.total / load['answered']
        return {figure: query, f'{figure}_user': query * window.cpu.user_share(),
                f'{figure}_system': query * (1 - window.cpu.user_share()),
                f'{figure}_rate': load['answered'] / load['seconds'],
                f'{figure}_busy': window.cpu.total / load['seconds'],
                'clean': window.is_clean, 'foreign': window.foreign}

    def udp(self, server):
        return self.closed_loop(server, 'udp')

    def tcp(self, server):
        return self.closed_loop(server, 'tcp', '--tcp', '--lanes', self.arguments.lanes)

    def tls(self, server):
        return self.closed_loop(server, 'tls', '--tls', '--lanes', self.arguments.lanes,
                                port=server.tls_port)

    def latency(self, server):
        self.warm(server)
        window = self.window(server)
        load = self.load(server, '--window', 1024, '--rate', self.arguments.rate, '--seconds',
                         self.arguments.seconds)
        window.close()
        return {'p50': load['p50_us'] / 1e6, 'p99': load['p99_us'] / 1e6,
                'p999': load['p999_us'] / 1e6, 'slowest': load['max_us'] / 1e6,
                'unanswered': load['lost'],
                'latency_busy': window.cpu.total / load['seconds'],
                'clean': window.is_clean, 'foreign': window.foreign}

    def axfr(self, server):
        shape = self.transfers[server.name]
        window = self.window(server)
        transfers = self.tool('axfr', '--skim', shape['octets'] + 2 * shape['messages'],
                              servers.ADDRESS, server.port, self.site.origin, self.times)
        window.close()
        return {'axfr': statistics.median(one['seconds'] for one in transfers),
                'axfr_cpu': window.cpu.total / len(transfers),
                'clean': window.is_clean, 'foreign': window.foreign}

    def memory(self, server):
        return measure.memory_of(server.session)
