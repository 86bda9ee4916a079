"""`--drills`: the guards before anything is broken, and the proxies that run as long as the run does."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from urllib.parse import urlsplit

from readiness.config.model import Config
from readiness.drills.proxies import Proxies, start
from readiness.errors import ConfigError, NotMeasured
from readiness.run import target as targets


def drilled(config: Config, allow_hosts: Sequence[str]) -> AbstractContextManager[Proxies]:
    """The proxies of the file, to be started. Raises ConfigError, and Refused where one leads to another machine."""
    if not config.drills:
        raise ConfigError(
            f"--drills: {config.file} has no drills; write what to break, such as "
            "drills: { database_hangs: { proxy: database, fault: hang, for: 10s } }"
        )
    for name, proxy in config.proxies.items():
        where = f"proxies.{name}.to"
        url = f"tcp://{proxy.to}"
        try:
            targets.resolve(where, url, allow_hosts, config.allowed_hosts)
        except NotMeasured as error:
            raise ConfigError(f"{config.file}:{proxy.line}: {where}: {urlsplit(url).hostname}: {error}") from None
    return start(config.proxies, config.file)
