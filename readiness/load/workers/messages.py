"""What master and workers say to each other, as Locust's custom messages (all of them sealed)."""

JOINED = "readiness.joined"
"""Worker: here I am: {name, version, scenarios: {stem: SHA-256 of the worker's own file}}."""
EVENT = "readiness.event"
"""Worker: one event of its engine, as `readiness.load.wire` writes it."""
PLAN = "readiness.plan"
"""Master: the shard to drive, as `readiness.load.plan` writes it."""
GO = "readiness.go"
"""Master: everybody is ready, begin."""
STOP = "readiness.stop"
"""Master: end the load early and hand in the numbers."""
ENOUGH = "readiness.enough"
"""Master: end the load now as if its time were over, requests in flight may still finish."""
LEAVE = "readiness.leave"
"""Master: your numbers arrived, or are not wanted any more; the text says why."""

FROM_WORKER = (JOINED, EVENT)
FROM_MASTER = (PLAN, GO, STOP, ENOUGH, LEAVE)
