"""The installed command against real servers and real faults. tests/FAULTS.md has each row with its test."""
