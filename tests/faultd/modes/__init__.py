"""Modes: one function each, its keyword arguments are the mode's options, its result answers requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.faultd.layers import Handler
from tests.faultd.modes import answers, breaker, broken, crowded, hostile, service, timing, unruly

MODES: Mapping[str, Callable[..., Handler]] = {
    "ok": service.ok,
    "stats": service.stats,
    "status": answers.status,
    "body": answers.body,
    "redirect": answers.redirect,
    "favours": answers.favours,
    "echo": answers.echo,
    "delay": timing.delay,
    "degrade": timing.degrade,
    "hang": timing.hang,
    "freeze": timing.freeze,
    "crowded": crowded.crowded,
    "breaker": breaker.breaker,
    "drip": timing.drip,
    "endless": timing.endless,
    "die": broken.die,
    "deaf": broken.deaf,
    "rst": broken.rst,
    "close": broken.close,
    "truncated": broken.truncated,
    "hangup": broken.hangup,
    "garbage": broken.garbage,
    "hostile": hostile.hostile,
    "unruly": unruly.unruly,
}
