"""The operating system: locks, atomic files, signals, leases, packaged resources."""
