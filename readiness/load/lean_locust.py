"""Locust, without its web interface and its ZeroMQ: 9 MB and 160 modules of every load generator.

No scenario of ours has the one, and several generators talk in processes of their own (readiness/load/workers/).
"""

import sys
from types import ModuleType
from typing import Any

_LEFT_OUT = ("locust.web", "locust.rpc.zmqrpc")


def _web_ui(*arguments: Any, **options: Any) -> Any:
    """Where a file makes one after all."""
    from locust.web import WebUI

    return WebUI(*arguments, **options)


_lean = "locust" not in sys.modules
if _lean:
    for _name in _LEFT_OUT:
        sys.modules[_name] = ModuleType(_name)
    vars(sys.modules["locust.web"])["WebUI"] = _web_ui  # all that `locust.env` takes from it

import locust  # noqa: E402
import locust.env  # noqa: E402

if _lean:
    for _name in _LEFT_OUT:  # whoever imports one from here on gets the real one
        del sys.modules[_name]

__all__ = ["locust"]
