"""How often `compare` shouts at two runs of the same service, and how often it finds a slower endpoint.

50 endpoints of about 1,200 requests, log-normal (sigma 0.6), whose level wanders from second to second (log-normal too,
`wander` is its sigma), the same for all endpoints. Holm at 95 %: at most 5 % of the same-service pairs may shout.
"""

from collections import Counter

from readiness.compare.compare import compare
from readiness.compare.comparison import Finding
from tests.compare.simulated import run

PAIRS = 20


def main() -> None:
    print("wander  truth       pairs that shout   regression of the slower endpoint found")
    for wander in (0.0, 0.1, 0.3):
        for slower in (1.0, 1.2, 1.5):
            _row(wander, slower)


def _row(wander: float, slower: float) -> None:
    seen: Counter[str] = Counter()
    for pair in range(PAIRS):
        base, head = (
            run(2 * pair + side, endpoints=50, seconds=30, wander=wander, slower=slower if side else 1.0)
            for side in (0, 1)
        )
        found = compare(base, head, files=("a", "b"), worse_by=0.0).differences
        loud = [one for one in found if one.finding in (Finding.REGRESSION, Finding.IMPROVEMENT)]
        seen["wrong"] += any(one.scope not in (None, "GET /0") or slower == 1.0 for one in loud)
        seen["found"] += any(one.scope == "GET /0" and one.finding is Finding.REGRESSION for one in loud)
    truth = "same" if slower == 1.0 else f"{slower:g}x slower"
    print(f"{wander:6.1f}  {truth:11} {seen['wrong']:8} of {PAIRS}   {seen['found']:8} of {PAIRS}", flush=True)


if __name__ == "__main__":
    main()
