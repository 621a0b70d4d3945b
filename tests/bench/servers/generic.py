"""A zone file for who does not know all types: those that are named in generic form (RFC 3597 §5), the
others as they stand. Reads what `zonegen export` prints: absolute names, one record a line."""

import base64
import struct


def labels(text):
    """A name's labels, escapes resolved (RFC 1035 §5.1)."""
    label, out, at = bytearray(), [], 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == '.':
            if label:
                out.append(bytes(label))
            label = bytearray()
        elif char == '\\' and text[at:at + 3].isdigit():
            label.append(int(text[at:at + 3]))
            at += 3
        elif char == '\\':
            label += text[at].encode('latin-1')
            at += 1
        else:
            label += char.encode('latin-1')
    return out


def wire_name(text):
    return b''.join(bytes([len(label)]) + label for label in labels(text)) + b'\0'


def rp(words):
    return wire_name(words[0]) + wire_name(words[1])


def uri(words):
    target = words[2].strip('"').replace('\\', '').encode('ascii')
    return struct.pack('>HH', int(words[0]), int(words[1])) + target


def cert(words):
    numbers = struct.pack('>HHB', int(words[0]), int(words[1]), int(words[2]))
    return numbers + base64.b64decode(''.join(words[3:]))


FORMS = {'RP': (17, rp), 'CERT': (37, cert), 'URI': (256, uri)}


def list_of_types(text, generic):
    """What an NSEC says, or whether an RRSIG covers one of the types."""
    return ' '.join(f'TYPE{FORMS[word][0]}' if word in generic else word for word in text.split(' '))


def convert(source, target, generic):
    """Writes the zone file `source` to `target`, with the types of `generic` in that form."""
    with open(source, encoding='latin-1') as lines, \
            open(target, 'w', encoding='latin-1') as out:
        for line in lines:
            words = line.split(None, 4)
            kind = words[3] if len(words) == 5 else ''
            if kind in generic:
                number, form = FORMS[kind]
                rdata = form(words[4].split())
                out.write(f'{words[0]} {words[1]} IN TYPE{number} \\# {len(rdata)} {rdata.hex()}\n')
            elif kind in ('NSEC', 'RRSIG'):
                out.write(f'{" ".join(words[:4])} {list_of_types(words[4].rstrip(), generic)}\n')
            else:
                out.write(line)
