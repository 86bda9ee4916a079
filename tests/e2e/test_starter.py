"""`readiness run URL` in an empty folder: a verdict that is never READY, or a clear word on why there is none."""

from __future__ import annotations

from tests.e2e.conftest import Cli
from tests.e2e.invariants import assert_invariants
from tests.faultd.client import free_port, layer
from tests.faultd.fixture import StartFaultd

QUICK = ("--ramp-up", "0s", "--warm-up", "0s", "--duration", "12s")
FORMATS = ("--format", "md,html,json,junit")


def test_a_url_alone_is_loaded_and_ends_conditional_at_best(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    paths = ("--path", "/", "--path", "/dashboard?tab=1")
    result = cli.plain("run", server.url, *paths, *QUICK, *FORMATS, "--out", str(cli.out))
    assert_invariants(result, server, paths=("/", "/dashboard"), planned_s=20, seen_twice=15)  # probes
    assert result.stderr.count("No thresholds.yaml and no scenarios here") == 1
    assert "GET /, /dashboard?tab=1 is loaded and judged by starter limits" in result.stderr
    assert server.seen("/login") == 0
    report = result.report
    assert report["thresholds"]["file"] == "starter limits"
    assert [one["name"] for one in report["endpoints"]] == ["GET /", "GET /dashboard"]
    assert any("judged by starter limits" in note for note in report["notes"])
    assert result.check("limits.own")["outcome"] == "fail"
    assert result.exit_code in (4, 3), str(result)  # 3: a busy machine left a limit unproven
    if result.exit_code == 4:
        assert any(one.startswith("Choose your own limits") for one in report["conditions"])
        assert result.check("health.success_rate")["outcome"] != "not_applicable"
    gate = cli.plain("gate", str(cli.out / "report.json"))
    assert gate.exit_code == result.exit_code, gate.said


def test_a_path_that_does_not_exist_is_not_loaded(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    result = cli.plain("run", f"{server.url}/nothing/here/", "--out", str(cli.out))
    assert result.exit_code == 3, str(result)
    told = "othing was loaded: GET /nothing/here/ answers 404. Give a page that exists: --path /PATH."
    assert f"n{told}" in result.report["reason"]
    assert f"N{told}" in " ".join((cli.out / "report.md").read_text().split()).partition("No decision")[0]
    said = result.stderr.replace("\n", " ")
    assert "no scenarios here, and no page to load: GET /nothing/here/ answers 404" in said
    assert "ends with a slash" not in said, "that is for who writes a locustfile"
    assert "is loaded and judged" not in said
    assert len(server.log()) <= 6, "the page, and where a description may be"


def test_an_error_page_that_comes_with_200_is_a_failed_request(cli: Cli, faultd: StartFaultd) -> None:
    page = layer("body", only="/", after=5, text="<h1>Something went wrong</h1>", content_type="text/html")
    server = faultd(page)
    result = cli.plain("run", server.url, *QUICK, "--out", str(cli.out))
    assert result.exit_code == 1, str(result)
    assert "answers 200 with a page titled" in result.everything()


def test_nothing_there_and_wrong_flags_are_told(cli: Cli) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    down = cli.plain("run", url, "--out", str(cli.out))
    assert down.exit_code == 3, str(down)
    assert "connection refused" in down.said
    for flags, told in (
        (("--allow-conditional",), "starter limits allow no release"),
        (("--path", "search"), "'search': must begin with /"),
        (("--path", "/a b"), "'/a b': must begin with / and be encoded"),
    ):
        result = cli.plain("run", url, *flags, "--out", str(cli.out))
        assert (result.exit_code, told in result.stderr) == (2, True), str(result)
    cli.thresholds()
    result = cli.plain("run", url, "--path", "/", "--out", str(cli.out))
    assert "--path: is for a run of a URL without thresholds.yaml" in result.stderr
    assert cli.plain("run", url, "--out", str(cli.out)).exit_code == 2  # limits, and no scenario
