"""`stockent user`: by a running server, on a store that nobody uses, and a sentence for each mistake."""

from __future__ import annotations

import base64
import json
import re
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import Result

from stockent.auth import mint
from stockent.messaging.models import Profile
from stockent.messaging.ports import Credential, Void
from stockent.operating import OPERATOR
from stockent.store import migrate, open_store
from tests.test_auth import RSA, pem
from tests.test_cli import SECRET, START_DEADLINE_S, run, serving


def user(*arguments: str, data_dir: Path, **environ: str) -> Result:
    return run("user", *arguments, DATA_DIR=str(data_dir), **{"JWT_SECRET": SECRET, **environ})


async def voided(data_dir: Path, credential: Credential) -> Void | None:
    store = open_store(f"sqlite:///{data_dir}/stockent.db")
    await store.open()
    try:
        return await store.voided(credential)
    finally:
        await store.close()


def status_of(url: str, token: str) -> int:
    request = urllib.request.Request(f"{url}/api/me", headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=START_DEADLINE_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code


@pytest.mark.parametrize("named", [True, False], ids=["--url", "found by HOST and PORT"])
def test_a_running_server_is_told_over_http(tmp_path: Path, named: bool) -> None:
    ann = mint(SECRET, Profile(id="ann"), 60)
    with serving("--data-dir", str(tmp_path), JWT_SECRET=SECRET) as (process, printed):
        address = re.search(r"http://127\.0\.0\.1:(\d+)", printed)
        assert address
        where = {} if named else {"PORT": address[1]}
        options = ["--url", address[0]] if named else []
        assert status_of(address[0], ann) == 200
        for act, told, status in [
            ("disable", "ann is disabled: their tokens are refused from now on\n", 401),
            ("enable", "ann is let in again\n", 200),
            ("sign-out", "ann is signed out: every token that they had is void\n", 401),
        ]:
            result = user(act, "ann", *options, data_dir=tmp_path, **where)
            assert (result.exit_code, result.stdout) == (0, told), result.output
            assert status_of(address[0], ann) == status
        process.terminate()
        _, log = process.communicate(timeout=START_DEADLINE_S)
    lines = [json.loads(line) for line in log.splitlines() if "stockent.access" in line]
    assert [(line["event"], line["user"], line["by"]) for line in lines] == [
        ("user_disabled", "ann", OPERATOR),
        ("user_enabled", "ann", OPERATOR),
        ("user_signed_out", "ann", OPERATOR),
    ]
    assert "eyJ" not in log


async def test_without_a_server_the_store_is_changed(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path}/stockent.db")
    old = Credential("ann", 1_000)
    for act, reason in [("disable", Void.DISABLED), ("enable", None), ("sign-out", Void.SIGNED_OUT)]:
        result = _elsewhere(act, tmp_path)
        assert result.exit_code == 0
        assert result.stdout.endswith("(no server runs; this is in its store)\n")
        assert await voided(tmp_path, old) is reason


def _elsewhere(act: str, data_dir: Path) -> Result:
    """On a thread of its own: the command runs an event loop."""
    results: list[Result] = []
    thread = threading.Thread(target=lambda: results.append(user(act, "ann", data_dir=data_dir)))
    thread.start()
    thread.join()
    return results[0]


def test_with_a_public_key_a_store_that_nobody_uses_is_changed_all_the_same(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path}/stockent.db")
    result = user("disable", "ann", data_dir=tmp_path, JWT_SECRET="", JWT_PUBLIC_KEY=pem(RSA))
    assert result.exit_code == 0
    asked = user(
        *("disable", "ann", "--url", "http://127.0.0.1:1"),
        data_dir=tmp_path,
        JWT_SECRET="",
        JWT_PUBLIC_KEY=pem(RSA),
    )
    assert (asked.exit_code, asked.stdout) == (1, "")
    assert "which the issuer of the public key signs" in asked.stderr


def test_there_must_be_a_store(tmp_path: Path) -> None:
    result = user("disable", "ann", data_dir=tmp_path / "typo")
    assert result.exit_code == 1
    assert "there is no store at sqlite:///" in result.stderr
    assert "--url" in result.stderr
    assert not (tmp_path / "typo").exists()


def test_a_store_in_use_whose_server_does_not_answer_is_told_with_a_way_out(tmp_path: Path) -> None:
    with serving("--data-dir", str(tmp_path), JWT_SECRET=SECRET), closed_port() as port:
        result = user("disable", "ann", data_dir=tmp_path, PORT=str(port))
    assert result.exit_code == 1
    assert f"no server answers at http://127.0.0.1:{port}" in result.stderr
    assert "--url" in result.stderr


def test_a_server_with_another_secret_is_told_as_that(tmp_path: Path) -> None:
    with serving("--data-dir", str(tmp_path), JWT_SECRET=SECRET) as (_, printed):
        address = re.search(r"http://127\.0\.0\.1:\d+", printed)
        assert address
        other = "c9d20f1b64fa5d72b8e3f5a710426e9d"
        result = user("disable", "ann", "--url", address[0], data_dir=tmp_path, JWT_SECRET=other)
    assert result.exit_code == 1
    assert "does it have the same JWT_SECRET?" in result.stderr


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (404, b"<h1>nginx</h1>", "is it StockENT Messaging"),
        (200, b"hello", "refused with 200: its answer is none of this system's"),
        (302, b"", "refused with 302"),
        (503, b'{"detail": "the store cannot write now"}', "refused with 503: the store cannot write now"),
        (500, b"[1]", "refused with 500: its answer is none of this system's"),
    ],
)
def test_what_else_answers_is_told_and_gets_no_second_request(
    tmp_path: Path, status: int, body: bytes, told: str
) -> None:
    with answering(status, body) as (url, asked):
        result = user("sign-out", "ann", "--url", url, data_dir=tmp_path)
    assert result.exit_code == 1
    assert told in result.stderr
    [(method, path, authorization)] = asked
    assert (method, path) == ("DELETE", "/api/admin/users/ann/sessions")
    part = authorization.removeprefix("Bearer ").split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert (claims["sub"], claims["role"]) == (OPERATOR, "ADMIN")
    assert claims["exp"] - claims["iat"] == 60
    assert authorization.removeprefix("Bearer ") not in result.output


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("example.com", "expected the server's address"),
        ("ftp://127.0.0.1", "expected the server's address"),
        ("http://127.0.0.1:5001/path", "expected the server's address"),
        ("http://user:word@127.0.0.1", "expected the server's address"),
        ("http://example.com", "expected https"),
        ("http://127.0.0.1.example.com", "expected https"),
    ],
)
def test_the_token_goes_to_this_machine_or_over_tls_only(tmp_path: Path, url: str, told: str) -> None:
    result = user("disable", "ann", "--url", url, data_dir=tmp_path)
    assert result.exit_code == 1
    assert told in result.stderr


@pytest.mark.parametrize("arguments", [["disable", "two words"], ["disable"], ["ban", "ann"], []])
def test_a_wrong_argument_is_told_before_anything_is_done(tmp_path: Path, arguments: list[str]) -> None:
    result = user(*arguments, data_dir=tmp_path)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert not list(tmp_path.iterdir())


def test_a_token_tells_its_jti_to_who_asks(tmp_path: Path) -> None:
    result = run("token", "--user", "ann", "--show-jti", JWT_SECRET=SECRET)
    part = result.stdout.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert result.stderr == f"jti: {claims['jti']}\n"
    assert isinstance(claims["iat"], int)
    again = run("token", "--user", "ann", JWT_SECRET=SECRET)
    assert again.stderr == ""
    assert again.stdout != result.stdout


@contextmanager
def closed_port() -> Iterator[int]:
    """A port that nobody else gets meanwhile, and that answers nobody."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@contextmanager
def answering(status: int, body: bytes) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Some server that is not ours, and what it was asked: method, path, authorization."""
    asked: list[tuple[str, str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_DELETE(self) -> None:
            asked.append((self.command, self.path, self.headers["Authorization"]))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
