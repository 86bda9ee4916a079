"""`readiness init`: drafts of scenarios and limits, and the code that comes out."""
