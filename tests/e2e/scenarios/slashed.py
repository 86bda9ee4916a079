# mypy: ignore-errors
# ruff: noqa: RUF012
# an ordinary locustfile carries no types
"""Paths with and without a slash, for a host that ends with one. Each user does everything once."""

from locust import FastHttpUser, HttpUser, constant


def look(user):
    if "/api" in user.host:  # else `//one`, which geventhttpclient refuses to send
        user.client.get("/one")
    user.client.get("two?a=1")
    user.client.get(f"{user.host}three")
    for number, place in enumerate((user.host, user.client.base_url, user.environment.host)):
        path = "".join(place.partition("//")[2].partition("/")[1:])
        user.client.get("four", name=f"{type(user).__name__} {number} has {path}")


class Plain(HttpUser):
    wait_time = constant(1000)
    tasks = [look]


class Fast(FastHttpUser):
    wait_time = constant(1000)
    tasks = [look]
