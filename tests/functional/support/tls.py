"""TLS: certificates made on the spot, and a connection that a test has in its hands."""

import datetime
import ipaddress
import os
import socket
import ssl
import struct

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from support.client import Tcp, receive_transfer
from support.process import run
from support.terms import Secret
from support.wire import query

DAY = datetime.timedelta(days=1)
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
NAME = "ns1.cc.example"
SECRET = Secret("tls-key")


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


class Issuer:
    """Who signs: a root by itself, or one below another."""

    def __init__(self, folder, name="Test CA", above=None, days=3650):
        self.folder, self.name, self.above = str(folder), name, above
        self.key = ec.generate_private_key(ec.SECP256R1())
        signer, key = (above.name, above.key) if above else (name, self.key)
        self.certificate = _sign(name, self.key, signer, key, (-DAY, days * DAY), [
            (x509.BasicConstraints(ca=True, path_length=None), True)])
        self.path = self.write(f"{name.replace(' ', '-')}.pem", pem(self.certificate))

    def write(self, name, octets):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(octets)
        return path

    def issue(self, file, names=(NAME,), use=SERVER, begins=-1, ends=365, common="nobody",
              chain=()):
        """A certificate with its key, FILE.pem and FILE.key; times in days from now. Returns their
        paths."""
        key = ec.generate_private_key(ec.SECP256R1())
        extensions = [(x509.ExtendedKeyUsage([use]), False)] if use else []
        if names:
            extensions.append((x509.SubjectAlternativeName(
                [*map(x509.DNSName, names), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
                False))
        certificate = _sign(common, key, self.name, self.key, (begins * DAY, ends * DAY),
                            extensions)
        own = self.write(f"{file}.key", key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        os.chmod(own, 0o600)
        return self.write(f"{file}.pem", pem(certificate) + b"".join(map(pem, chain))), own


    def withdraw(self, paths, days=30):
        """A list (CRL) of the certificates in these files, in PEM; its next one comes in so many days."""
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
                   .last_update(now - 60 * DAY).next_update(now + days * DAY))
        for path in paths:
            with open(path, "rb") as file:
                number = x509.load_pem_x509_certificate(file.read()).serial_number
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(number)
                .revocation_date(now - DAY).build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _sign(name, key, signer, signing_key, times, extensions):
    now = datetime.datetime.utcnow()
    builder = (x509.CertificateBuilder()
               .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
               .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, signer)]))
               .public_key(key.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(now + times[0]).not_valid_after(now + times[1]))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signing_key, hashes.SHA256())


def context(ca=None, alpn=("dot",), certificate=None, least=None, most=None):
    """A client's settings: trusts `ca` only, or anybody; `certificate` is a pair of paths."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = ca is not None
    made.verify_mode = ssl.CERT_REQUIRED if ca else ssl.CERT_NONE
    if ca:
        made.load_verify_locations(ca)
    if alpn:
        made.set_alpn_protocols(list(alpn))
    if certificate:
        made.load_cert_chain(*certificate)
    made.minimum_version = least or ssl.TLSVersion.TLSv1_2
    if most:
        made.maximum_version = most
    return made


def settings(pair, **more):
    return {"tls-cert": pair[0], "tls-key": pair[1], **more}


def partner(issuer, folder, name="ns2.partner.example", **options):
    return context(certificate=issuer.issue(f"{folder}/{name}", names=(name,),
                                            use=CLIENT, **options))


def kdig(server, *arguments):
    return run(["kdig", f"@{server[0]}", "-p", str(server[1]), *arguments])


V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


class Tls(Tcp):
    """One TLS connection, its handshake done; else ssl.SSLError."""

    def __init__(self, server, settings=None, session=None, name=NAME, **options):
        super().__init__(server, **options)
        try:
            self.socket = (settings or context()).wrap_socket(
                self.socket, server_hostname=name, session=session,
                suppress_ragged_eofs=False)
        except BaseException:
            self.socket.close()
            raise

    def _exactly(self, count):
        try:
            return super()._exactly(count)
        except ssl.SSLEOFError:
            return None

    def send_records(self, octets, size):
        """The octets as records of `size` octets, in one write to the socket each."""
        for at in range(0, len(octets), size):
            self.socket.sendall(octets[at:at + size])


def frame(*messages):
    return b"".join(struct.pack("!H", len(m)) + m for m in messages)


def recorded_hello(settings=None):
    """The octets of a ClientHello."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    half = (settings or context()).wrap_bio(incoming, outgoing, server_hostname=NAME)
    try:
        half.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def ask(server, octets, settings=None, **options):
    """The reply to one query over TLS, taken apart."""
    with Tls(server, settings, **options) as connection:
        return connection.ask(octets)


def transfer(server, name, settings=None, additional=(), source=None):
    """The messages of an AXFR over TLS; a single one when it is refused."""
    with Tls(server, settings, source=source, timeout=30) as connection:
        connection.send(query(name, "AXFR", ident=7, additional=additional))
        return receive_transfer(connection)


def resident_kilobytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def raw(server, octets, wait=0.0):
    """Sends octets to a TCP port as they are, closes; returns what came back until then."""
    with socket.create_connection(server, timeout=2) as connection:
        connection.sendall(octets)
        if not wait:
            return b""
        connection.settimeout(wait)
        try:
            return connection.recv(65536)
        except (socket.timeout, ConnectionResetError):
            return b""
