"""What scenario code finds of our environment."""

import os

from readiness.load.surroundings import for_scenarios, unset

OURS = {
    "PATH": "/bin", "HOME": "/home/a", "LC_ALL": "C", "TZ": "UTC", "SSL_CERT_FILE": "/ca", "LOCUST_USERS": "1",
    "PYTHONUTF8": "1", "LD_LIBRARY_PATH": "/lib", "READINESS_VAR_X": "1", "READINESS_PASSWORD_ADMIN": "1",
}  # fmt: skip
NOT_OURS = (
    "GITHUB_TOKEN", "GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY", "ACTIONS_RUNTIME_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "CI_JOB_TOKEN", "AWS_SECRET_ACCESS_KEY", "AZURE_CLIENT_SECRET", "KUBECONFIG",
    "GOOGLE_APPLICATION_CREDENTIALS", "SSH_AUTH_SOCK", "DOCKER_AUTH_CONFIG", "NPM_TOKEN", "PGPASSWORD", "PGSERVICE",
    "READINESS_DATABASE_URL", "READINESS_CACHE_URL", "READINESS_WORKER_TOKEN", "PYTHONSTARTUP", "LD_PRELOAD",
)  # fmt: skip


def test_what_programs_need_and_what_is_meant_for_scenarios_is_there_and_nothing_else() -> None:
    assert for_scenarios(OURS | dict.fromkeys(NOT_OURS, "x")) == OURS


def test_a_variable_that_the_command_names_is_there() -> None:
    assert for_scenarios({"SHOP_KEY": "1", "OTHER": "2"}, {"SHOP_KEY", "ABSENT"}) == {"SHOP_KEY": "1"}


def test_no_entry_of_the_python_path_is_the_working_directory() -> None:
    path = os.pathsep.join(["", ".", "src", "/opt/shop", ""])
    assert for_scenarios({"PYTHONPATH": path}) == {"PYTHONPATH": "/opt/shop"}
    assert for_scenarios({"PYTHONPATH": os.pathsep.join([".", ""])}) == {}


def test_a_variable_that_every_user_needs_is_known_before_the_load() -> None:
    text = """
import os
class One(User):
    def on_start(self):
        self.client.headers["A"] = os.environ["READINESS_TOKEN"]
    @task
    def look(self):
        value = os.environ["READINESS_VAR_A"]
        if value:
            other = os.environ["READINESS_VAR_IN_A_CONDITION"]
        later = os.environ["READINESS_VAR_BEHIND_ONE"]
    def switched_off(self):
        value = os.environ["READINESS_VAR_OFF"]
"""
    assert unset(text, {}) == ("READINESS_TOKEN", "READINESS_VAR_A")
    assert unset(text, {"READINESS_TOKEN": "x", "READINESS_VAR_A": ""}) == ()
    assert unset("no python (", {}) == ()
