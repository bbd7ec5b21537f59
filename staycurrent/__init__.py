"""staycurrent: the month's AI research reading, by roadmap level.

This module imports nothing, so that every layer may import it.
"""

__version__ = "0.1.0"
