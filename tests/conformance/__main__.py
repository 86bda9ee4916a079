"""Runs one suite twice and prints what only one of the two passes; 1 when that is more than nothing."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).parents[2]
SUITES = {
    "requests": ["tests"],
    "locust": ["locust/test/test_http.py", "locust/test/test_fasthttp.py"],
}
_LIMIT_S = 900


def passed(suite: str, sources: Path, transport: str) -> tuple[set[str], set[str]]:
    """Names of the tests that passed, and of those that ran."""
    with tempfile.TemporaryDirectory() as name:
        report = Path(name) / "junit.xml"
        line = [sys.executable, "-m", "pytest", "-q", "-p", "conformance_plugin", "-p", "no:cacheprovider"]
        line += ["-o", "addopts=", "-o", "filterwarnings=", "--timeout=60", f"--junitxml={report}", *SUITES[suite]]
        environment = {**os.environ, "CONFORMANCE": transport, "CONFORMANCE_SUITE": suite}
        for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
            environment.pop(variable, None)
        environment["PYTHONPATH"] = os.pathsep.join([str(sources), str(Path(__file__).parent), str(HERE)])
        subprocess.run(line, cwd=sources, env=environment, timeout=_LIMIT_S, stdout=sys.stderr, check=False)
        cases = ElementTree.parse(report).iter("testcase")  # written by pytest
        found = {f"{case.get('classname')}::{case.get('name')}": [child.tag for child in case] for case in cases}
    ran = {name for name, tags in found.items() if "skipped" not in tags}
    return {name for name in ran if not {"failure", "error"} & set(found[name])}, ran


def main() -> int:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("sources", type=Path)
    options = parser.parse_args()
    sources = options.sources.resolve()
    stock, ran = passed(options.suite, sources, "stock")
    ours, _ = passed(options.suite, sources, "ours")
    print(f"{options.suite}: {len(ran)} ran; {len(stock)} pass with Locust's transport, {len(ours)} with ours")
    for name in sorted(stock - ours):
        print(f"  only with Locust's: {name}")
    for name in sorted(ours - stock):
        print(f"  only with ours: {name}")
    return 1 if stock - ours else 0


if __name__ == "__main__":
    sys.exit(main())
