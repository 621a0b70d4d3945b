"""The limits: what the sockets, the map and the octets cost when nothing is thought."""

import workload

from .contactd import ContactdBeside
from .server import ADDRESS, Server, free_port


class Limit(Server):
    kind = 'limit'
    tool = ''
    what = ''
    options = ()

    @classmethod
    def find(cls, build):
        path = build / 'tests' / 'bench' / cls.tool
        return str(path) if path.exists() else None

    @classmethod
    def version(cls, build):
        return cls.what

    def configure(self):
        return [self.find(self.site.build), *self.options, ADDRESS, str(self.port)]


class Echo(Limit):
    name = 'echo'
    tool = 'echo'
    figures = ('udp', 'latency')
    what = 'recvmmsg(32), QR set, sendmmsg'


class EchoSingle(Limit):
    name = 'echo-single'
    tool = 'echo'
    figures = ('udp', 'latency')
    options = ('--single',)
    what = 'recvfrom, QR set, sendto'


class Ready(Limit):
    """Has ready what a server said once."""
    ready = ''

    @property
    def file(self):
        return str(self.data / self.ready)

    def prepare(self):
        source = ContactdBeside(self.site, free_port())
        source.start()
        try:
            first = self.site.folder / 'first'
            workload.write_messages(first, [(f'_meta.{self.site.origin}', workload.TYPE_TXT)], False)
            self.timed([self.site.build / 'tests' / 'bench' / 'load', '--first', '1800', ADDRESS,
                        source.port, first])
            self.take(source)
        finally:
            source.stop()
        return {}

    def take(self, source):
        raise NotImplementedError


class ReadyAnswers(Ready):
    """Answers to all cards, contacts and RP, and whatever else the benchmark asks."""
    name = 'ready-answers'
    tool = 'ready'
    figures = ('udp', 'latency', 'start', 'memory')
    ready = 'answers.mdb'
    what = 'recvmmsg(32), mdb_get of question and OPT, sendmmsg'

    def configure(self):
        return [self.find(self.site.build), 'serve', self.file, ADDRESS, str(self.port)]

    def take(self, source):
        labels = workload.labels_of(self.site.contacts)
        questions = self.site.folder / 'all-questions'
        workload.write_messages(questions, workload.all_questions(labels, self.site.origin),
                                self.site.signed)
        self.timed([self.find(self.site.build), 'fill', self.file, ADDRESS, source.port, questions])
        questions.unlink()


class ReadyTransfer(Ready):
    """contactd's own messages."""
    name = 'ready-transfer'
    tool = 'replay'
    figures = ('axfr',)
    most_entries = 200000  # they are in memory
    ready = 'messages'
    what = 'writev of 64 messages at a time'

    def configure(self):
        return [self.find(self.site.build), self.file, ADDRESS, str(self.port)]

    def take(self, source):
        self.timed([self.site.build / 'tests' / 'bench' / 'axfr', '--save', self.file, ADDRESS,
                    source.port, self.site.origin])
