"""The stories that operators and schedules run, one per file."""
