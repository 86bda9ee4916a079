"""The load generator: users, arrivals, recorder, scenario files, Locust beside it."""
