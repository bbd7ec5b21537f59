"""Data out and in: formats that other programs read, and the one that restores an installation."""
