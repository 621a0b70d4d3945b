"""Validating resolvers without the internet: Unbound as a server, delv (BIND) as a command."""

import os
import re
import socket
import tempfile

from support import client, wire
from support.peers import Unbound, need
from support.process import find_program, run

SECURE, INSECURE, BOGUS = "secure", "insecure", "bogus"


class Validator(Unbound):
    """Unbound that validates.

    stubs      where each zone is asked: domain to address
    anchors    DNSKEY or DS in presentation format by domain: ("DS", rdata)
    lines      of its section server, more than there are
    """

    name = "unbound-validator"

    def __init__(self, folder, stubs, anchors, lines=()):
        super().__init__(folder, primary=("127.0.0.1", 53))
        self.stubs, self.anchors, self.lines = stubs, anchors, lines
        self._socket_folder = tempfile.TemporaryDirectory()  # a socket's path may have 107 octets
        self.socket_path = os.path.join(self._socket_folder.name, "control")

    def configure(self):
        arguments = super().configure()
        with open(self.path("unbound.conf"), encoding="utf-8") as file:
            text = file.read()
        anchors = "".join(f' trust-anchor: "{domain}. IN {kind} {rdata}"\n'
                          for domain, (kind, rdata) in self.anchors.items())
        text = text.replace(' module-config: "iterator"\n',
                            ' module-config: "validator iterator"\n val-log-level: 2\n'
                            + "".join(f" {line}\n" for line in self.lines) + anchors)
        text = text.replace(" control-enable: no\n", " control-enable: yes\n control-use-cert: no\n"
                            f" control-interface: {self.socket_path}\n")
        assert "validator" in text and self.socket_path in text
        text += "".join(f'stub-zone:\n name: "{domain}"\n stub-addr: {at[0]}@{at[1]}\n'
                        for domain, at in self.stubs.items())
        self.write("unbound.conf", text)
        return arguments

    def wait(self, seconds=30):
        from support.process import wait_until
        octets = wire.query("version.bind", "TXT", 3)
        wait_until(lambda: client.udp(self.at, octets, timeout=0.3, tries=1), seconds,
                   "unbound answers", self.process)
        return self

    def __enter__(self):
        return self.start().wait()

    def __exit__(self, *_):
        self.stop()
        self._socket_folder.cleanup()

    def forget(self):
        """Empties its caches: a time to live of 0 would last to the second's end."""
        for command in ("flush_zone .", "flush_bogus", "flush_negative"):
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(10)
                sock.connect(self.socket_path)
                sock.sendall(f"UBCT1 {command}\n".encode())
                said = b"".join(iter(lambda: sock.recv(4096), b""))
            assert said.startswith(b"ok"), said

    def ask(self, name, rrtype):
        """The reply by TCP: complete, whatever its size."""
        octets = wire.query(name, rrtype, flags=wire.RD, additional=[wire.opt(1232, flags=0x8000)])
        return client.tcp(self.at, octets, timeout=20)

    def verdict(self, name, rrtype):
        """SECURE, INSECURE or BOGUS (RFC 4035 §4.3), and the reply; nothing of it from a cache."""
        self.forget()
        reply = self.ask(name, rrtype)
        if reply.rcode == 2:
            return BOGUS, reply
        assert reply.rcode in (0, 3), (name, rrtype, reply.rcode)
        return (SECURE if reply.has(wire.AD) else INSECURE), reply


def delv(at, folder, key, name, rrtype):
    """What delv prints of an answer when its trust anchor is a key, of which support/keys.py is the
    form."""
    need("delv")
    path = os.path.join(str(folder), f"anchor.{key.domain}.{key.tag}")
    with open(path, "w", encoding="ascii") as file:
        file.write(key.anchor())
    if isinstance(name, bytes):
        name = wire.name_to_text(name)
    said = run([find_program("delv"), f"@{at[0]}", "-p", str(at[1]), "-a", path,
                f"+root={key.domain}", "+nocrypto", name, rrtype])
    return said.stdout + said.stderr


def delv_verdict(text):
    """SECURE when all of an answer is fully validated. Negative ones are "resolution failed: ncache
    nxdomain" or "nxrrset", too."""
    said = re.findall(r"(?m)^; (fully validated|negative response, fully validated|unsigned answer|"
                      r"negative response, unsigned answer)$", text)
    if re.search(r"resolution failed: (?!ncache)|no valid signature found", text) or not said:
        return BOGUS
    return SECURE if all("fully validated" in line for line in said) else INSECURE
