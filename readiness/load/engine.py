"""The engine child, run by start.py with EVENTS_FD: plan on standard input, events on EVENTS_FD.

Locust is imported first, because that import patches the process. Standard input stays open while the parent lives:
`stop` on it ends the load early, its end means that the parent is gone and nobody wants the numbers any more.
"""

from __future__ import annotations

from readiness.load.lean_locust import locust  # isort: skip  # must be the first import of the process
import gc
import sys
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import gevent
from locust import runners
from locust.runners import STATE_RUNNING

from readiness.config import tls
from readiness.load import aftermath, children, compiled, engine_events
from readiness.load.addresses import Addresses
from readiness.load.answer_examiner import AnswerExaminer
from readiness.load.arrivals import Arrivals
from readiness.load.calibration import Copy, calibrate
from readiness.load.connections import allow_only
from readiness.load.context import EngineContext
from readiness.load.crowd import Crowd
from readiness.load.csv_rows import hand_out
from readiness.load.descriptors import too_few_descriptors
from readiness.load.drain import Drain
from readiness.load.engine_plan import EnginePlan, loads
from readiness.load.generator_health import Sentinel
from readiness.load.http.resends import Resends
from readiness.load.life import endings, listeners
from readiness.load.life.environment import LoadEnvironment, made, quit_locust, selected
from readiness.load.life.host import give_host
from readiness.load.life.idle import IdleUsers
from readiness.load.life.logs import show_logs
from readiness.load.life.options import parsed
from readiness.load.life.statistics import LedgerStats
from readiness.load.locust_clients.clients import StockClients
from readiness.load.locust_clients.made_up import told
from readiness.load.locust_clients.patches import adapt, improve
from readiness.load.locust_events import Listener, ToldRequests, listen
from readiness.load.locustfiles import ScenarioError, begins, class_name, load_classes, part_of, scenario_of, users_of
from readiness.load.moments import Moments
from readiness.load.pacing import Turns
from readiness.load.parent import EventPipe, read_line, watch_parent
from readiness.load.recorder import Recorder
from readiness.load.response_watch import Watch
from readiness.load.sampled_recorder import SampledRecorder, send_rows
from readiness.load.script_errors import ScriptErrors
from readiness.load.stopping import stop_users
from readiness.load.traced_calls import TracedCalls
from readiness.load.writes import WriteLog

_TICK_S = 1.0
PACK_S = 0.05
"""Between two packings of the samples: a second's at once would be a pause of milliseconds."""


class Engine:
    """One load, from the first user to the end marker."""

    def __init__(
        self,
        plan: EnginePlan,
        send: Callable[[engine_events.Event], None],
        wait_for_go: Callable[[], object] = lambda: None,
        copy: Copy | None = None,
    ) -> None:
        self.plan = plan
        self.send = send
        self._wait_for_go = wait_for_go
        """Returns when the load may begin: at once, or when every other worker is ready too."""
        self._copy = copy
        """Made for the calibration by a process that cannot fork any more."""
        self._seq = 0
        self._stop = gevent.event.Event()
        self._clocks = endings.clocks()
        self._in_order = self._judging = self._judged = False
        self._errors = ScriptErrors()
        self.recorder = SampledRecorder() if plan.samples else Recorder()
        self.recorder.open, self.recorder.judged_step = plan.rate_per_s is not None, plan.judged_step
        self._watch = None if plan.watch.idle else Watch(plan.watch)
        self._moments = Moments(plan.watch.moments, self.recorder, self._watch)
        self.recorder.watch = self._watch if self._moments.idle else self._moments
        self._traced = TracedCalls(plan.trace_share, self.recorder)
        self.recorder.examiner = examiner = AnswerExaminer()
        self._seeing = (self._watch, self._traced, examiner)
        self.writes = WriteLog(plan.run_id)
        self._addresses = Addresses(plan.base_url, plan.addresses, first=plan.shard)
        self._resends = Resends(lambda: self.recorder.begun)
        self._sentinel = Sentinel(self.recorder)
        self._turns = Turns(self.recorder)
        self._stock = StockClients(self.recorder, plan.timeout_s, plan.base_url, self._addresses, self._resends)
        self._told = ToldRequests(self.recorder, self._addresses, plan.allowed_addresses)
        self._idle_users = IdleUsers(self.recorder, self._addresses, self._told, self._stock.open)
        self._listener = Listener(self._stock, self._told)
        self._edges_s: list[float] = []
        self._stats = LedgerStats(self.recorder, self._told.on_request, self._errors.note)
        self._drain = Drain(plan)

    def stop(self) -> None:
        """End the load early, at once; what was measured is still sent."""
        self._in_order = False
        self._stop.set()

    def end_in_order(self) -> None:
        """End the load now as if its time were over: requests in flight may still finish."""
        self._in_order = True
        self._stop.set()

    def run(self) -> None:
        """Load the scenarios, drive the load, send every event."""
        try:
            self._run()
        except ScenarioError as error:
            self.send(engine_events.Fatal(str(error), usage=True))

    def _run(self) -> None:
        theirs = self._told.connections  # also while the files are being read
        allow_only(self._addresses, self.plan.allowed_addresses, theirs.connected, theirs.sent)
        tls.use(self.plan.tls)
        hand_out(self.plan.shard, self.plan.shards)
        listeners.watch(self._errors.note, self.end_in_order)
        listeners.watch_greenlets(self._errors.note, self.end_in_order)
        endings.guard_process()
        classes = load_classes(self.plan.scenarios)
        self._refuse_clocks()
        classes = selected(classes, options := parsed(self.plan))
        if problem := too_few_descriptors(self.plan):
            self.send(engine_events.Fatal(problem, usage=True))
            return
        calibration = calibrate(self.plan, classes, self._copy)
        environment = self._environment(classes, options)
        runner = environment.create_local_runner()
        listen(environment.events.request, self._listener)
        vars(environment.events.request)["measure"] = self._told.measured(environment.events.request)
        environment.events.user_error.add_listener(self._errors.on_user_error)
        endings.guard_users(runner)
        vars(runner).update(quit=self._on_quit, stop=self._on_quit)
        environment.events.init.fire(environment=environment, runner=runner, web_ui=None)
        counts = part_of(users_of(classes, self.plan.users), self.plan.shard, self.plan.shards)
        if self.plan.rate_per_s is not None:
            counts = [max(count, 1) for count in counts]  # an arrival of any scenario may be this engine's
        by_scenario: Counter[str] = Counter()
        for cls, count in zip(classes, counts, strict=True):
            cls.fixed_count, cls.host = count, self.plan.base_url
            by_scenario[scenario_of(cls)] += count
        self.recorder.scenario_users, once = dict(by_scenario), any(map(begins, classes))
        self.send(engine_events.Hello(locust.__version__, dict(by_scenario), calibration, compiled.in_use(), once))
        self._wait_for_go()
        self._drive(runner, classes)

    def _refuse_clocks(self) -> None:
        """Raises ScenarioError."""
        if replaced := self._clocks():
            raise ScenarioError(f"{', '.join(file.path for file in self.plan.scenarios)}: replaces {replaced}")

    def _environment(self, classes: list[type[Any]], options: Namespace) -> LoadEnvironment:
        improve(self._resends)
        self._stock.watch(self._traced)
        for cls in classes:
            adapt(cls)
            self._errors.watch(cls)
        self._errors.watch_task_sets()
        context = EngineContext(self.plan, self.recorder, self.writes, self._addresses, self._resends, self._traced)
        return made(context, classes, options, self._stats)

    def _drive(self, runner: Any, classes: list[type[Any]]) -> None:
        plan, recorder = self.plan, self.recorder
        runner.target_user_count = sum(cls.fixed_count for cls in classes)
        runner.environment._filter_tasks_by_tags()
        runner.environment.events.test_start.fire(environment=runner.environment)
        give_host(classes, runner.environment, plan.base_url, self._addresses)
        runner.update_state(STATE_RUNNING)
        start_s = recorder.start_s = time.perf_counter()
        recorder.judged_from_s, recorder.judged_until_s = start_s + plan.judged_start_s, start_s + plan.judged_end_s
        recorder.other_steps = tuple(
            (window.step, start_s + window.start_s, start_s + window.end_s)
            for window in plan.windows
            if window.step != plan.judged_step
        )
        self._edges_s = sorted(
            {start_s + edge_s for window in plan.windows for edge_s in (window.start_s, window.end_s)}
        )
        self._sentinel.start()
        load: Crowd | Arrivals
        if plan.rate_per_s is None:
            load = Crowd(plan, recorder, self._turns, runner, classes)
        else:
            load = Arrivals(plan, recorder, self._sentinel, runner, [cls for cls in classes if cls.fixed_count])
        load.start()
        gevent.spawn_later(plan.course[0].duration_s + 0.1, self._tell_spawned, runner)
        self._mark_window()  # without ramp and warm-up it begins now, and not a tick later
        while time.perf_counter() < start_s + plan.total_s and not self._stop.is_set():
            self._tick(load)
        stopped_s = min(time.perf_counter(), start_s + plan.total_s)
        recorder.judged_until_s = min(stopped_s, recorder.judged_until_s)
        self._mark_window()
        self._finish(runner, load, stopped_s - start_s)

    def _tell_spawned(self, runner: Any) -> None:
        """Locust's event that all users are there, which the first on_start may wait for."""
        gc.freeze()  # what is there now stays: a full collection that reads it all would be a pause of the generator
        runner.environment.events.spawning_complete.fire(user_count=self.plan.users)

    def _on_quit(self) -> None:
        """Scenario code called `runner.quit()` or `stop()`: the load ends in order, and never in the target's name."""
        if not self._stop.is_set():
            self._errors.note_end(sys._getframe().f_back)
            self.end_in_order()

    def _tick(self, load: Crowd | Arrivals) -> None:
        """Wait for a second, but not beyond the edge of a window, so that every batch lies within one."""
        now_s = time.perf_counter()
        edge_s = next((edge_s for edge_s in self._edges_s if edge_s > now_s), now_s + _TICK_S)
        half_s = max(min(now_s + _TICK_S, edge_s) - now_s, 0.001) / 2
        self._wait(half_s)
        self.recorder.users = load.users  # in its middle: at its edges a step may just begin or end
        if isinstance(load, Crowd):
            self._idle_users.sample(load.greenlets)
        self._wait(half_s)
        self._mark_window()
        self._send_batch()

    def _wait(self, seconds: float) -> None:
        until_s = time.perf_counter() + seconds
        while (left_s := until_s - time.perf_counter()) > 0 and not self._stop.wait(min(left_s, PACK_S)):
            self.recorder.pack()
            send_rows(self.recorder, self.send)

    def _mark_window(self) -> None:
        now_s = time.perf_counter()
        if not self._judging and now_s >= self.recorder.judged_from_s:
            self._judging = True
            self.send(engine_events.WindowBegan(self.recorder.judged_from_s - self.recorder.start_s))
        if self._judging and not self._judged and now_s >= self.recorder.judged_until_s:
            self._judged = True
            self.send(engine_events.WindowEnded(self.recorder.judged_until_s - self.recorder.start_s))

    def _send_batch(self) -> None:
        at_s = time.perf_counter() - self.recorder.start_s
        batch = self.recorder.take(at_s, self._seq)
        self._stats.keep(batch.cells, batch.details)
        self._drain.hear(batch.cells)
        self.send(
            replace(
                batch,
                instrument=self._sentinel.take(),
                paces=self._turns.take(),
                moments={**batch.moments, **self._moments.take()},
                seen=tuple(seen for source in self._seeing if source for seen in source.take()),
                writes=self.writes.take(),
            )
        )
        self._seq += 1

    def _finish(self, runner: Any, load: Crowd | Arrivals, stopped_s: float) -> None:
        hurried = self._stop.is_set() and not self._in_order
        drain_s = runner.environment.stop_timeout = self._drain.seconds(hurried=hurried)
        del runner.quit, runner.stop
        runner.stop_users = lambda counts: stop_users(runner)
        # Runner.stop asks who called it, for a line of debugging: 30 ms in which nobody's answer is read. It may fail.
        setattr(runners, "inspect", None)  # noqa: B010 - mypy rightly minds a plain assignment
        stopping = gevent.spawn(load.stop)
        deadline_s = time.perf_counter() + drain_s + 1.0
        while not stopping.ready() and time.perf_counter() < deadline_s:
            stopping.join(timeout=min(_TICK_S, max(deadline_s - time.perf_counter(), 0)))
            self._send_batch()
        self._traced.leave(self.recorder.open_calls, time.perf_counter())
        self._moments.leave(self.recorder.open_calls)
        in_flight = self.recorder.close(time.perf_counter())
        send_rows(self.recorder, self.send)
        self._send_batch()
        said = quit_locust(runner.environment) or "", aftermath.strayed(self._stock.target, self.recorder.begun)
        clocks = (replaced := self._clocks()) and f"the locustfile: it replaced {replaced}"
        theirs = told(self._stock.timed.made_up), *self._told.doubts(), clocks
        for text in (*said, *self._idle_users.told(), *theirs):
            self._errors.note(text)
        self.send(
            engine_events.Done(
                batches=self._seq,
                begun=self.recorder.begun,
                ended=self.recorder.ended,
                arrivals=dict(self.recorder.arrivals),
                in_flight=in_flight,
                moments_in_flight=self._moments.waiting,
                judged_until_s=self.recorder.judged_until_s - self.recorder.start_s,
                stopped_s=stopped_s,
                script_errors=self._errors.counts(),
                writes=(self.writes.sent, self.writes.acknowledged),
                idle=tuple(class_name(cls) for cls in load.idle),
                connections=aftermath.connections(self._stock.target, hurried=hurried),
                unanswered=self.recorder.unanswered.total(self.recorder.judged_until_s - self.recorder.judged_from_s),
            )
        )


def main() -> None:
    """Run the engine; always leaves without waiting for threads of user code."""
    show_logs()
    send = EventPipe(int(sys.argv[1])).send
    engine = Engine(loads(read_line()), send)
    gevent.spawn(watch_parent, engine.stop, engine.end_in_order)
    try:
        engine.run()
    except Exception as error:
        send(engine_events.Fatal(f"the load generator failed: {type(error).__name__}: {error}", usage=False))
        raise
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    children.end_and_exit(0)
