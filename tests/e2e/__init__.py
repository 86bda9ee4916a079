"""The installed command against real servers and real faults, row by row of the fault matrix.

| rows | what goes wrong | where |
|---|---|---|
| T1-T6, T10-T14, T18 | the target | test_target.py |
| T7-T9, T12, T20, C3-C10, N12, N13 | refusals, restarts, its own numbers, TLS | test_probes.py, test_looks.py |
| T15-T17 | the window: slow start, growth, two modes | test_window.py |
| N1, N4 | names, broken answers | test_network.py |
| N2, N3, N9, N11, G8 | names that move, no way, no ports | in_namespace.py, run by test_failure_classes.py |
| N5-N8, H6-H12, and every class of failure | answers that attack, a full accept queue | test_failure_classes.py |
| N10 | a slower way | as T18: test_target.py |
| N14 | proxies of the environment | test_network.py |
| D1-D12 | the database | test_database.py, test_damage.py |
| F1-F15 | thresholds.yaml and flags | test_config.py |
| G1-G4, G6, G11, G12, G14 | engine, scenario | test_generator.py, test_load.py, test_workers.py |
| G5, G7, G9, G13 | CPU, descriptors, memory, names | test_instrument.py |
| G10, G17 | clock, one machine | tests/test_circumstances.py |
| G15, X11 | workers that lie | test_workers.py |
| O1-O6 | output | test_output.py |
| H1-H5, H13 | hostile text | test_hostile.py |
| S1-S5, S7, S13 | signals, pipes, `python -O` | test_operator.py, test_output.py, test_ci.py, test_target.py |
"""
