"""Tokens that must not count, by every way that a token comes in: HTTP, a new socket, and the renewal of one.

`tests/test_auth.py` holds each rule of verifying by itself; this holds that every way goes through it, that nothing a
token points to is fetched, that the old token of a socket survives, and that no token, good or bad, is ever logged.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

import aiohttp
import jwt
import pytest

from stockent.check.clients import WEBSOCKET, Device, Person
from tests.test_auth import OTHER_RSA, RSA, Issuer, forged, jwk, pem, signed, token
from tests.test_auth import serving as issuing
from tests.test_cli import run

from .crowd import SECRET, Server, serving

EXP = int(time.time()) + 3_600
GOOD = {"sub": "ann", "exp": EXP}
#: An address that a token points to is of this machine, where `lure` listens.
LURE = "http://lure.invalid/keys"
Make = Callable[[str], str]


def by_secret(headers: dict[str, Any] | None = None, key: str = SECRET, **claims: Any) -> str:
    return token(key, headers=headers, **{"exp": EXP, **claims})


def raw(**claims: Any) -> str:
    """Signed as it should be, with claims that the library would not sign; those that are `...` are left out."""
    return signed({k: v for k, v in {**GOOD, **claims}.items() if v is not ...}, SECRET.encode())


#: Name → what makes the token from the address of the lure. None of them counts where the secret is the key.
BAD: dict[str, Make] = {
    "alg none": lambda _: forged({"alg": "none", "typ": "JWT"}, GOOD),
    "alg None with a signature": lambda _: forged({"alg": "None"}, GOOD, b"x" * 32),
    "no alg": lambda _: forged({"typ": "JWT"}, GOOD),
    "another secret": lambda _: by_secret(key="x" * 40),
    "the empty secret": lambda _: signed(GOOD, b""),
    "HS384": lambda _: jwt.encode(GOOD, SECRET * 2, "HS384"),
    "HS512 with the secret": lambda _: jwt.encode(GOOD, SECRET + "x" * 64, "HS512"),
    "RS256": lambda _: token(RSA, "RS256", exp=EXP),
    "ES256 that is HS256": lambda _: _with_header(by_secret(), {"alg": "ES256"}),
    "crit": lambda _: by_secret({"crit": ["exp"], "exp": 1}),
    "kid is a file": lambda _: by_secret({"kid": "file:///dev/null"}, key="x" * 40),
    "kid is a path": lambda _: by_secret({"kid": "../../../../dev/null"}, key=" " * 40),
    "kid is an address": lambda lure: by_secret({"kid": lure}, key="x" * 40),
    "kid is SQL": lambda _: by_secret({"kid": "x' UNION SELECT 'secret' --"}, key="secret" * 8),
    "kid is a list": lambda _: forged({"alg": "HS256", "kid": ["a"]}, GOOD, b"x" * 32),
    "jku": lambda lure: token(OTHER_RSA, "RS256", headers={"jku": lure, "kid": "one"}, exp=EXP),
    "x5u": lambda lure: by_secret({"x5u": lure}, key="x" * 40),
    "jwk": lambda _: token(OTHER_RSA, "RS256", headers={"jwk": jwk(OTHER_RSA)}, exp=EXP),
    "jwk of a secret": lambda _: by_secret({"jwk": {"kty": "oct", "k": "eHh4"}}, key="x" * 40),
    "no exp": lambda _: raw(exp=...),
    "nbf to come": lambda _: raw(nbf=EXP),
    "sub of 10 KB": lambda _: raw(sub="x" * 10_240),
    "sub of 5 KB": lambda _: raw(sub="x" * 5_120),
    "a changed payload": lambda _: _with_payload(by_secret(), {**GOOD, "sub": "ben"}),
    "cut short": lambda _: by_secret()[:-2],
    "two parts": lambda _: by_secret().rpartition(".")[0],
    "no base64": lambda _: "ä.ö.ü".encode("ascii", "xmlcharrefreplace").decode(),
}

ODD: dict[str, tuple[object, ...]] = {
    "exp": ("1", 1e308, 1.5, None, True, [1]),
    "nbf": ("1", 1e308, 1.5, None, {}, -1),
    "sub": (7, ["ann"], "", None, "a b", {}),
}


def _odd(name: str, value: object) -> Make:
    return lambda _: raw(**{name: value})


BAD |= {f"{name} {value!r}": _odd(name, value) for name, values in ODD.items() for value in values}


def _with_header(text: str, header: dict[str, Any]) -> str:
    return forged(header, {}).split(".")[0] + text[text.index(".") :]


def _with_payload(text: str, claims: dict[str, Any]) -> str:
    head, _, signature = text.split(".")
    return f"{head}.{forged({}, claims).split('.')[1]}.{signature}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("tokens")) as server:
        yield server
    logged = server.logged()
    assert '"event": "token_refused"' in logged
    assert "eyJ" not in logged, "no token is in the log"
    assert "Traceback" not in logged


@pytest.fixture
async def lure() -> AsyncIterator[Issuer]:
    async with issuing() as lure:
        lure.keys = [jwk(OTHER_RSA, "one")]
        yield lure


async def over_http(server: Server, text: str, *, cookie: bool) -> str:
    """The code of the answer, or `ok`."""
    headers = {"Cookie": f"accessToken={text}"} if cookie else {"Authorization": f"Bearer {text}"}
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
        http.get(f"{server.url}/api/me", headers=headers) as answer,
    ):
        assert answer.status in (200, 401)
        assert text not in await answer.text()
        return "ok" if answer.status == 200 else str((await answer.json())["code"])


async def by_socket(server: Server, text: str, *, way: str) -> str:
    """The code of `connect_error`, or `ok`; the token stands in the CONNECT packet or the request's head."""
    headers = {"cookie": {"Cookie": f"accessToken={text}"}, "header": {"Authorization": f"Bearer {text}"}}
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
        http.ws_connect(
            f"{server.url}/socket.io/?EIO=4&transport=websocket", headers=headers.get(way, {})
        ) as socket,
    ):
        await socket.receive_str(timeout=5)
        await socket.send_str("40" + (json.dumps({"token": text}) if way == "auth" else ""))
        answer = await socket.receive_str(timeout=5)
        assert text not in answer
        return "ok" if answer.startswith("40") else str(json.loads(answer[2:])["data"]["code"])


WAYS: dict[str, Callable[[Server, str], Any]] = {
    "Authorization": lambda server, text: over_http(server, text, cookie=False),
    "cookie": lambda server, text: over_http(server, text, cookie=True),
    "socket auth": lambda server, text: by_socket(server, text, way="auth"),
    "socket cookie": lambda server, text: by_socket(server, text, way="cookie"),
    "socket header": lambda server, text: by_socket(server, text, way="header"),
}


@pytest.mark.parametrize("way", WAYS)
async def test_the_same_way_lets_a_good_token_in(server: Server, way: str) -> None:
    assert await WAYS[way](server, by_secret()) == "ok"
    assert await WAYS[way](server, by_secret({"kid": "anything", "jku": LURE, "x5u": LURE})) == "ok"


@pytest.mark.parametrize("bad", BAD)
async def test_a_bad_token_lets_nobody_in_by_any_way(server: Server, lure: Issuer, bad: str) -> None:
    text = BAD[bad](lure.url)
    for way, come in WAYS.items():
        assert (way, await come(server, text)) == (way, "auth_invalid")
    assert lure.asked == []


@pytest.mark.parametrize("bad", BAD)
async def test_a_bad_token_renews_no_socket_and_ends_none(server: Server, lure: Issuer, bad: str) -> None:
    user_id = f"user-{uuid.uuid4().hex}"
    async with aiohttp.ClientSession() as http:
        person = Person("Somebody", user_id, by_secret(sub=user_id), server.url, http)
        device = Device(person, "socket", WEBSOCKET)
        await device.connect()
        text = BAD[bad](lure.url)
        ack = await device.command("refresh_token", {"token": text})
        # What is longer than any token is refused by the form of the command already.
        assert ack["error"]["code"] == ("auth_invalid" if len(text) <= 8_192 else "invalid")
        assert text not in json.dumps(ack)
        await device.done("set_presence", status="away")
        assert (await device.done("refresh_token", token=by_secret(sub=user_id)))["ok"]
        await device.close()
    assert lure.asked == []


@pytest.mark.parametrize("way", WAYS)
async def test_an_expired_token_has_its_own_code_by_every_way(server: Server, way: str) -> None:
    assert await WAYS[way](server, by_secret(exp=int(time.time()) - 1)) == "auth_expired"


@pytest.mark.parametrize("way", WAYS)
async def test_with_a_public_key_its_text_is_no_secret(
    tmp_path_factory: pytest.TempPathFactory, way: str
) -> None:
    directory = tmp_path_factory.mktemp("public-key")
    with serving(directory, JWT_SECRET="", JWT_PUBLIC_KEY=pem(RSA)) as server:
        assert await WAYS[way](server, token(RSA, "RS256", exp=EXP)) == "ok"
        for secret in (pem(RSA).encode(), pem(RSA).strip().encode(), b"", SECRET.encode()):
            assert await WAYS[way](server, signed(GOOD, secret)) == "auth_invalid"
        assert await WAYS[way](server, forged({"alg": "none"}, GOOD)) == "auth_invalid"
        assert await WAYS[way](server, token(OTHER_RSA, "RS256", exp=EXP)) == "auth_invalid"
    assert "eyJ" not in server.logged()


@pytest.mark.parametrize("name", ["token", "accessToken", "access_token", "auth", "jwt"])
async def test_a_token_in_an_address_is_neither_accepted_nor_logged(server: Server, name: str) -> None:
    mine = by_secret(name=uuid.uuid4().hex)
    query = f"{name}={mine}"
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        async with http.get(f"{server.url}/api/me?{query}") as answer:
            assert (await answer.json())["code"] == "auth_required"
        opened = f"{server.url}/socket.io/?EIO=4&transport="
        async with http.ws_connect(f"{opened}websocket&{query}") as socket:
            await socket.receive_str()
            await socket.send_str("40")
            assert "auth_required" in await socket.receive_str()
        async with http.get(f"{opened}polling&{query}") as answer:
            sid = json.loads((await answer.text())[1:])["sid"]
        await http.post(f"{opened}polling&sid={sid}&{query}", data="40")
        async with http.get(f"{opened}polling&sid={sid}&{query}") as answer:
            assert "auth_required" in await answer.text()
        async with http.get(f"{server.url}/?{query}") as answer:
            assert mine not in await answer.text()
    assert mine not in server.logged()
    assert mine.split(".")[1] not in server.logged()


async def test_a_token_of_50_mb_in_a_head_is_refused_while_it_comes(server: Server) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /api/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ")
    with suppress(ConnectionError):
        for _ in range(50_000_000 // 65_536):
            writer.write(b"e" * 65_536)
            await writer.drain()
    assert writer.is_closing() or reader.at_eof(), "it is closed while most of it has still to come"
    writer.close()
    assert await over_http(server, by_secret(), cookie=False) == "ok"


async def test_a_token_of_50_mb_in_a_websocket_packet_is_refused_by_its_length(server: Server) -> None:
    """By the length that the frame announces: none of it need come."""
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
    )
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    writer.write(b"\x81\xff" + (50_000_000).to_bytes(8, "big") + b"mask")
    assert b"\x88" in await asyncio.wait_for(reader.read(), 5), "a close frame, and the end"
    writer.close()
    assert await by_socket(server, by_secret(), way="auth") == "ok"


async def test_a_token_of_50_mb_in_a_polling_body_is_refused_by_its_length(server: Server) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        opened = f"{server.url}/socket.io/?EIO=4&transport=polling"
        async with http.get(opened) as answer:
            sid = json.loads((await answer.text())[1:])["sid"]
        host, port = server.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        path = f"/socket.io/?EIO=4&transport=polling&sid={sid}"
        writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n40".encode())
        assert (await asyncio.wait_for(reader.readline(), 5)).split()[1] == b"413"
        writer.close()
    assert await by_socket(server, by_secret(), way="auth") == "ok"


@pytest.mark.parametrize(
    "secret",
    ["", " ", "short", "x" * 31, "x" * 40, "changeme" * 4, "your-256-bit-secret" * 2, "secret" * 8],
)
def test_a_server_without_a_secret_worth_the_name_does_not_start(tmp_path: Any, secret: str) -> None:
    result = run("serve", "--port", "0", "--data-dir", str(tmp_path / "data"), JWT_SECRET=secret)
    assert result.exit_code == 2
    assert "JWT_SECRET" in result.stderr
    assert len(secret) < 8 or secret not in result.output
    assert not (tmp_path / "data").exists()
