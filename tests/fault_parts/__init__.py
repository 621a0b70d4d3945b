"""What tests/faults runs: one module for each kind of fault."""
