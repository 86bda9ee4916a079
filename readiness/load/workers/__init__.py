"""Load from several processes or machines: Locust's master and workers, with sealed messages and our own numbers."""
