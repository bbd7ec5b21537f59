"""Streamlit's own options, set in code: no file in anyone's home, no statistics sent, nothing watched."""

from __future__ import annotations

import logging
from typing import Any

LIGHT = {
    "primaryColor": "#1f5fa8",
    "backgroundColor": "#fdfcfa",
    "secondaryBackgroundColor": "#f4f1ec",
    "textColor": "#1d2127",
    "linkColor": "#1f5fa8",
    "borderColor": "#e3ded5",
}
DARK = {
    "primaryColor": "#8fbcf2",
    "backgroundColor": "#14171b",
    "secondaryBackgroundColor": "#1e2329",
    "textColor": "#e7e5e1",
    "linkColor": "#8fbcf2",
    "borderColor": "#323942",
}
OPTIONS: dict[str, Any] = {
    "server.headless": True,
    "runner.magicEnabled": False,
    # Streamlit would collect all garbage after each run: 90 ms with our libraries loaded, several times the run itself.
    "runner.postScriptGC": False,
    "server.fileWatcherType": "none",
    "server.maxUploadSize": 1,
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "logger.level": "warning",
    "secrets.files": [],
    "theme.baseRadius": "0.4rem",
    "theme.showWidgetBorder": True,
    "theme.linkUnderline": False,
    **{f"theme.light.{name}": value for name, value in LIGHT.items()},
    **{f"theme.dark.{name}": value for name, value in DARK.items()},
}


def apply(*, cookie_secret: str = "") -> None:
    """Put the options into force; call before the app is built. The secret signs cookies, one for all web processes."""
    from streamlit.web import bootstrap

    bootstrap.load_config_options(OPTIONS | ({"server.cookieSecret": cookie_secret} if cookie_secret else {}))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.WARNING)
