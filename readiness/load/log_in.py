"""`log_in` of scenario files: a token from the service, sent with every request, and fetched again before it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from readiness.load.extraction import Unfound, json_value
from readiness.load.http.client import Client
from readiness.load.http.request import default_name
from readiness.load.token_life import life_s

_PART_OF_LIFE = 0.8
"""A token is fetched again when this much of its life is over, so that no request is on its way when it ends."""
_LEAST_LIFE_S = 1.0
"""A token of a shorter life would be fetched for each request."""


def log_in(
    client: Client,
    path: str,
    *,
    data: Mapping[str, str] | None = None,
    json: Any = None,
    auth: tuple[str, str] | None = None,
    token: str = "access_token",
    scheme: str = "Bearer",
    lasts_s: float | None = None,
) -> None:
    """POST `data` (a form, as OAuth2 wants it) or `json` to `path`; from then on `client` sends the token it got.

    `auth` is sent as HTTP Basic with the log-in alone. `token` is where the answer has the token (as in `json_value`),
    `scheme` the word before it in the header Authorization.

    The token is fetched again after 80 % of its life: `lasts_s`, else `expires_in` of the answer, else what a JWT says
    of itself; one that says nothing is kept. An OAuth2 answer with a `refresh_token` is renewed with that, under a name
    of its own, `POST /oauth/token (refresh)`.
    Where no token comes, the request fails, the task ends, and the next request of this user tries again.
    """
    if not isinstance(client, Client):
        raise TypeError("log_in: its first argument is the `self.client` of `from readiness.scenario import User`")
    _LogIn(client, path, data, json, auth, token, scheme, lasts_s).send()


@dataclass(slots=True)
class _LogIn:
    client: Client
    path: str
    data: Mapping[str, str] | None
    json: Any
    auth: tuple[str, str] | None
    token: str
    scheme: str
    lasts_s: float | None
    refresh_token: str = ""

    def send(self) -> None:
        """Log in once. Raises Unfound when the answer has no token."""
        form, name = self._form(), None
        if form is not self.data:  # where each refresh fails, the log-ins that follow do not hide it
            name = f"{default_name('POST', self.client.origin.target_of(self.path))} (refresh)"
        self.refresh_token = ""  # one that is refused is not tried again
        try:
            with self.client.post(
                self.path,
                name=name,
                data=form,
                json=self.json,
                auth=self.auth,
                headers=None if self.auth else {"Authorization": None},  # not the token that ends
                catch_response=True,
            ) as response:
                token = json_value(response, self.token)
                answer = response.json()
        except Unfound:
            self.client.renew(self.send, 0.0)
            raise
        self.client.headers["Authorization"] = f"{self.scheme} {token}"
        if isinstance(answer, dict) and isinstance(again := answer.get("refresh_token"), str):
            self.refresh_token = again
        lasts_s = self.lasts_s if self.lasts_s is not None else life_s(answer, token)
        if lasts_s is not None:
            self.client.renew(self.send, max(lasts_s * _PART_OF_LIFE, _LEAST_LIFE_S))

    def _form(self) -> Mapping[str, str] | None:
        if self.data is None or not self.refresh_token or "grant_type" not in self.data:
            return self.data
        client = {name: self.data[name] for name in ("client_id", "client_secret") if name in self.data}
        return {"grant_type": "refresh_token", "refresh_token": self.refresh_token, **client}
