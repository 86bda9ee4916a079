"""What a metric of the load reads of the load's requests."""

from dataclasses import replace

import pytest

from readiness.judge.readings import reading_of
from readiness.metrics.catalogue import is_load
from readiness.metrics.metric import Metric
from readiness.metrics.moments import MOMENT_METRICS
from readiness.metrics.performance import PERFORMANCE
from tests.judge.builders import recording


@pytest.mark.parametrize("metric", [*PERFORMANCE, *MOMENT_METRICS], ids=lambda metric: metric.name)
def test_a_metric_of_the_load_has_a_value_of_its_own(metric: Metric) -> None:
    assert is_load(metric.name), "readiness/metrics/catalogue.py"
    record = recording([10.0] * 50)
    assert reading_of(record, metric, 0.0, 10.0).value is not None
    if metric.quantile is None and not metric.name.endswith(".max"):
        with pytest.raises(LookupError, match=r"performance\.nobodys has no case in reading_of"):
            reading_of(record, replace(metric, name="performance.nobodys"), 0.0, 10.0)
