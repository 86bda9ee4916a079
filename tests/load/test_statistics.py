"""`environment.stats` of Locust, which here is made from the ledger."""

from tests.load.isolated import python

WRITTEN = """
import json
import locust
from readiness.load.addresses import Addresses
from readiness.load.life.statistics import LedgerStats
from readiness.load.locust_events import ToldRequests
from readiness.load.recorder import Recorder

recorder, doubts, event = Recorder(), [], locust.event.EventHook()
stats = LedgerStats(recorder, ToldRequests(recorder, Addresses("http://127.0.0.1:1", ()), ()).on_request, doubts.append)
stats.kept = True
stats.hear_lengths(event)
stats.get("ask", "RPC").log(20, 7)
stats._read_s = 0.0
stats.log_request("RPC", "ask", 40, 5)
event.fire(request_type="GET", name="/", response_time=1, response_length=9, exception=None)
stats.log_error("RPC", "ask", "no answer")
stats._read_s = 0.0
entry, total = stats.get("ask", "RPC"), stats.total
print(json.dumps([
    recorder.ended, entry.num_requests, entry.total_content_length, total.total_content_length,
    round(entry.avg_response_time), len(doubts), "log_error" in doubts[0],
]))
"""


def test_what_a_file_writes_into_the_statistics_goes_to_the_ledger_and_lengths_are_added_up() -> None:
    assert python(WRITTEN) == [2, 2, 12, 21, 30, 1, True]
