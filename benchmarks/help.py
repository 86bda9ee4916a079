"""How long `readiness --help` takes, beside a Python that does nothing: medians of nine."""

import statistics
import subprocess
import sys
import time


def wall_s(*command: str) -> float:
    start_s = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start_s


def main() -> None:
    rounds = [
        (wall_s(sys.executable, "-m", "readiness", "--help"), wall_s(sys.executable, "-c", "pass")) for _ in range(9)
    ]
    helps, bares = zip(*rounds, strict=True)
    print(f"readiness --help {statistics.median(helps):.3f} s   python -c pass {statistics.median(bares):.3f} s")


if __name__ == "__main__":
    main()
