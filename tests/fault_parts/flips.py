"""Damage: bits flipped, pages zeroed, swapped and filled with garbage, the file cut; then all is asked.

Each case damages a small signed database in one way (flips.c has the ways, most of them aim at what
holds pages together). A start, a server that had it open meanwhile, `zonegen verify` and, for each
eighth, `zonegen publish` get it. Answers must be octet for octet those of the whole database, or
SERVFAIL. CASES=10000 SEED=1
"""

import os
import subprocess
import threading

from zonegen_fixtures import Site, contact, zonegen

NOTES = "\n".join(["acl:", "  - id: all", "    address: 127.0.0.0/8", "    action: transfer"])
ENTRIES = 40
BATCH = 50
ROLES = ("security", "dns", "registration", "management", "csirt")


def run(part):
    cases = part.number("CASES", 10000) // part.step
    seed = part.number("SEED", 1)
    sites = [_site(os.path.join(part.folder, f"{n}")) for n in range(part.jobs)]
    batches = iter(range(0, cases, BATCH))
    lock = threading.Lock()

    def work(site):
        while True:
            with lock:
                first = next(batches, None)
            if first is None:
                return
            _batch(part, site, seed, first, min(first + BATCH, cases), lock)
            part.progress(f"{first} of {cases}")
    threads = [threading.Thread(target=work, args=(site,)) for site in sites]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if part.figures.get("cases", 0) != cases:
        part.found(f"{part.figures.get('cases', 0)} of {cases} cases came to their end")


def _site(folder):
    """A signed database with a past, free pages, and answers on pages of their own."""
    os.makedirs(folder)
    site = Site(folder)
    site.configure(top=NOTES, zone="acl: all\ndnssec: on\nserial: counter\nhistory: 30d")
    site.entries([f"t{n}" for n in range(ENTRIES)])
    site.done("key", "generate", "cc.example")
    site.publish(now="2026-11-22")
    for day in (23, 24):
        for n in range(day, day + 6):
            site.entry(f"t{n}", [
                contact(role, order, f"Team {day} {role}", f"+44 20 7946 01{order:02}",
                        f"{role}@registry-t{n}.example")
                for order, role in enumerate(ROLES, 1)])
        site.publish(now=f"2026-11-{day}")
    os.rename(site.database, site.path("whole.mdb"))
    return site


def _batch(part, site, seed, first, end, lock):
    program = os.path.join(os.environ["BUILD"], "tests", "fault_parts", "flips")
    result = subprocess.run([program, zonegen(), str(seed), str(first), str(end)], cwd=site.folder,
                            capture_output=True, text=True, errors="replace", check=False)
    with lock:
        for line in result.stdout.splitlines():
            what, _, rest = line.partition(" ")
            if what == "count":
                name, _, number = rest.rpartition(": ")
                part.count(name, int(number))
            elif what == "found":
                part.found(rest)
            elif what == "questions":
                part.figure("asked of each", line)
    if result.returncode:
        part.found(f"cases {first} to {end}: flips ended with {result.returncode}: {result.stderr}")
