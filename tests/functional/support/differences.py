"""Every difference to NSD 4.6.1, Knot 3.2 and BIND 9.18 that is meant, with its reason."""

from support.compare import Difference

KNOWN_DIFFERENCES = [
]
