"""The host of the daemon: systemd, signals, priority, logs, the instance lock."""
