"""The only code that knows Locust: the engine child, its client and its recorder, and the parent's side of the pipe."""
