"""From an outside list's track to a local file."""
