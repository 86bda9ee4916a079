"""Log in again and again, and look whether the dashboard knows who it is."""

from __future__ import annotations

from readiness.demo.accounts import account_name
from readiness.demo.sign_in import sign_in
from readiness.scenario import User, between, task


class Login(User):
    """A user who logs in, sees the dashboard, and starts over."""

    wait_time = between(0.2, 0.6)

    @task
    def log_in(self) -> None:
        """Form, log-in, dashboard: three requests, each with its own name."""
        if not sign_in(self.client, self.account_number):
            return
        with self.client.get("/dashboard", name="GET /dashboard", catch_response=True) as response:
            if response.status_code != 200:
                response.failure(f"status {response.status_code}, expected the dashboard")
            elif f'data-user="{account_name(self.account_number)}"' not in response.text:
                response.failure("the dashboard does not show the user who logged in")
            else:
                response.success()
