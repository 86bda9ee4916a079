"""The installed command against real servers and real faults. tests/FAULTS.md has each row with its test.

`scenarios/` holds the users that send the load; `scenarios/partly` and `scenarios/mixed` are folders of several files.
"""
