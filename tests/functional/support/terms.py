"""On what terms a secondary gets a zone: whether its messages are signed (TSIG), whether it comes by
TLS. Secrets in the forms that the tools of other servers print; certificates of one authority."""

import base64
import dataclasses
import datetime
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SECRET_OCTETS = {"hmac-sha256": 32, "hmac-sha384": 48, "hmac-sha512": 64}


@dataclasses.dataclass(frozen=True)
class Secret:
    """A TSIG key. `secret` is Base64, derived from the name: the same in every run."""

    name: str
    algorithm: str = "hmac-sha256"

    @property
    def secret(self):
        octets = (self.name.encode() * 64)[:SECRET_OCTETS[self.algorithm]]
        return base64.b64encode(octets).decode()

    def as_bind(self):
        return f'key "{self.name}" {{ algorithm {self.algorithm}; secret "{self.secret}"; }};\n'

    def as_nsd(self):
        return (f'key:\n name: "{self.name}"\n algorithm: {self.algorithm}\n'
                f' secret: "{self.secret}"\n')

    def as_knot(self):
        """As `keymgr -t` prints it."""
        return (f"# {self.algorithm}:{self.name}:{self.secret}\n"
                f"key:\n  - id: {self.name}\n    algorithm: {self.algorithm}\n"
                f"    secret: {self.secret}\n")

    def as_plain(self):
        return self.secret + "\n"

    def write(self, folder, form="bind"):
        """Into a file that its owner alone may read; its path."""
        path = os.path.join(str(folder), f"{self.name}.{form}.secret")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w",
                  encoding="ascii") as file:
            file.write(getattr(self, f"as_{form}")())
        return path


@dataclasses.dataclass(frozen=True)
class Tls:
    """How to come by TLS: the primary's port, who signed its certificate, the name in that, and the
    certificate and key of one's own."""

    port: int
    authority: str
    hostname: str
    certificate: str = None
    key: str = None


@dataclasses.dataclass(frozen=True)
class Terms:
    secret: Secret = None
    tls: Tls = None


NO_TERMS = Terms()


class Authority:
    """Signs certificates; `path` is its own. All lie in a folder, keys readable by their owner."""

    def __init__(self, folder, name="Authority"):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._certificate = self._sign(self._name, self._key.public_key(), [
            (x509.BasicConstraints(ca=True, path_length=None), True)])
        self.path = self._write(f"{name}.pem", self._certificate.public_bytes(
            serialization.Encoding.PEM))

    def _write(self, name, octets):
        path = os.path.join(self.folder, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(octets)
        return path

    def _sign(self, subject, key, extensions):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder(
            self._name, subject, key, x509.random_serial_number(),
            now - datetime.timedelta(days=1), now + datetime.timedelta(days=90))
        for extension, is_critical in extensions:
            builder = builder.add_extension(extension, is_critical)
        return builder.sign(self._key, hashes.SHA256())

    def issue(self, hostname, *addresses):
        """The paths of a new certificate, for servers and clients, and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(hostname)]
        names += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = self._sign(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hostname)]), key.public_key(),
            [(x509.SubjectAlternativeName(names), False), (x509.ExtendedKeyUsage(usage), False)])
        return (self._write(f"{hostname}.pem",
                            certificate.public_bytes(serialization.Encoding.PEM)),
                self._write(f"{hostname}.key", key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption())))
