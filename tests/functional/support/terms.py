"""On what terms a secondary gets a zone: whether its messages are signed (TSIG), whether it comes by
TLS. Secrets in the forms that the tools of other servers print."""

import base64
import dataclasses
import os

SECRET_OCTETS = {"hmac-sha256": 32, "hmac-sha384": 48, "hmac-sha512": 64, "hmac-sha1": 20}


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
