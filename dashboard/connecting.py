"""Where Streamlit's page finds its server, told in the page itself.

Left to itself the page asks below its own path first (`/explore/_stcore/health`), takes two 404 answers, which every
browser writes into its console as errors, and opens its web socket only after two more answers. All pages of ours stand
in one folder, so the folder of the address is where the server is.
"""

from __future__ import annotations

import base64
import hashlib

SCRIPT = (
    "(()=>{const base=new URL('.',location.href).href;window.__streamlit={BACKEND_BASE_URL:base,MAIN_PAGE_BASE_URL:base,"
    "HOST_CONFIG:{allowedOrigins:[location.origin],useExternalAuthToken:false,metricsUrl:''}}})()"
)
"""`HOST_CONFIG` is what the page would wait for. Of its origins, from which a page around ours may steer it, ours is the only
one: `frame-ancestors` lets no other one in."""
TAG = f"<script>{SCRIPT}</script>"
SOURCE = f"'sha256-{base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()}'"
"""How the Content-Security-Policy names the script."""
