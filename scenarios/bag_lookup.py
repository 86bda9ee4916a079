"""Look bags up, and scan one now and then.

Look-ups follow a Zipf law: the bag of rank k is asked for in proportion to 1 / k^1.4, as bags on the belt now are asked
for far more often than those of yesterday. Scans meet every bag alike, because each bag passes the scanner once.
"""

from __future__ import annotations

import random
from itertools import accumulate

from readiness.demo.sign_in import join_crew
from readiness.scenario import User, between, task

BAGS = 25_746
ZIPF_EXPONENT = 1.4
NUMBERS = range(1, BAGS + 1)
POPULARITY = tuple(accumulate(rank**-ZIPF_EXPONENT for rank in NUMBERS))


def qr_code(number: int) -> str:
    """The code printed on bag `number`, as the demo's seed.py makes it."""
    return f"BAG{number:06d}-{number * 7919 % 9973:04d}"


def popular_bag() -> int:
    """A bag's number, popular ones more often; ranks are spread over parents and children alike."""
    rank = random.choices(NUMBERS, cum_weights=POPULARITY)[0]
    return rank * 7919 % BAGS + 1


class BagLookup(User):
    """A handler with a scanner in the hand."""

    wait_time = between(1, 3)
    account: int | None = None

    def on_start(self) -> None:
        """Work under the crew's session, which lasts for a shift."""
        self.account = join_crew(self.client, self.account_number)

    @task(19)
    def look_up(self) -> None:
        """One bag, and it must be the one that was asked for."""
        if self._joined() is None:
            return
        qr = qr_code(popular_bag())
        with self.client.get(f"/api/bags/{qr}", name="GET /api/bags/{qr}", catch_response=True) as response:
            if response.status_code != 200:
                response.failure(f"status {response.status_code}, expected the bag")
                return
            bag = response.json()
            relatives = bag["children"] if bag["kind"] == "parent" else [bag["parent"]] if bag["parent"] else []
            if bag["qr"] != qr:
                response.failure("another bag than the one asked for")
            elif not relatives or not all(relative["qr"] for relative in relatives):
                response.failure(f"a {bag['kind']} without its {'children' if bag['kind'] == 'parent' else 'parent'}")
            else:
                response.success()

    @task(1)
    def scan(self) -> None:
        """Record one scan."""
        if self._joined() is None:
            return
        qr = qr_code(random.choice(NUMBERS))
        key = self.write_key()
        with self.client.request(
            "POST",
            f"/api/bags/{qr}/scan",
            name="POST /api/bags/{qr}/scan",
            headers={"Idempotency-Key": key, "X-Run-Id": self.run_id},
            catch_response=True,
        ) as response:
            if response.status_code in (200, 201):
                self.acknowledged(key)
            if response.status_code not in (200, 201):  # 200: the service met its own first try
                response.failure(f"status {response.status_code}, expected the scan")
            elif response.json()["qr"] != qr:
                response.failure("another bag was scanned")
            else:
                response.success()

    def _joined(self) -> int | None:
        if self.account is None:
            self.on_start()
        return self.account
