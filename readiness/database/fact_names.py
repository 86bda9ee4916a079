"""Names that the facts about a database bear in run.json."""

SOURCE = "database"
FOREIGN_KEYS = "database.foreign_keys.unvalidated"
INDEXES = "database.indexes.invalid"
ORPHANS = "database.orphans"
