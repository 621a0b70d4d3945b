"""What was measured, read again: which measurements count, medians and ratios."""

import statistics

ENOUGH = 3  # undisturbed measurements of a figure: with fewer, all count and the report says so


class Size:
    """The results of one size of zone, signed or not."""

    def __init__(self, found):
        self.entries = found['entries']
        self.signed = found['signed']
        self.found = found
        self.rounds = found['rounds']
        self.names = list(found['servers'])

    def kind(self, name):
        return self.found['servers'][name]['kind']

    def title(self):
        return f'{self.entries} entries{", signed, asked with DO" if self.signed else ""}'

    def of(self, figure, name):
        """What was measured of a server, in the order of the rounds."""
        return [one[name] for one in self.rounds.get(figure, []) if name in one]

    def is_noisy(self, figure, name):
        """Whether too few of its measurements were undisturbed, so that all count."""
        all_of_them = self.of(figure, name)
        clean = sum(one['clean'] for one in all_of_them)
        return clean < min(ENOUGH, len(all_of_them))

    def counts(self, figure, name, one):
        return name in one and (one[name]['clean'] or self.is_noisy(figure, name))

    def values(self, figure, name, key=None):
        key = key or figure
        return [one[name][key] for one in self.rounds.get(figure, [])
                if self.counts(figure, name, one) and key in one[name]]

    def median(self, figure, name, key=None):
        """The median, or None where there is nothing."""
        values = self.values(figure, name, key)
        return statistics.median(values) if values else None

    def pairs(self, figure, name, other, key=None):
        """Both servers' values in the rounds in which both count."""
        key = key or figure
        return [(one[name][key], one[other][key]) for one in self.rounds.get(figure, [])
                if self.counts(figure, name, one) and self.counts(figure, other, one)]

    def within_rounds(self, figure, name, other, key=None):
        """The median of the ratios of two servers' values in the same round, or None."""
        pairs = self.pairs(figure, name, other, key)
        return statistics.median(ours / theirs for ours, theirs in pairs) if pairs else None

    def of_medians(self, figure, name, other, key=None):
        """The ratio of the medians of the rounds in which both count, or None."""
        pairs = self.pairs(figure, name, other, key)
        if not pairs:
            return None
        return (statistics.median(ours for ours, _ in pairs)
                / statistics.median(theirs for _, theirs in pairs))

    def best_peer(self, figure, key=None):
        """The other server with the lowest median, or None."""
        peers = [name for name in self.names
                 if self.kind(name) == 'peer' and self.values(figure, name, key)]
        return min(peers, key=lambda name: self.median(figure, name, key), default=None)

    def dropped(self):
        """Measurements, those beside a foreign load, and the figures that count in spite of it."""
        every = [one for figure, rounds in self.rounds.items() if figure != 'memory'
                 for round_of in rounds for one in round_of.values()]
        noisy = [f'{figure} of {name}' for figure in self.rounds for name in self.names
                 if self.of(figure, name) and self.is_noisy(figure, name)]
        return len(every), sum(not one['clean'] for one in every), noisy


def sizes_of(found):
    return [Size(one) for one in found['sizes']]
