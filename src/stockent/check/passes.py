"""Who the check speaks as: people made for it by signing tokens, or three of a demo's people.

With the secret, each run gets ids that nobody had before. A demo hands out tokens to whoever asks, so there none is
needed; the check then talks as people who may have other conversations too.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import aiohttp
import jwt

from .clients import Person, request
from .failures import StepFailed, shown

TOKEN_LIFE_S = 600

_PEOPLE = (
    ("buyer", "Bea Buyer", "BUYER"),
    ("seller", "Saul Seller", "SELLER"),
    ("outsider", "Otto Outsider", "BUYER"),
)


class Issuer(NamedTuple):
    """Signs as the host platform would: HS256, with the audience and issuer that the server may ask for."""

    secret: str
    audience: str | None = None
    issuer: str | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Issuer | None:
        """The issuer that the environment describes, by the variables that `stockent serve` reads."""
        secret = environ.get("JWT_SECRET", "")
        if not secret.strip():
            return None
        return cls(secret, environ.get("JWT_AUDIENCE") or None, environ.get("JWT_ISSUER") or None)

    def token(self, user_id: str, *, name: str = "", role: str = "BUYER", life_s: int = TOKEN_LIFE_S) -> str:
        """A token that is over already when `life_s` is negative."""
        now = int(time.time())
        claims: dict[str, Any] = {"sub": user_id, "exp": now + life_s, "role": role}
        optional = {"name": name, "aud": self.audience, "iss": self.issuer}
        return jwt.encode(
            claims | {key: value for key, value in optional.items() if value}, self.secret, "HS256"
        )


class People(NamedTuple):
    """`issuer` is None where the people are a demo's and no token can be signed."""

    buyer: Person
    seller: Person
    outsider: Person
    issuer: Issuer | None


async def meet(url: str, http: aiohttp.ClientSession, issuer: Issuer | None) -> People:
    """Find out how this server lets somebody speak. Raises `StepFailed` with what would help if it does not."""
    if issuer is not None:
        people = _signed(url, http, issuer)
        answer = await people.buyer.request("GET", "/api/me")
        if answer.status == 200:
            return people
    demo = await request(http, "GET", url + "/api/demo")
    if demo.status == 200:
        return await _of_demo(url, http, demo.body)
    if issuer is None:
        raise StepFailed(
            "a way to sign in: JWT_SECRET in the environment as the server has it, or a server with --demo",
            f"no JWT_SECRET, and {url}/api/demo answers {demo.status}",
        )
    raise StepFailed(
        "the server accepts a token signed with JWT_SECRET of this environment",
        f"{answer.status} {shown(answer.body)}; is it the secret that the server has?",
    )


def _signed(url: str, http: aiohttp.ClientSession, issuer: Issuer) -> People:
    run = secrets.token_hex(6)

    def person(label: str, name: str, role: str) -> Person:
        user_id = f"check-{run}-{label}"
        return Person(label, user_id, issuer.token(user_id, name=name, role=role), url, http)

    buyer, seller, outsider = (person(*each) for each in _PEOPLE)
    return People(buyer, seller, outsider, issuer)


async def _of_demo(url: str, http: aiohttp.ClientSession, demo: Any) -> People:
    profiles = demo["people"]
    if len(profiles) < len(_PEOPLE):
        raise StepFailed(f"a demo with at least {len(_PEOPLE)} people", str(len(profiles)))

    async def person(label: str, user_id: str) -> Person:
        login = await request(http, "POST", url + "/api/demo/login", {"userId": user_id})
        if login.status != 200:
            raise StepFailed(f"POST /api/demo/login as {user_id}: 200", f"{login.status} {shown(login.body)}")
        return Person(label, user_id, login.body["token"], url, http)

    chosen = zip(_PEOPLE, profiles, strict=False)
    buyer, seller, outsider = [await person(label, profile["id"]) for (label, _, _), profile in chosen]
    return People(buyer, seller, outsider, None)
