"""Who may bar users and void tokens, what it is called in the log, and what is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from stockent.messaging import access, conversations, messages
from stockent.messaging.commands import CreateConversation
from stockent.messaging.domain import Actor, Domain
from stockent.messaging.errors import Code
from stockent.messaging.models import Role
from stockent.messaging.ports import Credential, Void
from tests.gateway.clock import Clock
from tests.messaging.conftest import ANN, BOB
from tests.messaging.sockets import Sockets
from tests.store.acts import refused

ROOT = Actor("root", "Root", Role.ADMIN)
ACTS: dict[str, Callable[[Domain, Actor, str], Awaitable[None]]] = {
    "disable": lambda domain, actor, user_id: access.set_disabled(domain, actor, user_id, disabled=True),
    "enable": lambda domain, actor, user_id: access.set_disabled(domain, actor, user_id, disabled=False),
    "sign out": access.sign_out,
    "revoke": lambda domain, actor, token_id: access.revoke_token(domain, actor, token_id, expires_at=None),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("role", [None, Role.BUYER, Role.SELLER])
async def test_only_an_administrator_may(domain: Domain, act: str, role: Role | None) -> None:
    await access.set_disabled(domain, ROOT, "cem", disabled=True)
    for known in ("ann", "cem", "nobody", "not an id"):
        refusal = await refused(Code.NOT_FOUND, ACTS[act](domain, Actor("eve", "Eve", role), known))
        assert refusal.message == "no such address"
    everybody = [Credential("ann"), Credential("cem"), Credential("nobody")]
    assert await domain.store.void_among(everybody) == {Credential("cem"): Void.DISABLED}


async def test_a_disabled_users_sockets_end_and_nobody_elses(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    ann, bob = sockets.connect("ann", viewing=cid), sockets.connect("bob", viewing=cid)
    await access.set_disabled(domain, ROOT, "bob", disabled=True)
    await conversations.create(domain, ANN, CreateConversation(participant_ids=["bob"]))
    assert ann.names == ["conversation_created"]
    assert bob.names == []


async def test_signing_out_voids_what_was_issued_up_to_this_second(domain: Domain, clock: Clock) -> None:
    now = int(clock.now())
    await access.sign_out(domain, ROOT, "ann")
    assert await domain.store.voided(Credential("ann", now)) is Void.SIGNED_OUT
    assert await domain.store.voided(Credential("ann", now + 1)) is None


async def test_ones_own_token_goes_too_even_if_its_issuers_clock_is_ahead(
    domain: Domain, clock: Clock
) -> None:
    mine = Credential("ann", clock.now() + 30)
    assert await domain.store.voided(mine) is None
    await access.sign_out_myself(domain, mine)
    assert await domain.store.voided(mine) is Void.SIGNED_OUT
    assert await domain.store.voided(mine._replace(user_id="bob")) is None


@pytest.mark.parametrize("token_id", ["", "x" * 256])
async def test_a_token_is_named_by_a_text_that_fits(domain: Domain, token_id: str) -> None:
    await access.revoke_token(domain, ROOT, "x" * 255, expires_at=None)
    refusal = await refused(Code.INVALID, access.revoke_token(domain, ROOT, token_id, expires_at=None))
    assert refusal.message.startswith("jti: ")


async def test_the_end_of_a_revoked_token_is_a_moment(domain: Domain) -> None:
    for exp in (-1, access.MAX_EXPIRY + 1):
        refusal = await refused(Code.INVALID, access.revoke_token(domain, ROOT, "t-1", expires_at=exp))
        assert refusal.message == f"exp: expected Unix seconds up to {access.MAX_EXPIRY}, got {exp}"
    await access.revoke_token(domain, ROOT, "t-1", expires_at=access.MAX_EXPIRY)
    assert await domain.store.voided(Credential("ann", 1, "t-1")) is Void.REVOKED


@pytest.mark.parametrize("user_id", ["", "two words", "../ann", "x" * 129])
async def test_a_user_is_named_by_an_id(domain: Domain, user_id: str) -> None:
    for act in ("disable", "enable", "sign out"):
        refusal = await refused(Code.INVALID, ACTS[act](domain, ROOT, user_id))
        assert refusal.message.startswith("userId: ")


async def test_the_log_says_who_did_what_to_whom(domain: Domain) -> None:
    with capture_logs() as logged:
        for act in ACTS:
            await ACTS[act](domain, ROOT, "ann")
        await access.sign_out_myself(domain, Credential("ann"))
    assert [(line["log_level"], line["event"], line["by"]) for line in logged] == [
        ("info", "user_disabled", "root"),
        ("info", "user_enabled", "root"),
        ("info", "user_signed_out", "root"),
        ("info", "token_revoked", "root"),
        ("info", "user_signed_out", "ann"),
    ]
    assert [line.get("user", line.get("token_id")) for line in logged] == ["ann"] * 5


async def test_an_administrator_is_an_outsider_in_others_conversations(domain: Domain, cid: str) -> None:
    assert await conversations.get(domain, BOB, cid)
    await refused(Code.NOT_FOUND, conversations.get(domain, ROOT, cid))
    await refused(
        Code.NOT_FOUND, messages.page(domain, ROOT, cid, before=None, after=None, around=None, limit=50)
    )
    await refused(Code.NOT_FOUND, conversations.delete(domain, ROOT, cid))
