"""Contacts files made for a test, and changes to real ones."""

import os


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
