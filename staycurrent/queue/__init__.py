"""Scheduled work as jobs, each done once whatever the number of processes. Procrastinate is known here only."""
