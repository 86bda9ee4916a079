"""What a locustfile finds of Locust beside its users: events, statistics, options, the environment's exit code."""
