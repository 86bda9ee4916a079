"""`make bench`: every benchmark, one after the other; `python -m benchmarks NAME` runs one."""

import importlib
import sys

BENCHMARKS = (
    "help",
    "judging",
    "verdicts",
    "looks",
    "client",
    "recording",
    "engine",
    "sleeping",
    "truth",
    "comparing",
    "database",
    "workers",
)


def main() -> None:
    for name in sys.argv[1:] or BENCHMARKS:
        print(f"== {name}", flush=True)
        module = importlib.import_module(f"benchmarks.{name}")
        sys.argv = [f"benchmarks.{name}"]
        module.main()


if __name__ == "__main__":
    main()
