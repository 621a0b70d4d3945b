"""A TLS 1.2 client that asks for a new handshake again and again, as no library would: it encrypts its
records itself."""

import contextlib
import os
import socket
import ssl
import struct
import tempfile

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from support.tls import NAME, V12, context

HANDSHAKE, APPLICATION = 22, 23


def _mac(key, octets):
    made = hmac.HMAC(key, hashes.SHA256())
    made.update(octets)
    return made.finalize()


def _expand(secret, seed, length):
    """RFC 5246 §5"""
    octets, a = b"", seed
    while len(octets) < length:
        a = _mac(secret, a)
        octets += _mac(secret, a + seed)
    return octets[:length]


def _client_hello(random):
    """As it stands in the handshake; what it offers does not matter."""
    body = b"\3\3" + random + b"\0" + struct.pack("!HH", 2, 0xC02B) + b"\1\0"
    return b"\1" + struct.pack("!I", len(body))[1:] + body


class Renegotiating:
    """A connection whose handshake is done. `send` sends records of our own."""

    def __init__(self, server, source=None):
        self.socket = socket.create_connection(server, timeout=5,
                                               source_address=(source, 0) if source else None)
        with tempfile.NamedTemporaryFile("r") as log:
            made = context(least=V12, most=V12)
            made.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
            made.keylog_filename = log.name
            server_random = self._shake_hands(made)
            client_random, secret = log.read().split("CLIENT_RANDOM ")[1].split()[:2]
        self.random = bytes.fromhex(client_random)
        keys = _expand(bytes.fromhex(secret), b"key expansion" + server_random + self.random, 40)
        self.key, self.iv = AESGCM(keys[:16]), keys[32:36]
        self.sequence = 1  # Finished was the first

    def _shake_hands(self, made):
        """Returns the server's random."""
        incoming, outgoing, heard = ssl.MemoryBIO(), ssl.MemoryBIO(), b""
        talk = made.wrap_bio(incoming, outgoing, server_hostname=NAME)
        while True:
            try:
                talk.do_handshake()
                self.socket.sendall(outgoing.read())
                return heard[11:43]
            except ssl.SSLWantReadError:
                self.socket.sendall(outgoing.read())
                octets = self.socket.recv(65536)
                heard += octets
                incoming.write(octets)

    def record(self, kind, octets):
        sequence = struct.pack("!Q", self.sequence)
        self.sequence += 1
        sealed = self.key.encrypt(self.iv + sequence, octets,
                                  sequence + struct.pack("!BHH", kind, 0x0303, len(octets)))
        return struct.pack("!BHH", kind, 0x0303, 8 + len(sealed)) + sequence + sealed

    def renegotiations(self, count):
        return b"".join(self.record(HANDSHAKE, _client_hello(os.urandom(32)))
                        for _ in range(count))

    def is_cut(self, seconds):
        """True when the server closes within so many seconds."""
        self.socket.settimeout(seconds)
        with contextlib.suppress(ConnectionResetError):
            try:
                while self.socket.recv(65536):
                    pass
            except socket.timeout:
                return False
        return True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
