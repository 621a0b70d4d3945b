"""Contacts files made for a test, and changes to real ones."""

import datetime
import os
import re
import shutil

from support.contactd import NOW, SAMPLES


def write_entry(folder, label, marker, contacts=1):
    """A valid entry; every TXT that is made of it holds `marker`."""
    lines = [f"tld: {label}", f"registry: Registry {marker}", "territory: Nowhere",
             "timezone: UTC", "languages: [en]", "verified: 2026-11-01", "verified-by: callback",
             "contacts:"]
    for order in range(1, contacts + 1):
        lines += [f"  - id: c{order}", "    role: security", f"    order: {order}",
                  f"    name: {marker}", f"    phone: +44 20 7946 {1000 + order}",
                  f"    email: c{order}@registry.example", "    hours: 24x7"]
    path = os.path.join(str(folder), f"{label}.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def write_entries(folder, labels, marker="Team"):
    """A folder with a valid entry for each label; its path."""
    os.makedirs(str(folder), exist_ok=True)
    for label in labels:
        write_entry(folder, label, marker)
    return str(folder)


def sample_of(folder, day):
    """A copy of the sample contacts with each date moved, so that `day` is to it what NOW is to the
    sample: validators that know no time but the clock's want signatures of today."""
    moved = day - datetime.date.fromisoformat(NOW)
    shutil.copytree(SAMPLES, str(folder))
    for name in os.listdir(folder):
        path = os.path.join(str(folder), name)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(re.sub(r"\b20\d\d-\d\d-\d\d\b", lambda found: str(
                datetime.date.fromisoformat(found[0]) + moved), text))
    return str(folder)
