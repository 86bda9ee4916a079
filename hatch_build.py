"""How the package is built: hatchling, and the engine compiled where a C compiler is there.

`READINESS_COMPILE=0` leaves it pure, `=1` fails where it cannot be compiled (releases) and compiles editable installs
too; without it a wheel is compiled if that is possible, an editable install never, and no installation ever fails.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.build import (
    build_editable,
    build_sdist,
    build_wheel,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
)
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
]
_ROOT = Path(__file__).parent
_ASKED = "READINESS_COMPILE"
_COMPILER = ["mypy>=1.18", "setuptools>=80"]


def get_requires_for_build_wheel(config_settings: dict[str, Any] | None = None) -> list[str]:
    """What compiles is fetched only where it can be of use."""
    if os.environ.get(_ASKED) == "0" or _compiling().no_compiler():
        return []
    return _COMPILER


class CustomBuildHook(BuildHookInterface[Any]):
    """Puts the build of the engine into the wheel, where `readiness.load.compiled` looks for it."""

    _made = ""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """See BuildHookInterface."""
        asked = os.environ.get(_ASKED, "")
        if self.target_name != "wheel" or asked == "0" or (version == "editable" and asked != "1"):
            return
        self._made = tempfile.mkdtemp()
        why = _compiling().compile_to(Path(self._made, "build"))
        if why and asked == "1":
            raise RuntimeError(why)
        if why:
            self.app.display_warning(f"the load generator is not compiled and runs from its sources: {why}")
            return
        from readiness.load import compiled

        Path(self._made, "build", "complete").touch()
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["force_include"][str(Path(self._made, "build"))] = f"readiness/load/builds/{compiled.digest()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """See BuildHookInterface."""
        shutil.rmtree(self._made, ignore_errors=True)


def _compiling() -> Any:
    if str(_ROOT) not in sys.path:
        sys.path.insert(0, str(_ROOT))
    from readiness.load import compiling

    return compiling
