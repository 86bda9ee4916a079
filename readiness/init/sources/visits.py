"""When requests came, and how long one client waited between two: minutes, hours of the day, sessions, think times."""

from __future__ import annotations

from collections import Counter

SESSION_ENDS_S = 1_800
"""Without a request for so long, a client's next one is a new visit."""
_MOST_CLIENTS = 200_000
"""Remembered at a time; those whose visit has ended are forgotten first."""
MOST_MINUTES = 1_000_000
"""Nearly two years."""
LEAST_GAPS = 20
_MOST_THINK_S = 60.0
_DAY_S = 86_400


class Visits:
    """Grows with each request of a person."""

    def __init__(self) -> None:
        self.minutes: Counter[int] = Counter()
        self.sessions = 0
        self.requests = 0
        self._last: dict[int, float] = {}
        self._gaps = [0] * SESSION_ENDS_S

    def add(self, client: int, at_s: float, *, counts: bool) -> None:
        """A request of `client`; `counts`: it is part of the load, and not for a page that is missing."""
        self.requests += 1
        before = self._last.get(client)
        if before is None:
            self.sessions += 1
            if len(self._last) >= _MOST_CLIENTS:
                self._forget(at_s)
        elif at_s >= before:
            gap_s = int(at_s - before)
            if gap_s >= SESSION_ENDS_S:
                self.sessions += 1
            elif gap_s >= 1:
                self._gaps[gap_s] += 1
        self._last[client] = at_s
        if counts:
            self.minutes[int(at_s // 60)] += 1
            if len(self.minutes) > MOST_MINUTES:
                self.minutes = Counter(dict(self.minutes.most_common(MOST_MINUTES // 2)))

    def busiest(self) -> tuple[int, int]:
        """The busiest minute since 1970, and its requests."""
        return max(self.minutes.items(), key=lambda item: (item[1], -item[0]), default=(0, 0))

    def think_s(self) -> tuple[float, float] | None:
        """The middle half of the waits between two requests of one client; none from too few."""
        total = sum(self._gaps)
        if total < LEAST_GAPS:
            return None
        low, high = (self._quantile(share * total) for share in (0.25, 0.75))
        return (low, high if high > low else low + 1.0)

    def over_the_day(self) -> tuple[tuple[str, float], ...]:
        """Requests per second in each hour of the day that the log covers."""
        if not self.minutes:
            return ()
        first_s, ends_s = min(self.minutes) * 60, max(self.minutes) * 60 + 60
        days, rest_s = divmod(ends_s - first_s, _DAY_S)
        asked = [0] * 24
        for minute, count in self.minutes.items():
            asked[minute // 60 % 24] += count
        covered_s = [0] * 24
        for hour in range(24):
            from_s = (hour * 3_600 - first_s) % _DAY_S
            inside_s = max(0, min(rest_s, from_s + 3_600) - from_s) + max(0, min(rest_s, from_s + 3_600 - _DAY_S))
            covered_s[hour] = days * 3_600 + inside_s
        hours = [hour for hour in range(24) if covered_s[hour]]
        return tuple((f"{hour:02d}:00", round(asked[hour] / covered_s[hour], 3)) for hour in hours)

    def _quantile(self, rank: float) -> float:
        passed = 0
        for gap_s, count in enumerate(self._gaps):
            passed += count
            if passed >= rank:
                return min(float(gap_s), _MOST_THINK_S)
        return _MOST_THINK_S

    def _forget(self, now_s: float) -> None:
        kept = {client: at_s for client, at_s in self._last.items() if abs(now_s - at_s) < SESSION_ENDS_S}
        self._last = kept if len(kept) < _MOST_CLIENTS // 2 else {}
