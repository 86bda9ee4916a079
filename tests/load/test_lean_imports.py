"""What a process does not import: memory that no run needs."""

from tests.load.isolated import python

ENGINE = """
import json, sys
from readiness.load.lean_locust import locust
import readiness.load.engine
print(json.dumps(sorted({"flask", "werkzeug", "jinja2", "zmq", "psycopg"} & set(sys.modules))))
"""
WEB = """
import json, sys
from readiness.load.lean_locust import locust
import readiness.load.engine
made = locust.env.Environment().create_web_ui("127.0.0.1", 0, delayed_start=True)
import locust.web
from locust.rpc import zmqrpc
print(json.dumps([type(made) is locust.web.WebUI, hasattr(zmqrpc, "Server")]))
"""
COMMAND = """
import json, sys
import readiness.cli.assessment
from readiness.config.model import Database
from readiness.database.stages import Stages
stages = Stages(None, Database(), set(), lambda: None)
stages.before(), stages.local_port(), stages.start_watching(None)(), stages.under_load(None)
print(json.dumps(sorted({"locust", "gevent", "psycopg", "rich"} & set(sys.modules))))
"""


def test_a_load_generator_has_no_web_interface_and_no_zeromq() -> None:
    assert python(ENGINE) == []


def test_a_file_that_wants_locusts_web_interface_gets_the_real_one() -> None:
    assert python(WEB) == [True, True]


def test_the_command_that_judges_imports_no_locust_and_without_a_database_no_driver() -> None:
    assert python(COMMAND) == []
