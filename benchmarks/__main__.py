"""`make bench`: every benchmark, one after the other; `python -m benchmarks NAME [OPTION ...]` runs one.

Each has a process of its own: what one did to its process, such as a core of its own, is nothing to the next.
"""

import subprocess
import sys

# `verdicts` prints what `comparing` prints.
BENCHMARKS = (
    "help",
    "judging",
    "verdicts",
    "client",
    "inside",
    "recording",
    "engine",
    "sleeping",
    "truth",
    "database",
    "workers",
    "fuzz",
    "drift",
    "proxy",
)


def main() -> int:
    """Run them, or the one that was named with its options; 1 when one of them broke."""
    broken = []
    for name in sys.argv[1:2] or BENCHMARKS:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *sys.argv[2:]], check=False).returncode:
            broken.append(name)
    if broken:
        print(f"broken: {', '.join(broken)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
