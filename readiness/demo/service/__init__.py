"""The bag tracker itself: Starlette on uvicorn, one file per system. Only the service's own process imports this."""
