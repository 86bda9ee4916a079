"""Load testing and production-readiness assessment: one command, one verdict, one report."""

__version__ = "0.1.0"
