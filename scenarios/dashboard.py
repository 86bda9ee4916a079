"""Watch the dashboard: the page, and its numbers with and without the cache."""

from __future__ import annotations

from readiness.demo.accounts import account_name
from readiness.demo.sign_in import sign_in
from readiness.scenario import User, between, task


class Dashboard(User):
    """A supervisor with the dashboard open."""

    wait_time = between(0.2, 0.6)
    signed_in = False

    def on_start(self) -> None:
        """Log in once; the session lasts for the run."""
        self.signed_in = sign_in(self.client, self.account_number)

    @task(3)
    def page(self) -> None:
        """The page shows who is logged in: an anonymous dashboard is a failure."""
        if not self._is_signed_in():
            return
        with self.client.get("/dashboard", name="GET /dashboard", catch_response=True) as response:
            if response.status_code != 200:
                response.failure(f"status {response.status_code}, expected the dashboard")
            elif f'data-user="{account_name(self.account_number)}"' not in response.text:
                response.failure("the dashboard does not show the user who logged in")
            else:
                response.success()

    @task(3)
    def cached_numbers(self) -> None:
        """The numbers from the cache."""
        self._numbers("/api/dashboard-stats-cached")

    @task(1)
    def numbers(self) -> None:
        """The numbers, counted anew."""
        self._numbers("/api/dashboard-stats")

    def _numbers(self, path: str) -> None:
        if not self._is_signed_in():
            return
        with self.client.get(path, name=f"GET {path}", catch_response=True) as response:
            if response.status_code != 200:
                response.failure(f"status {response.status_code}, expected the numbers")
                return
            count = response.json()
            if count["parents"] + count["children"] != count["bags"] or count["bags"] == 0:
                response.failure("parents and children do not add up to the bags")
            elif count["links"] != count["children"]:
                response.failure("not every child has a link")
            else:
                response.success()

    def _is_signed_in(self) -> bool:
        if not self.signed_in:
            self.on_start()
        return self.signed_in
