"""The goals, and whether a run has reached them. Each is a ratio of medians (or a time); beside it
stands the median of the ratios within rounds, which a drifting machine moves less."""

import statistics

import table

OURS = 'contactd'


def ratio(size, figure, other, key=None):
    """Measured against another server: both kinds of ratio, or None where that is not there."""
    if other is None or not size.pairs(figure, OURS, other, key):
        return None
    return (size.of_medians(figure, OURS, other, key), size.within_rounds(figure, OURS, other, key))


def row(what, limit, measured, against='', least=False):
    """A line of the table: `limit` is the most, or the least, that is wanted."""
    if measured is None:
        return None
    value, within = measured
    reached = value >= limit if least else value <= limit
    return table.row([what, f'{"≥" if least else "≤"} {limit:.2f}', f'{value:.2f}',
                      '' if within is None else f'{within:.2f}', against,
                      'yes' if reached else '**no**'])


def best(size, figure, limit, what):
    peer = size.best_peer(figure)
    return row(f'{what}, {size.title()}: ÷ best peer', limit, ratio(size, figure, peer), peer)


def udp(size):
    """What is asked of a UDP query's processor time at this size."""
    what = 'UDP, CPU per query'
    if size.signed:
        return [best(size, 'udp', 0.90, what)] if size.entries == 10000 else []
    if size.entries >= 1000000:
        return [best(size, 'udp', 1.00, what)]
    if size.entries > 10000:
        return []
    return [best(size, 'udp', 1.00, what),
            row(f'{what}, {size.title()}: ÷ Knot', 0.85, ratio(size, 'udp', 'knot'), 'knot'),
            row(f'{what}, {size.title()}: ÷ bare echo', 1.15, ratio(size, 'udp', 'echo'), 'echo')]


def tcp(size):
    return [] if size.signed else [best(size, 'tcp', 0.80, 'TCP, kept connections, CPU per query')]


def axfr(size):
    if size.signed or size.entries not in (10000, 100000):
        return []
    return [row(f'AXFR, {size.title()}: {word} ÷ Knot', 0.30, ratio(size, 'axfr', 'knot', key),
                'knot') for word, key in (('time', 'axfr'), ('CPU', 'axfr_cpu'))]


def start(size):
    if size.signed or size.entries < 1000000 or not size.values('start', OURS):
        return []
    return [row(f'start to first right answer, {size.title()}: ms', 20,
                (size.median('start', OURS) * 1e3, None))]


def workers(size):
    """How much more two workers do than one, where each query costs them the same processor time."""
    rounds = size.found.get('extras', {}).get('workers', [])
    if not rounds:
        return []
    one = statistics.median(pair['one'] for pair in rounds)
    two = statistics.median(pair['two'] for pair in rounds)
    within = statistics.median(2 * pair['one'] / pair['two'] for pair in rounds)
    return [row(f'two workers ÷ one, by CPU per query, {size.title()}', 1.8, (2 * one / two, within),
                least=True)]


def publish(size):
    """The slowest hundredth of the answers while a publish commits, beside the same run without."""
    rounds = size.found.get('extras', {}).get('publish', [])
    if not rounds:
        return []
    other = [pair['elsewhere']['p99'] for pair in rounds]
    noise = max(other) / statistics.median(other)
    value = statistics.median(pair['during']['p99'] for pair in rounds) / statistics.median(other)
    within = statistics.median(pair['during']['p99'] / pair['elsewhere']['p99'] for pair in rounds)
    return [row(f'answers while a publish commits, p99, {size.title()}: ÷ while it commits to a copy '
                '(the limit is the slowest round of that)', noise, (value, within))]


def lines(sizes):
    """The table of goals, of what was measured."""
    rows = [one for part in (udp, tcp, axfr, start, workers, publish) for size in sizes
            for one in part(size) if one]
    if not rows:
        return []
    return ['## Goals', '', *table.head(['', 'goal', 'ratio of medians', 'within rounds', 'against',
                                         'reached']), *rows, '']
