"""Watch the dashboard: the page, and its numbers with and without the cache."""

from __future__ import annotations

from readiness.demo.accounts import account_name
from readiness.demo.sign_in import join_crew
from readiness.scenario import User, between, task


class Dashboard(User):
    """A supervisor with the dashboard open."""

    wait_time = between(1, 3)
    account: int | None = None

    def on_start(self) -> None:
        """Work under the crew's session, which lasts for a shift."""
        self.account = join_crew(self.client, self.account_number)

    @task(3)
    def page(self) -> None:
        """The page shows who is logged in: an anonymous dashboard is a failure."""
        account = self._joined()
        if account is None:
            return
        with self.client.get("/dashboard", name="GET /dashboard", catch_response=True) as response:
            if response.status_code != 200:
                response.failure(f"status {response.status_code}, expected the dashboard")
            elif f'data-user="{account_name(account)}"' not in response.text:
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
        if self._joined() is None:
            return
        with self.client.get(path, catch_response=True) as response:
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

    def _joined(self) -> int | None:
        if self.account is None:
            self.on_start()
        return self.account
