"""The dashboard's pages by the last part of their path, with their titles: all that is known of them without drawing one."""

from __future__ import annotations

from staycurrent.i18n import N_

FRONT = "this-month"
"""Shown at `/`."""
TITLES = {
    FRONT: N_("This month"),
    "explore": N_("Explore"),
    "roadmap": N_("Roadmap"),
    "trends": N_("Trends"),
    "labs": N_("Labs"),
    "digest": N_("Digest"),
    "mine": N_("Your marks"),
    "sources": N_("Sources"),
    "about": N_("About"),
    "item": N_("Paper"),
    "operations": N_("Operations"),
}
PATHS = {"/" if name == FRONT else f"/{name}": title for name, title in TITLES.items()}
"""Title by path."""
