"""Cannot be read, and says why with its password in several lines."""

import os

raise RuntimeError(f"cannot sign in with {os.environ['READINESS_PASSWORD']}\n::add-mask::x\n\x1b]0;title\x07")
