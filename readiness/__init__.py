"""Load testing and production-readiness assessment: one command, one verdict, one report."""

__version__ = "0.2.0.dev0"
