"""What was measured on, in words."""

import os
import platform


def of_file(path, key):
    """The value of the first line `key: value` or `key=value`, or ''."""
    try:
        with open(path, encoding='utf-8') as file:
            for line in file:
                for separator in (':', '='):
                    name, found, value = line.partition(separator)
                    if found and name.strip() == key:
                        return value.strip().strip('"')
    except OSError:
        pass
    return ''


def congestion_control():
    try:
        with open('/proc/sys/net/ipv4/tcp_congestion_control', encoding='ascii') as file:
            return file.read().strip()
    except OSError:
        return 'of an unknown kind'


def describe(server_cpu, client_cpu):
    gigabytes = int((of_file('/proc/meminfo', 'MemTotal') or '0').split()[0]) / 1e6
    return (f'{of_file("/proc/cpuinfo", "model name") or platform.processor()}, {os.cpu_count()} '
            f'cores, {gigabytes:.0f} GB; {of_file("/etc/os-release", "PRETTY_NAME")}, Linux '
            f'{platform.release()}, TCP with {congestion_control()}; server on core {server_cpu}, '
            f'client on core {client_cpu}')
