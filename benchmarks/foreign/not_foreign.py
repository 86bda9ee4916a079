# ruff: noqa: E501
"""Modules that read text which nobody else wrote, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping

NOT_FOREIGN: Mapping[str, str] = {
    "load.locust_clients.http_adapter": "URLs of scenarios, which are trusted, and of redirects: one pattern, matched once",
    "text.plain_ascii": "our own text, made ASCII for a terminal",
    "text.foreign_files": "opens files; what is in them goes to a parser",
    "config.scenario_notes": "scenarios, which are trusted",
    "load.locust_clients.http_wire": "the scenario's own requests", "load.locust_clients.fast_stock": "the scenario's own requests",
    "load.locust_clients.fast_parts": "the scenario's own requests; headers of answers by load.http.headers",
    "config.trust": "names given on the command line",
    "database.activity": "numbers by SQL; one substitution of digits",
    "database.reads": "our SQL", "database.queries": "our SQL", "database.writes": "keys of our own load",
    "database.reasons": "one anchored prefix of libpq's messages", "database.called_functions": "needs a server: tests/database",
    "database.address": "the operator's own address",
    "load.controller": "lines of load.engine_events", "load.calibration": "our own answers",
    "load.engine": "the parent's plan, by load.engine_plan", "load.surroundings": "scenarios, which are trusted",
    "load.http.failures": "what a scenario says, which is trusted",
    "load.extraction": "told values of an answer: load.http.body reads it", "load.reading": "scenarios, trusted",
    "load.parent": "our own child", "load.connections": "files of the kernel", "load.first_read": "a flag of sockets",
    "load.workers.master": "events by load.engine_events", "load.workers.settings": "our own parent",
    "load.workers.curve_sockets": "frames by load.workers.envelope", "load.workers.local": "our own children",
    "load.workers.token": "the operator's own token",
    "report.run_folders": "JSON by measurements.strict", "report.retention": "names of a folder",
    "report.github": "our own text", "report.html_pages": "our own template",
    "run.live.web_page": "our own page", "drills.proxies": "our own child", "drills.proxy": "our own parent",
    "drills.command_process": "our own child; nonsense is its loss", "drills.commander": "our own parent; output is cut and cleaned",
    "report.charts.database_connections": "our own words",
    "probes.kubeconfig": "the operator's own file; YAML by config.tree",
    "probes.http": "httpx and h11 parse",
    "probes.consistency": "JSON by probes.json_pointer, pages by probes.forms", "probes.provoked_breaker": "JSON by probes.json_pointer",
    "init.literals": "writes", "init.limits": "writes", "init.names": "writes", "init.files": "writes",
    "init.uses": "writes", "cli.starter": "our own file", "report.comment": "our own text",
    "report.view.anchors": "our own words", "text.error_pages": "words of error pages, cut before",
    "load.trying": "our own child", "load.traceparent": "our own lines",
    "load.tryout": "our own text",
    "cli.report": "report.json",
    "cli.output": "our own text", "judge.capacity.sizing": "flags", "cli.init": "flags", "cli.workers": "flags",
    "cli.inputs": "measurements.json and report.json",
    "judge.diagnoses": "names of parts, read by load.response_watch",
    "judge.next_steps": "our own words", "judge.failed_requests": "our own words",
    "judge.not_ready": "details that probes wrote", "report.view.key_numbers": "our own words",
    "judge.refused_log_ins": "details of failures, cleaned and cut",
    "measurements.measured_invariants": "facts that measurements.json read",
    "measurements.scopes": "names that measurements.json read", "measurements.writes": "keys of our own load",
}  # fmt: skip
"""Modules that search or decode text, and why none of it is foreign there, or who parses it."""
