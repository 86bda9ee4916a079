"""The Dockerfile keeps the rules of a small, unprivileged image. It is read here and built nowhere."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TEXT = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text())
LINES = [line.split(maxsplit=1) for line in TEXT.splitlines() if line and not line.startswith("#")]
"""(instruction, rest) of each line."""


def of(instruction: str) -> list[str]:
    return [rest for word, rest in LINES if word == instruction]


def test_the_image_is_built_in_two_stages_from_a_slim_base_with_a_version() -> None:
    bases = [rest.split()[0] for rest in of("FROM")]
    assert len(bases) == 2
    assert all(re.fullmatch(r"python:3\.\d+-slim-\w+(@sha256:[0-9a-f]{64})?", base) for base in bases)
    last = LINES[[word for word, _ in LINES].index("FROM", 1) :]
    assert [rest for word, rest in last if word == "COPY"] == ["--from=build /opt/readiness /opt/readiness"]


def test_it_does_not_run_as_root() -> None:
    word, user = [line for line in LINES if line[0] == "USER"][-1]
    assert int(user) > 0, "a number: Kubernetes cannot tell of a name that it is not root"
    after = LINES[LINES.index([word, user]) :]
    assert {word for word, _ in after} == {"USER", "WORKDIR", "ENTRYPOINT", "CMD"}


def test_nothing_comes_from_the_network_but_what_has_a_hash() -> None:
    assert {word for word, _ in LINES} <= {"FROM", "ENV", "WORKDIR", "COPY", "RUN", "USER", "ENTRYPOINT", "CMD"}
    for command in (one.strip() for rest in of("RUN") for one in rest.split("&&")):
        assert not re.search(r"\b(curl|wget|apt|apt-get|git|sudo)\b|:latest", command)
        if "pip install" in command:
            assert "--require-hashes" in command or "--no-index" in command
    assert not re.search(r"(?i)(password|secret|token)\w*=", TEXT)


def test_the_entry_is_the_command_itself_and_gets_its_signals() -> None:
    assert of("ENTRYPOINT") == ['["readiness"]']
    assert all(rest.startswith("[") for rest in of("CMD"))


def test_the_image_is_built_from_what_the_package_needs() -> None:
    """A file that the wheel takes from the checkout and that .dockerignore leaves out would break the image."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[0] == "*"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    assert all((ROOT / name).exists() for name in let_in)
    project = (ROOT / "pyproject.toml").read_text()
    shared = re.findall(r'^"([\w./]+)" = "(?:readiness/packaged|share)', project, re.MULTILINE)
    assert len(shared) >= 4
    needed = {*shared, "readiness", "README.md", "LICENSE", "pyproject.toml", "requirements"}
    assert needed <= let_in
