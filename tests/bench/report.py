"""The results as Markdown: one table for each size, the goals, and what a reader must know."""

import itertools

import goals
import results
import table

MEGABYTE = 1e6
# Title, figure, key, factor, digits.
UDP = ('UDP: CPU µs', 'udp', 'udp', 1e6, 2)
USER = ('user', 'udp', 'udp_user', 1e6, 1)
RATE = ('queries/s', 'udp', 'udp_rate', 1, 0)
P50, P99 = (('p50 µs', 'latency', 'p50', 1e6, 0), ('p99 µs', 'latency', 'p99', 1e6, 0))
TCP = ('TCP: CPU µs', 'tcp', 'tcp', 1e6, 2)
TLS = ('TLS: CPU µs', 'tls', 'tls', 1e6, 2)
AXFR, AXFR_CPU = (('AXFR: ms', 'axfr', 'axfr', 1e3, 1), ('CPU ms', 'axfr', 'axfr_cpu', 1e3, 1))
START, START_CPU = (('start: ms', 'start', 'start', 1e3, 0),
                    ('CPU ms', 'start', 'start_cpu', 1e3, 0))
MEMORY = ('after load', 'memory', 'load_rss', 1 / MEGABYTE, 0)

# What the table of one size has, with ratios between the parts.
TIMES = [UDP, USER, ('system', 'udp', 'udp_system', 1e6, 1)]
REST = [RATE, P50, P99, TCP, TLS, AXFR, AXFR_CPU]
LAST = [START, START_CPU, ('RSS, PSS, own: MB', 'memory', 'start_rss', 1 / MEGABYTE, 0), MEMORY]

# What the table of all sizes has: a title, and the columns that share a cell.
OVERVIEW = [
    ('UDP µs; user', (UDP, USER)),
    ('UDP queries/s', (RATE,)),
    ('UDP p50; p99 µs', (P50, P99)),
    ('TCP µs', (TCP,)),
    ('TLS µs', (TLS,)),
    ('AXFR ms; CPU', (AXFR, AXFR_CPU)),
    ('start ms; CPU', (START, START_CPU)),
    ('RSS, PSS, own MB', (MEMORY,)),
]


def number(value, factor=1, digits=2):
    return '' if value is None else f'{value * factor:.{digits}f}'


def cell(size, name, column):
    """A median, of the first also the range; a star where too little was undisturbed."""
    _title, figure, key, factor, digits = column
    values = size.values(figure, name, key)
    if not values:
        return ''
    star = '*' if size.is_noisy(figure, name) else ''
    text = number(size.median(figure, name, key), factor, digits) + star
    if key == figure and len(values) > 1:
        text += f' ({number(min(values), factor, digits)}–{number(max(values), factor, digits)})'
    if figure == 'memory' and key.endswith('rss'):
        for other in ('pss', 'anonymous'):
            text += f', {number(size.median(figure, name, key.replace("rss", other)), factor, digits)}'
    return text


def cells(size, name, columns):
    """What several columns have of a server, in one cell."""
    texts = [cell(size, name, column) for column in columns] if name in size.names else []
    return '; '.join(text for text in texts if text)


def overview(sizes):
    """One table of all sizes: a row for some figures and a size, medians with their ranges."""
    names = list(dict.fromkeys(name for size in sizes for name in size.names
                               if size.kind(name) != 'variant'))
    rows = []
    for title, columns in OVERVIEW:
        for size in sizes:
            values = [cells(size, name, columns) for name in names]
            if any(values):
                rows.append(table.row([f'{title}, {size.entries}'
                                       f'{" signed" if size.signed else ""}', *values]))
    return ['## All sizes', '', *table.head(['', *names]), *rows, '']


def ratios(size, name, figure, others):
    """Within rounds, to each of the others."""
    return [number(size.within_rounds(figure, name, other)) if other else '' for other in others]


def table_of(size):
    best = size.best_peer('udp')
    head = ['', *(title for title, *_ in TIMES), '÷ best peer', '÷ Knot', '÷ echo',
            *(title for title, *_ in REST), '÷ Knot', *(title for title, *_ in LAST)]
    rows = [table.row([name, *(cell(size, name, column) for column in TIMES),
                       *ratios(size, name, 'udp', (best, 'knot', 'echo')),
                       *(cell(size, name, column) for column in REST),
                       *ratios(size, name, 'axfr', ('knot',)),
                       *(cell(size, name, column) for column in LAST)]) for name in size.names]
    return [*table.head(head), *rows]


def notes(size):
    every, disturbed, noisy = size.dropped()
    out = [f'Best peer by UDP: {size.best_peer("udp")}. Of {every} measurements {disturbed} ran beside '
           'more than 0.1 processors of foreign load: dropped'
           + (f', but for those with a star, of which too few are left: {", ".join(noisy)}.'
              if noisy else '.')]
    transfers = size.found['transfers']
    if transfers:
        records = next(iter(transfers.values()))['records']
        out.append(f'{records} records. One transfer: ' + ', '.join(
            f'{name} {one["messages"]} messages of {one["octets"] / MEGABYTE:.1f} MB'
            for name, one in transfers.items()) + '.')
    prepared = {name: one['prepared'] for name, one in size.found['servers'].items()
                if one['prepared'].get('wall') and one['kind'] != 'variant'}
    if prepared:
        out.append('Before any start, on all cores: ' + ', '.join(
            f'{name} {one["wall"]:.1f} s ({one["cpu"]:.1f} of CPU) for a database of '
            f'{one["octets"] / MEGABYTE:.0f} MB' for name, one in prepared.items())
            + f'. The zone file has {size.found["zone_octets"] / MEGABYTE:.0f} MB.')
    if len(size.found['groups']) > 1:
        out.append('Memory does not hold all at once; together ran '
                   + '; '.join(', '.join(group) for group in size.found['groups']) + '.')
    return out


def extras_of(size):
    """Answers while a publish commits."""
    rounds = size.found.get('extras', {}).get('publish', [])
    if not rounds:
        return []
    keys = ('p50', 'p99', 'p999', 'slowest')
    rows = []
    for when, title in (('without', 'without a publish'),
                        ('elsewhere', 'while publishes commit to a copy'),
                        ('during', 'while publishes commit')):
        cells = [table.median_and_range([pair[when][key] for pair in rounds], 1e6, 0)
                 for key in keys]
        rows.append(table.row([title, *(f'{middle} ({spread})' for middle, spread in cells)]))
    count = sum(pair['publishes'] for pair in rounds)
    return ['', *table.head([f'contactd, {size.entries} entries', 'p50 µs', 'p99 µs', 'p99.9 µs',
                             'slowest µs']), *rows, '', f'{count} publishes of one changed contact.']


def lacking(sizes):
    """What servers do not have, each once."""
    said = {}
    for size in sizes:
        for name, one in size.found['servers'].items():
            if one['lacks'] and one['kind'] != 'variant':
                said[name] = ', '.join(f'{what}: {why}' for what, why in one['lacks'].items())
    return [f'Left out: {"; ".join(f"{name} ({why})" for name, why in said.items())}.', ''] \
        if said else []


def lines(found):
    sizes = results.sizes_of(found)
    out = [f'* `{command}`' for command in found['command'].split('\n')]
    out += [f'* {found["machine"]}; {found["date"]}']
    out += [f'* {name}: {version}' for name, version in found['versions'].items()]
    out += ['', *lacking(sizes), *(overview(sizes) if len(sizes) > 1 else [])]
    for size in sizes:
        out += [f'## {size.title()}', '', *table_of(size), *(line for note in notes(size)
                                                             for line in ('', note)),
                *extras_of(size), '']
    return [*out, *goals.lines(sizes)]


def join_rounds(earlier, later):
    """Of a figure of a server the later run counts."""
    again = {name for one in later for name in one}
    return [{**{name: found for name, found in before.items() if name not in again}, **after}
            for before, after in itertools.zip_longest(earlier, later, fillvalue={})]


def join(earlier, later):
    """Two runs of one size."""
    parts = {part: {**earlier.get(part, {}), **later.get(part, {})}
             for part in ('servers', 'transfers', 'extras')}
    rounds = {figure: join_rounds(earlier['rounds'].get(figure, []), later['rounds'].get(figure, []))
              for figure in {**earlier['rounds'], **later['rounds']}}
    others = [group for group in earlier['groups'] if group not in later['groups']]
    return {**earlier, **later, **parts, 'rounds': rounds, 'groups': others + later['groups']}


def merge(several):
    """Runs as one."""
    sizes = {}
    for size in (size for one in several for size in one['sizes']):
        key = (size['signed'], size['entries'])
        sizes[key] = join(sizes[key], size) if key in sizes else size
    versions = {name: text for one in several for name, text in one['versions'].items()}
    return {**several[-1], 'command': '\n'.join(dict.fromkeys(one['command'] for one in several)),
            'versions': versions, 'sizes': [sizes[key] for key in sorted(sizes)]}
