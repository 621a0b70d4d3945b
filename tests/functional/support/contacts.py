"""Contacts files made for a test, and changes to real ones."""

import os
import random

_NAMES = ["Duty desk", "Night shift", "Registry operations", "Hotline", "Incident response"]


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


def change_at_random(folder, rng):
    """Changes, hides or brings back entries of a copy of the sample, as a secretariat would. No
    card gets longer: some are as long as they may be."""
    names = sorted(name for name in os.listdir(folder) if name.endswith(".yaml"))
    for name in rng.sample(names, 5):
        path = os.path.join(folder, name)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        kind = rng.randrange(4)
        if kind == 0:
            text = text.replace("+44 20 7946 ", f"+44 20 {rng.randrange(7000, 7999)} ", 1)
        elif kind == 1:
            day = rng.randrange(1, 22)
            text = "".join(f"verified: 2026-11-{day:02}\n" if line.startswith("verified:") else line
                           for line in text.splitlines(keepends=True))
        elif kind == 2:
            text = text.replace("hours: Mo-Fr 08:", "hours: Mo-Fr 07:", 1)
        elif "order: 9\n" not in text:
            text = text.replace("order: 1\n", "order: 9\n", 1)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    hidden = sorted(name for name in os.listdir(folder) if name.endswith(".hidden"))
    if hidden and rng.random() < 0.5:
        os.rename(os.path.join(folder, hidden[0]), os.path.join(folder, hidden[0][:-7]))
    else:
        name = rng.choice(names)
        os.rename(os.path.join(folder, name), os.path.join(folder, name + ".hidden"))
