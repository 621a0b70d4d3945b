"""Zones signed by the tools of others: dnssec-signzone (BIND) and ldns-signzone."""

import os
import subprocess

from support.peers import need
from support.process import environment, find_program

INCEPTION, EXPIRATION = "20260101000000", "20300101000000"
NOW = 1795352400  # between the two


def _run(folder, *arguments):
    result = subprocess.run([find_program(arguments[0]), *arguments[1:]], cwd=folder, text=True,
                            capture_output=True, env=environment(), check=False)
    assert result.returncode == 0, (arguments, result.stdout, result.stderr)
    return result.stdout


class SignedZone:
    """A zone file signed with one key for all (ECDSAP256SHA256).

    path       the signed file; `unsigned` is the same without signatures, the DNSKEY in it
    dnskey     the key's record in presentation format
    """

    def __init__(self, folder, domain, source, *options, signer="dnssec-signzone"):
        need(signer, "dnssec-keygen")
        self.domain, self.folder = domain, str(folder)
        self.path = os.path.join(self.folder, f"{domain}.signed")
        self.unsigned = os.path.join(self.folder, f"{domain}.unsigned")
        said = _run(self.folder, "dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", domain)
        self.key = said.split()[-1]
        with open(os.path.join(self.folder, f"{self.key}.key"), encoding="ascii") as file:
            self.dnskey = [line for line in file if not line.startswith(";")][-1]
        with open(source, encoding="ascii") as file:
            text = file.read()
        with open(self.unsigned, "w", encoding="ascii") as file:
            file.write(f"$ORIGIN {domain}.\n{text}\n{self.dnskey}")
        self.signer = signer
        self.sign(*options)

    def sign(self, *options):
        """Signs the unsigned file, maybe again; options are those of the signer."""
        getattr(self, "_" + self.signer.replace("-", "_"))(*options)

    def _dnssec_signzone(self, *options):
        _run(self.folder, "dnssec-signzone", "-q", "-z", "-P", "-o", self.domain, "-s", INCEPTION, "-e",
             EXPIRATION, "-f", self.path, *options, self.unsigned, self.key)

    def _ldns_signzone(self, *options):
        _run(self.folder, "ldns-signzone", "-o", self.domain, "-i", INCEPTION, "-e", EXPIRATION,
             "-f", self.path, *options, self.unsigned, self.key)

    def text(self):
        with open(self.path, encoding="ascii") as file:
            return file.read()
