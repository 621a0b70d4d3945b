"""What the functional tests stand on: processes, configurations, octets on the wire."""
