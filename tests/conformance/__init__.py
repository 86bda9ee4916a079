"""The clients' own test-suites, run with Locust's transport and with ours: what passes there passes here.

`python -m tests.conformance requests PATH` and `... locust PATH`, with PATH the sources of the version that is
installed. They are fetched for the purpose and not kept here. They need what those tests need (pytest-httpbin,
pytest-mock, trustme, pyquery, …).
"""
