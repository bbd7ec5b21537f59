from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

# pytest's importlib mode puts no test folder on the path: `golden` stands here, `fakes` one folder up.
sys.path += [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

ROOT = Path(__file__).parents[3]


@pytest.fixture
def samples() -> Path:
    """Exact answers of the real services, where the folder with them is there."""
    folder = Path(os.environ.get("UPSTREAM_DIR") or ROOT.parent / "shared" / "upstream") / "samples"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    return folder
