"""What can go wrong while the demo target is started."""

from readiness.errors import ConfigError

INSTALL = "pip install 'readiness[demo]'"


class DemoError(ConfigError):
    """The demo target cannot be started on this machine; nothing was sent."""
