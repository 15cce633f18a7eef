"""The command line: what it prints, what it refuses and with which code, and a server that really starts."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stockent.auth import Authenticator
from stockent.cli import main
from stockent.config import VARIABLES, Settings
from stockent.demo import with_secret
from stockent.messaging.models import Profile, Role

SECRET = "b8c1f0aa53e94c61a7d2e4960f31d58c"
START_DEADLINE_S = 20


def run(*arguments: str, **environ: str) -> Result:
    unset = dict.fromkeys((variable.name for variable in VARIABLES), "")
    return CliRunner().invoke(main, arguments, env={**unset, **environ})


def test_help_of_serve_shows_every_variable_with_its_default() -> None:
    shown = run("serve", "--help").output
    for variable in VARIABLES:
        assert re.search(rf"^\s+{variable.name}\s", shown, re.MULTILINE)
        assert variable.default is None or f"[default: {variable.default}]" in shown


def test_a_wrong_configuration_ends_with_2_and_one_line_a_problem_and_no_traceback() -> None:
    for command in (["serve"], ["token", "--user", "ana"], ["migrate"]):
        result = run(*command, PORT="abc", JWT_SECRET="hunter2-hunter2", REDIS_URL="redis://x")
        assert result.exit_code == 2
        assert [line.split(":")[0].strip() for line in result.stderr.splitlines()[1:]] == [
            "REDIS_URL",
            "PORT",
            "JWT_SECRET",
        ]
        assert "hunter2" not in result.output
        assert "Traceback" not in result.output


def test_the_demo_refuses_to_listen_to_the_world_unless_told_to(tmp_path: Path) -> None:
    result = run("serve", "--demo", "--host", "0.0.0.0", "--data-dir", str(tmp_path / "data"))
    assert result.exit_code == 2
    assert "--demo-public" in result.stderr
    assert not (tmp_path / "data").exists()


async def test_a_printed_token_speaks_for_its_user() -> None:
    result = run(
        *("token", "--user", "ana", "--name", "Ana Ruiz", "--company", "Ruiz SA"),
        *("--country", "ES", "--role", "buyer", "--ttl", "15m"),
        JWT_SECRET=SECRET,
    )
    assert result.exit_code == 0
    identity = await Authenticator(Settings.load({"JWT_SECRET": SECRET})).authenticate(result.stdout.strip())
    assert identity.profile == Profile(
        id="ana", name="Ana Ruiz", company_name="Ruiz SA", country="ES", role=Role.BUYER
    )


async def test_a_printed_token_names_the_audience_and_issuer_that_the_server_asks_for() -> None:
    strict = {"JWT_SECRET": SECRET, "JWT_AUDIENCE": "stockent", "JWT_ISSUER": "https://id.example"}
    result = run("token", "--user", "ana", **strict)
    identity = await Authenticator(Settings.load(strict)).authenticate(result.stdout.strip())
    assert identity.profile.id == "ana"


async def test_a_token_for_the_demo_is_signed_with_its_secret(tmp_path: Path) -> None:
    result = run("token", "--user", "jonas", "--demo", "--data-dir", str(tmp_path))
    settings = with_secret(Settings.load({"DATA_DIR": str(tmp_path)}, demo=True))
    identity = await Authenticator(settings).authenticate(result.stdout.strip())
    assert identity.profile.id == "jonas"


@pytest.mark.parametrize(
    "ttl", ["", "1", "h", "0s", "-1h", "1.5h", "1w", "9999999999h", "367d", "1 h", "１h"]
)
def test_a_time_to_live_has_a_unit_and_an_end(ttl: str) -> None:
    assert run("token", "--user", "ana", "--ttl", "366d", JWT_SECRET=SECRET).exit_code == 0
    refused = run("token", "--user", "ana", "--ttl", ttl, JWT_SECRET=SECRET)
    assert refused.exit_code == 2
    assert "--ttl" in refused.stderr


@pytest.mark.parametrize("user", ["", "a b", "x" * 129, "a/b"])
def test_a_user_is_an_id(user: str) -> None:
    refused = run("token", "--user", user, JWT_SECRET=SECRET)
    assert refused.exit_code == 2
    assert "--user" in refused.stderr


def test_with_a_public_key_this_machine_signs_nothing() -> None:
    refused = run("token", "--user", "ana", JWT_JWKS_URL="https://id.example.com/jwks.json")
    assert refused.exit_code == 1
    assert "JWT_SECRET" in refused.stderr


def test_migrate_makes_the_store_and_can_be_repeated(tmp_path: Path) -> None:
    for _ in range(2):
        result = run("migrate", "--data-dir", str(tmp_path / "data"), JWT_SECRET=SECRET)
        assert result.exit_code == 0, result.output
    assert (tmp_path / "data" / "stockent.db").exists()


def test_a_backup_is_made_proved_and_restored_without_any_key(tmp_path: Path) -> None:
    data, target, new = (str(tmp_path / name) for name in ("data", "backup", "new"))
    run("migrate", "--data-dir", data, JWT_SECRET=SECRET)
    with serving("--data-dir", data, JWT_SECRET=SECRET) as (process, _):
        made = run("backup", "--to", target, "--data-dir", data)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=START_DEADLINE_S)
    assert made.exit_code == 0, made.output
    assert f"{target} was made: 0 users, 0 conversations, 0 messages, 0 files; as of 20" in made.stdout
    assert made.stderr == ""
    proved = run("backup", "--verify", target)
    assert (proved.exit_code, proved.stdout) == (0, made.stdout.replace("was made", "is whole"))
    restored = run("restore", target, "--data-dir", new)
    assert (restored.exit_code, restored.stdout) == (0, made.stdout.replace("was made", "was restored"))
    again = run("restore", target, "--data-dir", new, "--force")
    assert f"What was there before is kept: {new}/stockent.db.before-restore-" in again.stdout


def test_backups_answer_an_operators_mistakes_with_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    nowhere, full = str(tmp_path / "nowhere"), str(tmp_path / "file")
    for says, *command in (
        ("there is no store at", "backup", "--data-dir", nowhere, "--to", f"{nowhere}/x"),
        ("Not a directory", "backup", "--data-dir", nowhere, "--to", f"{full}/x"),
        ("is no backup", "backup", "--verify", nowhere),
        ("is no backup", "backup", "--verify", full),
        ("is no backup", "restore", nowhere, "--data-dir", str(tmp_path / "new")),
    ):
        result = run(*command)
        assert (result.exit_code, result.stdout) == (1, ""), command
        assert result.stderr.startswith("Error: ")
        assert says in result.stderr
        assert "Traceback" not in result.output
    assert run("backup", "--verify", nowhere, "--to", nowhere).exit_code == 2
    assert run("backup", "--max-rate", "0").exit_code == 2
    assert run("backup", FILES_URL="s3:/bad").exit_code == 2
    assert not (tmp_path / "new").exists()


def test_a_store_that_cannot_open_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "stockent.db").write_bytes(b"this is no database" * 100)
    with serving("--data-dir", str(tmp_path), JWT_SECRET=SECRET) as (process, printed):
        _, told = process.communicate(timeout=START_DEADLINE_S)
    assert (process.returncode, printed) == (1, "")
    assert told.startswith("Error: ")
    assert "Traceback" not in told


def test_a_port_in_use_is_told_with_a_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        arguments = ("--port", port, "--data-dir", str(tmp_path), "--wait", "0")
        with serving(*arguments, JWT_SECRET=SECRET) as (process, _):
            _, told = process.communicate(timeout=START_DEADLINE_S)
    assert process.returncode == 1
    assert f"port {port} on 127.0.0.1 is in use" in told
    assert "choose another with --port" in told


@contextmanager
def serving(*arguments: str, **environ: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A real server in a process of its own; yields it and the first line that it prints."""
    inherited = {name: value for name, value in os.environ.items() if name not in {v.name for v in VARIABLES}}
    process = subprocess.Popen(
        [sys.executable, "-m", "stockent", "serve", "--port", "0", *arguments],
        env={**inherited, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("demo", [False, True])
def test_serve_prints_its_address_answers_and_stops_on_sigterm(tmp_path: Path, *, demo: bool) -> None:
    arguments = ["--data-dir", str(tmp_path), *(["--demo"] if demo else [])]
    with serving(*arguments, **({} if demo else {"JWT_SECRET": SECRET})) as (process, printed):
        address = re.search(r"http://127\.0\.0\.1:\d+", printed)
        assert address, printed
        assert ("choose who you are" in printed) is demo
        with urllib.request.urlopen(f"{address[0]}/readyz", timeout=START_DEADLINE_S) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=START_DEADLINE_S) == 0
    assert (tmp_path / ("demo.db" if demo else "stockent.db")).exists()
    assert not (tmp_path / ("stockent.db" if demo else "demo.db")).exists()
