"""Variables of the environment that name a database."""

DATABASE_VARIABLE = "READINESS_DATABASE_URL"
RESTORE_VARIABLE = "READINESS_RESTORE_URL"
"""Of the scratch database into which a backup is restored."""
