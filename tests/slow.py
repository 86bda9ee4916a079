"""The slow tests: `make slow` runs them, `make test` runs all others, `make check` and CI run both.

They start whole runs against services that hang, freeze, lie or fill up, and wait for real deadlines. Whoever changes
what they are about runs them by their path, as any test.
"""

SLOW = (
    "tests/database/test_stopped.py",
    "tests/e2e/test_cache.py",
    "tests/e2e/test_capacity.py",
    "tests/e2e/test_damage.py",
    "tests/e2e/test_database.py",
    "tests/e2e/test_documents.py",
    "tests/e2e/test_failure_classes.py",
    "tests/e2e/test_generator.py",
    "tests/e2e/test_hosts.py",
    "tests/e2e/test_judge.py",
    "tests/e2e/test_output.py",
    "tests/e2e/test_peers.py",
    "tests/e2e/test_probes.py",
    "tests/e2e/test_secrets.py",
    "tests/e2e/test_stopped_peers.py",
    "tests/e2e/test_target.py",
    "tests/e2e/test_window.py",
    "tests/e2e/test_workers.py",
    "tests/init/sources/test_outside.py",
    "tests/init/test_how_to.py",
    "tests/judge/test_error_rates.py",
    "tests/load/test_compiled.py",
    "tests/load/test_loading.py",
    "tests/probes/test_stopped_peers.py",
)
"""Files, or single tests as `file::name`, in order."""
