"""Tokens: which ones speak for somebody, and that every other is refused before anything is done for it."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from stockent.auth import Authenticator, mint, token_from_request
from stockent.config import Settings
from stockent.jwks import MAX_DOCUMENT_BYTES, MAX_STALE_S, MIN_REFRESH_S, TTL_S, KeySet
from stockent.messaging.errors import Code, MessagingError
from stockent.messaging.models import Profile, Role

SECRET = "b8c1f0aa53e94c61a7d2e4960f31d58c"
OTHER_SECRET = "c9d20f1b64fa5d72b8e3f5a710426e9d"
RSA = rsa.generate_private_key(65537, 2048)
OTHER_RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
NOW = 1_900_000_000


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def by_secret(**environ: str) -> Authenticator:
    return Authenticator(Settings.load({"JWT_SECRET": SECRET, **environ}), now=lambda: NOW)


def by_key(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> Authenticator:
    return Authenticator(Settings.load({"JWT_PUBLIC_KEY": pem(key)}), now=lambda: NOW)


def token(
    key: Any = SECRET, algorithm: str = "HS256", headers: dict[str, Any] | None = None, **claims: Any
) -> str:
    return jwt.encode({"sub": "ana", "exp": NOW + 60, **claims}, key, algorithm, headers=headers)


def forged(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    return ".".join(
        part64(part) for part in (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    )


def signed(claims: dict[str, Any], secret: bytes) -> str:
    """HS256 by hand: the library would not sign such claims, or not with such a key."""
    signing = part64(b'{"alg":"HS256"}') + "." + part64(json.dumps(claims).encode())
    return signing + "." + part64(hmac.digest(secret, signing.encode(), "sha256"))


def part64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


async def refused(authenticator: Authenticator, text: str) -> Code:
    with pytest.raises(MessagingError) as error:
        await authenticator.authenticate(text)
    return error.value.code


async def test_a_good_token_gives_the_profile_and_when_it_ends() -> None:
    identity = await by_secret().authenticate(
        token(
            name="Ana Ruiz",
            companyName="Ruiz SA",
            country="ES",
            avatarUrl="https://cdn.example/a.png",
            role="BUYER",
        )
    )
    assert identity.profile == Profile(
        id="ana",
        name="Ana Ruiz",
        company_name="Ruiz SA",
        country="ES",
        avatar_url="https://cdn.example/a.png",
        role=Role.BUYER,
    )
    assert identity.expires_at == NOW + 60


async def test_user_id_stands_for_a_missing_sub_and_never_beats_it() -> None:
    alone = jwt.encode({"userId": "bo", "exp": NOW + 60}, SECRET, "HS256")
    assert (await by_secret().authenticate(alone)).profile.id == "bo"
    assert (await by_secret().authenticate(token(userId="bo"))).profile.id == "ana"
    assert await refused(by_secret(), token(sub=7, userId="bo")) is Code.AUTH_INVALID


async def test_what_mint_makes_is_accepted_and_ends_after_its_time() -> None:
    minted = mint(SECRET, Profile(id="ana", name="Ana", role=Role.SELLER), 90, now=lambda: NOW - 30.5)
    identity = await by_secret().authenticate(minted)
    assert identity.profile == Profile(id="ana", name="Ana", role=Role.SELLER)
    assert identity.expires_at == NOW + 59


async def test_an_expired_token_has_its_own_code_only_if_it_was_genuine() -> None:
    assert await refused(by_secret(), token(exp=NOW)) is Code.AUTH_EXPIRED
    assert (await by_secret().authenticate(token(exp=NOW + 1))).profile.id == "ana"
    assert await refused(by_secret(), token(OTHER_SECRET, exp=NOW)) is Code.AUTH_INVALID


async def test_no_token_is_asked_for() -> None:
    assert await refused(by_secret(), "") is Code.AUTH_REQUIRED


@pytest.mark.parametrize("name", ["exp", "nbf"])
@pytest.mark.parametrize(
    "value",
    ["1900000060", 1_900_000_060.0, None, 1e308, 10**400, -1, True, [1_900_000_060], {}, 253_402_300_800],
)
async def test_times_are_whole_numbers_of_seconds(name: str, value: Any) -> None:
    assert (await by_secret().authenticate(token(nbf=NOW))).profile.id == "ana"
    claims = {"sub": "ana", "exp": NOW + 60, name: value}
    assert await refused(by_secret(), signed(claims, SECRET.encode())) is Code.AUTH_INVALID


async def test_exp_is_required_and_nbf_is_waited_for() -> None:
    endless = jwt.encode({"sub": "ana"}, SECRET, "HS256")
    assert await refused(by_secret(), endless) is Code.AUTH_INVALID
    assert await refused(by_secret(), token(nbf=NOW + 1)) is Code.AUTH_INVALID


@pytest.mark.parametrize(
    "sub",
    [7, [], {}, "", " ", "a b", "a/b", "ana\n", "x" * 129, "x" * 5_000, None, "\x00", "änne", True, 1.5],
)
async def test_sub_is_a_user_id(sub: Any) -> None:
    assert (await by_secret().authenticate(token(sub="x" * 128))).profile.id == "x" * 128
    body = {"sub": sub, "exp": NOW + 60}
    assert (
        await refused(by_secret(), jwt.api_jws.encode(json.dumps(body).encode(), SECRET)) is Code.AUTH_INVALID
    )


@pytest.mark.parametrize(
    "alg", ["none", "None", "NONE", "", "HS384", "HS512", "RS256", "ES256", "EdDSA", None, 5, []]
)
async def test_only_the_keys_own_algorithm_counts(alg: Any) -> None:
    claims = {"sub": "ana", "exp": NOW + 60}
    for signature in (b"", b"x" * 32):
        assert (
            await refused(by_secret(), forged({"alg": alg, "typ": "JWT"}, claims, signature))
            is Code.AUTH_INVALID
        )
    assert await refused(by_secret(), forged({"typ": "JWT"}, claims)) is Code.AUTH_INVALID


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (EC, "ES256"), (ED, "EdDSA")])
async def test_a_public_key_verifies_its_own_algorithm_and_no_other(key: Any, algorithm: str) -> None:
    authenticator = by_key(key)
    assert (await authenticator.authenticate(token(key, algorithm))).profile.id == "ana"
    for text in (
        token(SECRET),
        token(OTHER_RSA, "RS256"),
        token(RSA, "RS512"),
        token(RSA, "PS256"),
        forged({"alg": "none"}, {"sub": "ana", "exp": NOW + 60}),
    ):
        assert await refused(authenticator, text) is Code.AUTH_INVALID


@pytest.mark.parametrize("key", [RSA, EC, ED])
async def test_hs256_signed_with_the_public_key_is_refused(key: Any) -> None:
    public = pem(key).encode()
    for secret in (public, public.strip(), b""):
        claims = {"sub": "ana", "exp": NOW + 60}
        assert await refused(by_key(key), signed(claims, secret)) is Code.AUTH_INVALID
    assert (await by_secret().authenticate(signed(claims, SECRET.encode()))).profile.id == "ana"


async def test_with_a_public_key_the_secret_no_longer_counts() -> None:
    settings = Settings.load({"JWT_SECRET": SECRET, "JWT_PUBLIC_KEY": pem(RSA)})
    assert await refused(Authenticator(settings, now=lambda: NOW), token(SECRET)) is Code.AUTH_INVALID


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "..",
        "a.b.c",
        "a.b.c.d",
        "é.é.é",
        "\ud800.\ud800.\ud800",
        "a b.c.d",
        "eyJhbGciOiJIUzI1NiJ9.e30",
        part64(b"[" * 3_000) + ".e30.AA",
        part64(b'{"alg":' + b"9" * 5_000 + b"}") + ".e30.AA",
        part64(b"[]") + ".e30.AA",
        part64(b"\xff\xff") + ".e30.AA",
    ],
)
async def test_what_is_no_token_is_refused(text: str) -> None:
    assert await refused(by_secret(), text) is Code.AUTH_INVALID


async def test_a_token_over_8_kilobytes_is_refused_before_it_is_read() -> None:
    fits = token(name="x" * 5_900)
    assert 7_500 < len(fits) < 8_192
    assert (await by_secret().authenticate(fits)).profile.id == "ana"
    assert await refused(by_secret(), token(name="x" * 6_500)) is Code.AUTH_INVALID
    endless, authenticator = "e" * 50_000_000, by_secret()
    began_s = time.thread_time()
    assert await refused(authenticator, endless) is Code.AUTH_INVALID
    assert time.thread_time() - began_s < 0.01, "work of its own, however busy the machine is"


async def test_a_deep_signed_payload_is_refused() -> None:
    deep = jwt.api_jws.encode(b'{"sub":"ana","exp":1900000060,"x":' + b"[" * 5_000 + b"]" * 0, SECRET)
    assert await refused(by_secret(), deep) is Code.AUTH_INVALID


async def test_a_token_that_was_accepted_a_moment_ago_still_expires() -> None:
    now = float(NOW)
    authenticator = Authenticator(Settings.load({"JWT_SECRET": SECRET}), now=lambda: now)
    mine = token(exp=NOW + 2)
    assert (await authenticator.authenticate(mine)).profile.id == "ana"
    now += 1
    assert (await authenticator.authenticate(mine)).profile.id == "ana"
    now += 1
    assert await refused(authenticator, mine) is Code.AUTH_EXPIRED


async def test_what_is_remembered_of_a_token_is_of_no_use_to_another() -> None:
    authenticator = by_secret()
    mine = token()
    await authenticator.authenticate(mine)
    assert (
        await refused(authenticator, mine[:-2] + ("AA" if mine[-2:] != "AA" else "BB")) is Code.AUTH_INVALID
    )


@pytest.mark.parametrize(
    "claims",
    [{"aud": {"stockent": 1}}, {"aud": ["shop", 1]}, {"aud": 1}, {"aud": True}, {"jti": 7}, {"jti": None}],
)
async def test_a_claim_of_the_wrong_kind_is_refused(claims: dict[str, Any]) -> None:
    claims = {"sub": "ana", "exp": NOW + 60, **claims}
    assert await refused(by_secret(), signed(claims, SECRET.encode())) is Code.AUTH_INVALID


async def test_half_a_character_at_the_end_of_a_name_keeps_nobody_out() -> None:
    cut = signed({"sub": "ana", "exp": NOW + 60, "name": "Ana \ud83d"}, SECRET.encode())
    assert (await by_secret().authenticate(cut)).profile.name == "Ana"


@pytest.mark.parametrize("position", range(0, 150, 3))
@pytest.mark.parametrize("char", "A_=.")
async def test_a_changed_token_is_accepted_only_where_the_library_would(position: int, char: str) -> None:
    good = token(iat=NOW, iss="me")
    changed = good[:position] + char + good[position + 1 :]
    verdict = "accepted"
    try:
        jwt.decode(changed, SECRET, ["HS256"], options={"verify_exp": False, "verify_iat": False})
    except jwt.PyJWTError:
        verdict = "refused"
    assert verdict == "refused" or changed == good
    if verdict == "refused":
        assert await refused(by_secret(), changed) is Code.AUTH_INVALID


async def test_a_signature_has_one_spelling() -> None:
    good = token()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # 32 bytes leave two bits of the last of 43 characters unused.
    same = good[:-1] + letters[letters.index(good[-1]) ^ 1]
    assert base64.urlsafe_b64decode(good.split(".")[2] + "=") == base64.urlsafe_b64decode(
        same.split(".")[2] + "="
    )
    assert await refused(by_secret(), same) is Code.AUTH_INVALID
    assert (await by_secret().authenticate(good)).profile.id == "ana"


async def test_audience_and_issuer_are_required_when_configured() -> None:
    strict = by_secret(JWT_AUDIENCE="stockent", JWT_ISSUER="https://id.example")
    good: dict[str, Any] = {"aud": ["stockent", "shop"], "iss": "https://id.example"}
    assert (await strict.authenticate(token(**good))).profile.id == "ana"
    others: list[dict[str, Any]] = [
        {},
        {**good, "aud": "shop"},
        {**good, "iss": "https://evil.example"},
        {"aud": "stockent"},
    ]
    for claims in others:
        assert await refused(strict, token(**claims)) is Code.AUTH_INVALID
    assert await refused(by_secret(), token(aud="another service")) is Code.AUTH_INVALID


async def test_names_come_out_fit_to_be_shown() -> None:
    profile = (
        await by_secret().authenticate(
            token(
                name="  An\x00a \u202eevil\u2066 \n Ruiz ",
                companyName="x" * 500,
                country=["ES"],
                avatarUrl="javascript:alert(1)",
                role="OWNER",
            )
        )
    ).profile
    assert profile.name == "Ana evil Ruiz"
    assert profile.company_name == "x" * 120
    assert (profile.country, profile.avatar_url, profile.role) == (None, None, None)


@pytest.mark.parametrize("role", ["buyer", "", 5, None, ["BUYER"], {}, "ADMIN\x00"])
async def test_an_unknown_role_is_none(role: Any) -> None:
    assert (await by_secret().authenticate(token(role=role))).profile.role is None


@pytest.mark.parametrize(
    "url", ["data:text/html,x", "JaVa\tScript:x", "//evil.example/x", "/\\evil.example", "https:x", 5]
)
async def test_a_picture_has_a_web_address_or_is_of_this_site(url: Any) -> None:
    assert (
        await by_secret().authenticate(token(avatarUrl="/demo/a.png"))
    ).profile.avatar_url == "/demo/a.png"
    assert (await by_secret().authenticate(token(avatarUrl=url))).profile.avatar_url is None


def test_the_cookie_comes_first_then_bearer() -> None:
    assert token_from_request("a=b; accessToken=one; c=d", "Bearer two") == "one"
    assert token_from_request('accessToken="quoted"', None) == "quoted"
    assert token_from_request("notaccessToken=x; accessTokens=y", "bearer two") == "two"
    assert token_from_request("accessToken=", "Bearer two") == "two"
    assert token_from_request(None, "Basic eHk=") == ""
    assert token_from_request(None, None) == ""


# Key sets


@dataclass
class Issuer:
    """A token issuer's JWKS on a port of this machine, and what was asked of it."""

    keys: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    answer: web.Response | None = None
    url: str = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        return self.answer or web.json_response({"keys": self.keys})


@asynccontextmanager
async def serving() -> AsyncIterator[Issuer]:
    issuer = Issuer()
    app = web.Application()
    app.router.add_get("/{path:.*}", issuer.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    issuer.url = f"http://127.0.0.1:{runner.addresses[0][1]}/jwks.json"
    try:
        yield issuer
    finally:
        await runner.cleanup()


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with serving() as issuer:
        yield issuer


def jwk(key: Any, kid: str | None = None, **more: Any) -> dict[str, Any]:
    kinds: dict[type, Any] = {rsa.RSAPrivateKey: RSAAlgorithm, ec.EllipticCurvePrivateKey: ECAlgorithm}
    kind = next((algorithm for type_, algorithm in kinds.items() if isinstance(key, type_)), OKPAlgorithm)
    entry: dict[str, Any] = kind.to_jwk(key.public_key(), as_dict=True)
    return {**entry, **({} if kid is None else {"kid": kid}), **more}


def by_issuer(issuer: Issuer) -> Authenticator:
    return Authenticator(Settings.load({"JWT_JWKS_URL": issuer.url}), now=lambda: NOW)


async def test_tokens_are_verified_by_the_key_that_their_kid_names(issuer: Issuer) -> None:
    issuer.keys = [
        jwk(RSA, "one", alg="RS256", use="sig"),
        jwk(OTHER_RSA, "two"),
        jwk(EC, "three"),
        jwk(ED, "four"),
    ]
    authenticator = by_issuer(issuer)
    for key, algorithm, kid in [(RSA, "RS256", "one"), (EC, "ES256", "three"), (ED, "EdDSA", "four")]:
        good = token(key, algorithm, headers={"kid": kid})
        assert (await authenticator.authenticate(good)).profile.id == "ana"
    assert await refused(authenticator, token(RSA, "RS256", headers={"kid": "two"})) is Code.AUTH_INVALID
    assert await refused(authenticator, token(RSA, "RS256", headers={"kid": "three"})) is Code.AUTH_INVALID
    assert await refused(authenticator, token(SECRET, headers={"kid": "one"})) is Code.AUTH_INVALID
    assert issuer.asked == ["/jwks.json"]


async def test_a_token_without_kid_matches_only_a_single_key_of_its_algorithm(issuer: Issuer) -> None:
    issuer.keys = [jwk(RSA, "one"), jwk(EC, "two")]
    assert (await by_issuer(issuer).authenticate(token(RSA, "RS256"))).profile.id == "ana"
    issuer.keys.append(jwk(OTHER_RSA, "three"))
    assert await refused(by_issuer(issuer), token(RSA, "RS256")) is Code.AUTH_INVALID


async def test_keys_that_are_not_for_signatures_or_are_secrets_are_passed_over(issuer: Issuer) -> None:
    symmetric = {"kty": "oct", "kid": "one", "k": part64(SECRET.encode())}
    issuer.keys = [
        symmetric,
        jwk(RSA, "two", use="enc"),
        jwk(RSA, "three", alg="RS512"),
        {"kty": "RSA", "kid": "four"},
        {"kty": ["EC"], "kid": "five"},
        jwk(rsa.generate_private_key(65537, 1024), "six"),
        jwk(EC, "good"),
    ]
    authenticator = by_issuer(issuer)
    assert (await authenticator.authenticate(token(EC, "ES256", headers={"kid": "good"}))).profile.id == "ana"
    assert await refused(authenticator, token(SECRET, headers={"kid": "one"})) is Code.AUTH_INVALID
    for kid in ("two", "three", "four", "five", "six"):
        assert await refused(authenticator, token(RSA, "RS256", headers={"kid": kid})) is Code.AUTH_INVALID


@pytest.mark.parametrize(
    "kid", ["file:///etc/passwd", "../../key", "' OR 1=1 --", "http://127.0.0.1:1/x", 5, ["one"]]
)
async def test_what_a_token_points_to_is_never_fetched(issuer: Issuer, kid: Any) -> None:
    issuer.keys = [jwk(RSA, "one")]
    authenticator = by_issuer(issuer)
    good = {"kid": "one", "jku": issuer.url + "/evil", "x5u": issuer.url + "/evil", "jwk": jwk(OTHER_RSA)}
    assert (await authenticator.authenticate(token(RSA, "RS256", headers=good))).profile.id == "ana"
    claims = {"sub": "ana", "exp": NOW + 60}
    evil = {"alg": "RS256", "kid": kid, "jku": issuer.url + "/evil", "x5u": issuer.url + "/evil"}
    assert await refused(authenticator, forged(evil, claims, b"x" * 256)) is Code.AUTH_INVALID
    assert await refused(authenticator, token(OTHER_RSA, "RS256", headers=good)) is Code.AUTH_INVALID
    assert set(issuer.asked) == {"/jwks.json"}


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


async def test_unknown_kids_make_one_request_in_the_refresh_interval(issuer: Issuer) -> None:
    clock = Clock()
    keys = KeySet(issuer.url, clock=clock)
    issuer.keys = [jwk(RSA, "one")]
    await asyncio.gather(*(keys.find(f"made-up-{number}", "RS256") for number in range(50)))
    assert len(issuer.asked) == 1
    issuer.keys.append(jwk(EC, "new"))
    assert await keys.find("new", "ES256") is None
    clock.now_s += MIN_REFRESH_S
    assert await keys.find("new", "ES256") is not None
    assert len(issuer.asked) == 2


async def test_a_key_that_the_issuer_withdrew_stops_counting(issuer: Issuer) -> None:
    clock = Clock()
    keys = KeySet(issuer.url, clock=clock)
    issuer.keys = [jwk(RSA, "one"), jwk(EC, "two")]
    assert await keys.find("one", "RS256") is not None
    issuer.keys.pop(0)
    clock.now_s += TTL_S - 1
    assert await keys.find("one", "RS256") is not None
    clock.now_s += 1
    assert await keys.find("one", "RS256") is None


async def test_while_the_issuer_is_silent_the_last_set_counts_for_a_day(issuer: Issuer) -> None:
    clock = Clock()
    keys = KeySet(issuer.url, clock=clock)
    issuer.keys = [jwk(RSA, "one")]
    assert await keys.find("one", "RS256") is not None
    issuer.answer = web.Response(status=500)
    clock.now_s += MAX_STALE_S
    assert await keys.find("one", "RS256") is not None
    assert len(issuer.asked) == 2
    clock.now_s += 1
    with pytest.raises(MessagingError) as error:
        await keys.find("one", "RS256")
    assert error.value.code is Code.AUTH_UNAVAILABLE
    assert error.value.retryable


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.Response(status=302, headers={"location": "/other.json"}),
        lambda: web.Response(text="not json"),
        lambda: web.json_response({"keys": {}}),
        lambda: web.json_response([]),
        lambda: web.Response(body=b"[" * 100_000),
        lambda: web.Response(body=b" " * MAX_DOCUMENT_BYTES + b'{"keys":[]}'),
    ],
)
async def test_a_set_that_cannot_be_had_leaves_tokens_undecided(issuer: Issuer, answer: Any) -> None:
    issuer.keys = [jwk(RSA, "one")]
    good = token(RSA, "RS256", headers={"kid": "one"})
    assert (await by_issuer(issuer).authenticate(good)).profile.id == "ana"
    issuer.answer = answer()
    assert await refused(by_issuer(issuer), good) is Code.AUTH_UNAVAILABLE
    assert set(issuer.asked) == {"/jwks.json"}


async def test_an_issuer_that_is_down_leaves_tokens_undecided() -> None:
    async with serving() as issuer:
        pass
    assert await refused(by_issuer(issuer), token(RSA, "RS256")) is Code.AUTH_UNAVAILABLE
