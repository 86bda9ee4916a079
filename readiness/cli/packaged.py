"""Files that travel with the package: the wheel has scenarios/ and thresholds.yaml in readiness/packaged/."""

from pathlib import Path


def path(name: str) -> Path:
    """Where `scenarios` or `thresholds.yaml` lies: in the installed package, or at the top of a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "packaged" / name
    return installed if installed.exists() else package.parent / name
