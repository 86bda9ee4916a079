"""`readiness init`: scenarios, limits and a pipeline from what a service already has.

`sources/` reads one kind of description each into a Draft (draft.py); the Draft becomes Python (code.py), limits
(limits.py) and a pipeline (pipeline.py). Nothing here sends a request.
"""
