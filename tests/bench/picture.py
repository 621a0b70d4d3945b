"""The results as one drawing (SVG): bars by server and size. Written for light and dark pages alike:
the page's background shows through, and colours that both can carry."""

import math

import results

WIDTH, HEIGHT = 960, 250  # of one panel
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 44, 62
INK, FAINT = '#808890', '#80889055'
COLOURS = {'contactd': '#e4572e', 'knot': '#4f8fd0', 'nsd': '#3aa6a0', 'gdnsd': '#9a78c8',
           'yadifa': '#c99a2e', 'bind': '#7f9a4a', 'powerdns': '#c0709a', 'echo': '#808890',
           'ready-answers': '#a0a8b0', 'ready-transfer': '#a0a8b0'}
STYLE = f'''<style>
text {{ font: 12px sans-serif; fill: {INK}; }}
.title {{ font-weight: bold; font-size: 14px; }}
.value {{ font-size: 10px; text-anchor: middle; }}
.group {{ text-anchor: middle; }}
.tick {{ text-anchor: end; }}
@media (prefers-color-scheme: dark) {{ text {{ fill: #c0c8d0; }} }}
@media (prefers-color-scheme: light) {{ text {{ fill: #404850; }} }}
</style>'''
# Title, figure, factor, logarithmic, signed or not.
PANELS = [
    ('UDP, unsigned: server CPU per query, µs', 'udp', 1e6, False, False),
    ('UDP, signed, asked with DO: server CPU per query, µs', 'udp', 1e6, False, True),
    ('TCP, kept connections: server CPU per query, µs', 'tcp', 1e6, False, False),
    ('AXFR: ms, logarithmic', 'axfr', 1e3, True, False),
    ('start to first right answer: ms, logarithmic', 'start', 1e3, True, False),
]


def text(x, y, words, kind=''):
    return f'<text x="{x:.1f}" y="{y:.1f}"{f" class={chr(34)}{kind}{chr(34)}" if kind else ""}>' \
           f'{words}</text>'


def short(value):
    """A number of about three digits."""
    if value >= 100:
        return f'{value:.0f}'
    return f'{value:.1f}' if value >= 10 else f'{value:.2f}'


def count_of(entries):
    return f'{entries:,}'.replace(',', ' ')


class Panel:
    """One diagram: a group of bars for each size, a bar for each server."""

    def __init__(self, sizes, title, figure, factor, logarithmic):
        self.title = title
        self.logarithmic = logarithmic
        self.groups = []
        for size in sizes:
            bars = [(name, size.median(figure, name) * factor) for name in COLOURS
                    if name in size.names and size.values(figure, name)]
            if bars:
                self.groups.append((f'{count_of(size.entries)} entries', bars))
        values = [value for _, bars in self.groups for _, value in bars]
        if values:
            self.top = 10 ** math.ceil(math.log10(max(values))) if logarithmic \
                else self.round_up(max(values))
            self.bottom = 10 ** math.floor(math.log10(min(values))) if logarithmic else 0

    @staticmethod
    def round_up(value):
        step = 10 ** math.floor(math.log10(value))
        return math.ceil(value / step) * step

    def share(self, value):
        """How high a value stands, 0 to 1."""
        if not self.logarithmic:
            return value / self.top
        return math.log(value / self.bottom) / math.log(self.top / self.bottom)

    def ticks(self):
        if not self.logarithmic:
            return [self.top * part / 4 for part in range(5)]
        first, last = round(math.log10(self.bottom)), round(math.log10(self.top))
        return [10.0 ** power for power in range(first, last + 1)]

    def grid(self, top, height):
        out = [text(LEFT, top - 26, self.title, 'title')]
        for tick in self.ticks():
            y = top + height * (1 - self.share(tick))
            out += [f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
                    f'stroke="{FAINT}"/>', text(LEFT - 6, y + 4, f'{tick:g}', 'tick')]
        return out

    def draw(self, top):
        """The panel, its upper edge at `top`."""
        top += TOP
        height = HEIGHT - TOP - BOTTOM
        out = self.grid(top, height)
        bars_in_all = sum(len(bars) + 1 for _, bars in self.groups)
        step = (WIDTH - LEFT - RIGHT) / bars_in_all
        width = min(step * 0.82, 46)
        x = LEFT + step / 2
        for title, bars in self.groups:
            out.append(text(x + step * len(bars) / 2, top + height + 18, title, 'group'))
            for name, value in bars:
                tall = max(height * self.share(value), 1)
                out += [f'<rect x="{x:.1f}" y="{top + height - tall:.1f}" width="{width:.1f}" '
                        f'height="{tall:.1f}" fill="{COLOURS[name]}"><title>{name}, {title}: '
                        f'{short(value)}</title></rect>',
                        text(x + width / 2, top + height - tall - 4, short(value), 'value')]
                x += step
            x += step
        return out


def legend(names, top):
    out, x = [], LEFT
    for name in names:
        out += [f'<rect x="{x}" y="{top}" width="12" height="12" fill="{COLOURS[name]}"/>',
                text(x + 17, top + 10, name)]
        x += 34 + 7 * len(name)
    return out


def draw(found):
    """The drawing, of what was measured; panels of which nothing was measured are left out."""
    sizes = results.sizes_of(found)
    panels = [Panel([size for size in sizes if size.signed == signed], title, figure, factor, logarithmic)
              for title, figure, factor, logarithmic, signed in PANELS]
    panels = [panel for panel in panels if panel.groups]
    shown = [name for name in COLOURS
             if any(name == bar for panel in panels for _, bars in panel.groups for bar, _ in bars)]
    height = 40 + HEIGHT * len(panels)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
           'aria-label="contactd beside other servers: processor time, transfers, start">', STYLE,
           *legend(shown, 14)]
    for number, panel in enumerate(panels):
        out += panel.draw(40 + number * HEIGHT)
    return '\n'.join([*out, '</svg>', ''])
