"""httpx, without the command line that it brings along where rich is installed: 6 MB and 50 ms of every run."""

import sys

sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # httpx goes on without it

import httpx  # noqa: E402

__all__ = ["httpx"]
