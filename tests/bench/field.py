"""All servers with the zone of one size: started, compared, measured in turns, stopped."""

import collections
import sys

import figures
import measure
import servers
import workload

tell = figures.tell
SLOW = 1000000  # entries, from which on peers, which load them for minutes, are started once
RESERVE = 1.3     # times the memory of the largest peer so far must be free for the next
CACHE = 0.15      # of all memory is left for what the servers map and read
LOST = 'ffffffff'  # a question that got no answer
ASKED_AGAIN = 5


class Field:
    def __init__(self, site, arguments, chosen):
        self.site = site
        self.arguments = arguments
        queries = site.folder / 'queries'
        self.servers = [server(site, servers.free_port()) for server in chosen]
        self.entries = workload.labels_of(site.contacts)
        self.questions = workload.write(queries, self.entries, site.origin, site.signed,
                                        arguments.questions)
        self.figures = figures.Figures(site, arguments, queries)
        self.rounds = collections.defaultdict(list)  # figure: [{server: {…}}]
        self.shape = {}  # what one transfer holds, by server

    def able(self, figure, among):
        return [server for server in among if server.can(figure, self.site.signed)]

    def take_turns(self, figure, among, count, measurement):
        """Measures each server in turn, their order rotated from round to round."""
        able = self.able(figure, among)
        for number in range(count if able else 0):
            turn = number % len(able)
            one = {server.name: self.figures.undisturbed(measurement, server)
                   for server in able[turn:] + able[:turn]}
            tell(f'{figure} {number + 1}: ' + ', '.join(
                f'{name} ' + ' '.join(f'{key} {value:.3g}' for key, value in found.items()
                                      if key != 'clean')
                for name, found in sorted(one.items())))
            self.rounds[figure].append(one)

    def run(self):
        """All figures, as JSON can hold them."""
        always = [server for server in self.servers if server.kind in ('own', 'limit')]
        often = always if len(self.entries) >= SLOW else self.servers
        self.take_turns('start', often, self.arguments.starts_of(len(self.entries)) - 1,
                        self.figures.start_and_stop)
        waiting = [server for server in self.servers if server not in always]
        groups = []
        while True:
            group = []
            try:
                self.start_group(group, always, waiting)
                groups.append([server.name for server in group])
                tell(f'together: {", ".join(groups[-1])}')
                self.compare(group)
                self.measure(group)
            finally:
                for server in group:
                    server.stop()
            if not waiting:
                return self.result(groups)

    def start_group(self, group, always, waiting):
        """Starts those who always take part, and of those that wait as many as memory holds."""
        largest = 0
        starts = {}
        for server in always + waiting:
            before = measure.available()
            if largest * RESERVE > before - CACHE * measure.total() and largest > 0:
                break
            group.append(server)
            if server.can('start'):
                starts[server.name] = self.figures.start(server)
            else:
                server.start()
            if server in waiting:
                largest = max(largest, before - measure.available())
        del waiting[:len(group) - len(always)]
        self.rounds['start'].append(starts)

    def compare(self, group):
        """Stops unless all servers give the same answers and transfer the same records."""
        reference, wanted = None, None
        for server in group:
            if not server.answers or not server.can('udp'):
                continue
            shown = self.answers_of(server)
            if reference is None:
                reference, wanted = server, shown
            for question, ours, theirs in zip(self.questions, wanted, shown):
                if ours != theirs:
                    sys.exit(f'{question}: {reference.name} answers {ours}, {server.name} {theirs} '
                             '(RCODE, AA and TC, ANCOUNT)')
        self.compare_transfers(self.able('axfr', group))

    def answers_of(self, server):
        """What the server says to each question; what got lost on a busy machine is asked again."""
        path = self.site.folder / f'answers-{server.name}'
        shown = [LOST] * len(self.questions)
        for _ in range(ASKED_AGAIN):
            self.figures.load(server, '--once', path)
            octets = path.read_bytes()
            said = (octets[i:i + 4].hex() for i in range(0, len(octets), 4))
            shown = [new if old == LOST else old for old, new in zip(shown, said)]
            if LOST not in shown:
                break
        return shown

    def compare_transfers(self, group):
        """What each transfer holds. The numbers of records must agree, and tell how many transfers
        are long enough to be measured."""
        shape = {server.name: self.figures.tool('axfr', servers.ADDRESS, server.port,
                                                self.site.origin)[0] for server in group}
        self.shape.update(shape)
        records = {name: one['records'] for name, one in self.shape.items()}
        if len(set(records.values())) > 1:
            sys.exit(f'transfers differ: {records} records')
        self.figures.transfers = shape
        self.figures.times = max(1, self.arguments.records // max(records.values(), default=1))

    def measure(self, group):
        self.note_memory(group, 'start')
        for figure in ('udp', 'latency', 'tcp', 'tls', 'axfr'):
            if figure in self.arguments.figures:
                self.take_turns(figure, group, self.arguments.rounds,
                                getattr(self.figures, figure))
        self.note_memory(group, 'load')

    def note_memory(self, group, when):
        self.rounds['memory'].append({
            server.name: {f'{when}_{key}': value
                          for key, value in self.figures.memory(server).items()} | {'clean': True}
            for server in self.able('memory', group)})

    def result(self, groups):
        return {
            'entries': len(self.entries), 'signed': self.site.signed, 'groups': groups,
            'servers': {server.name: {'kind': server.kind, 'prepared': server.prepared,
                                      'lacks': server.lacks} for server in self.servers},
            'zone_octets': self.site.zone_file.stat().st_size, 'transfers': self.shape,
            'rounds': self.rounds,
        }
