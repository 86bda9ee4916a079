"""What can go wrong while the demo target is started."""

from readiness.errors import ConfigError

INSTALL = "`pip install '.[demo]'` in a checkout of readiness, or `pip install 'FILE.whl[demo]'`"
"""No bare name: on a package index it may be somebody else's."""


class DemoError(ConfigError):
    """The demo target cannot be started on this machine; nothing was sent."""
