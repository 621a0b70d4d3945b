"""The servers that are compared, a file each. A new peer is one more class, listed here."""

from .bind import Bind
from .contactd import Contactd, ContactdBeside, ContactdTwo
from .gdnsd import Gdnsd
from .knot import Knot
from .limits import Echo, EchoSingle, ReadyAnswers, ReadyTransfer
from .nsd import Nsd
from .powerdns import PowerDns, PowerDnsUncached
from .server import ADDRESS, FIGURES, TSIG_NAME, Server, Site, free_port
from .yadifa import Yadifa

# contactd first: it makes the zone file, and answers what the limits have ready.
SERVERS = [Contactd, Nsd, Knot, Gdnsd, Yadifa, Bind, PowerDns, PowerDnsUncached,
           EchoSingle, Echo, ReadyAnswers, ReadyTransfer]

__all__ = ['ADDRESS', 'FIGURES', 'SERVERS', 'TSIG_NAME', 'Bind', 'Contactd', 'ContactdBeside',
           'ContactdTwo', 'Echo', 'EchoSingle', 'Gdnsd', 'Knot', 'Nsd', 'PowerDns',
           'PowerDnsUncached', 'ReadyAnswers', 'ReadyTransfer', 'Server', 'Site', 'Yadifa',
           'free_port']
