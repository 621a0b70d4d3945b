"""The results as Markdown."""

import platform
import statistics


def median_and_range(values, scale=1, digits=2):
    if not values:
        return '', ''
    values = [value * scale for value in values]
    return (f'{statistics.median(values):.{digits}f}',
            f'{min(values):.{digits}f}–{max(values):.{digits}f}')


def ratio(rounds, key, server, other):
    """The median over rounds of one server's figure by another's in the same round."""
    ratios = [one[server][key] / one[other][key] for one in rounds
              if key in one.get(server, {}) and key in one.get(other, {})]
    return f'{statistics.median(ratios):.2f}' if ratios else ''


def row(cells):
    return '| ' + ' | '.join(str(cell) for cell in cells) + ' |'


def head(cells):
    return [row(cells), '|' + '---|' * len(cells)]


def figures(rounds, server, key):
    return [one[server][key] for one in rounds if key in one.get(server, {})]


def wall_and_cpu_table(title, rounds, names, wall, cpu):
    lines = head([title, 'wall ms', 'range', '÷ Knot', 'CPU ms', 'range', '÷ Knot'])
    for name in names:
        if figures(rounds, name, wall):
            lines.append(row([name, *median_and_range(figures(rounds, name, wall), 1e3),
                              ratio(rounds, wall, name, 'knot'),
                              *median_and_range(figures(rounds, name, cpu), 1e3),
                              ratio(rounds, cpu, name, 'knot')]))
    return lines


def cpu_model():
    with open('/proc/cpuinfo', encoding='utf-8') as file:
        for line in file:
            if line.startswith('model name'):
                return line.partition(':')[2].strip()
    return platform.processor()


def machine(versions, command, server_cpu, client_cpu):
    lines = [f'* `{command}`',
             f'* {cpu_model()}, server on core {server_cpu}, client on core {client_cpu}; '
             f'Linux {platform.release()}']
    lines += [f'* {name}: {version}' for name, version in versions.items()]
    return lines
