"""What the tests of mail share."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # moving_model is no test, and imported by name
