"""The demo's secret and its story: made once, complete, and never over a real store."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stockent.auth import Authenticator
from stockent.config import ConfigError, Settings
from stockent.demo import TOKEN_TTL_S, Demo, seed, with_secret
from stockent.demo_files import FILES
from stockent.demo_story import PEOPLE, TALKS
from stockent.messaging.errors import MessagingError
from stockent.messaging.models import (
    AttachmentKind,
    Conversation,
    ConversationKind,
    ConversationStatus,
    Message,
)
from stockent.store import open_store

NOW = 1_900_000_000.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return with_secret(Settings.load({"DATA_DIR": str(tmp_path / "data")}, demo=True))


async def seen_by(settings: Settings, user_id: str) -> list[tuple[Conversation, list[Message]]]:
    store = open_store(settings.database_url)
    await store.open()
    try:
        page = await store.conversations(
            user_id=user_id, cursor=None, limit=200, status=None, unread=None, q=None
        )
        return [
            (
                conversation,
                (
                    await store.messages(
                        conversation.id, user_id=user_id, before=None, after=None, around=None, limit=200
                    )
                ).items,
            )
            for conversation in page.items
        ]
    finally:
        await store.close()


def test_the_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    unset = Settings.load({"DATA_DIR": str(tmp_path / "data")}, demo=True)
    assert unset.jwt_secret is None
    first, again = with_secret(unset), with_secret(unset)
    assert first.jwt_secret == again.jwt_secret is not None
    file = tmp_path / "data" / "demo-secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    elsewhere = with_secret(Settings.load({"DATA_DIR": str(tmp_path / "other")}, demo=True))
    assert elsewhere.jwt_secret != first.jwt_secret


def test_a_configured_secret_is_used_and_no_file_is_made(tmp_path: Path) -> None:
    configured = "b8c1f0aa53e94c61a7d2e4960f31d58c"
    settings = Settings.load({"DATA_DIR": str(tmp_path), "JWT_SECRET": configured}, demo=True)
    assert with_secret(settings).jwt_secret == configured
    assert list(tmp_path.iterdir()) == []


def test_a_secret_file_that_cannot_be_used_is_told_with_its_path(tmp_path: Path) -> None:
    file = tmp_path / "demo-secret"
    settings = Settings.load({"DATA_DIR": str(tmp_path)}, demo=True)
    for content in (b"", b"short", b"\xff" * 40):
        file.write_bytes(content)
        with pytest.raises(ConfigError, match="demo-secret"):
            with_secret(settings)
    blocked = Settings.load({"DATA_DIR": str(file)}, demo=True)
    with pytest.raises(ConfigError, match="DATA_DIR"):
        with_secret(blocked)


async def test_every_person_finds_talk_with_the_told_unread_messages(settings: Settings) -> None:
    assert await seed(settings, now=lambda: NOW)
    for person in PEOPLE:
        seen = await seen_by(settings, person.id)
        told = [talk for talk in TALKS if person.id in talk.people]
        assert len(seen) == len(told) > 0
        assert sum(conversation.unread for conversation, _ in seen) == sum(
            talk.unread.get(person.id, 0) for talk in told
        )
        names = {each.name for conversation, _ in seen for each in conversation.participants}
        assert None not in names


async def test_the_story_has_a_closed_talk_a_group_and_days_that_lead_up_to_now(settings: Settings) -> None:
    await seed(settings, now=lambda: NOW)
    seen = await seen_by(settings, "jonas")
    assert ConversationStatus.CLOSED in {conversation.status for conversation, _ in seen}
    assert ConversationKind.GROUP in {conversation.kind for conversation, _ in seen}
    newest = [conversation.updated_at for conversation, _ in seen]
    assert newest == sorted(newest, reverse=True)
    now = datetime.fromtimestamp(NOW, UTC).isoformat().replace("+00:00", "Z")
    for _, messages in seen:
        times = [message.created_at for message in messages]
        assert times == sorted(times)
        assert all(time <= now for time in times)
    assert max(len({message.created_at[:10] for message in messages}) for _, messages in seen) >= 4


async def test_the_story_shows_pictures_a_document_and_a_voice_message(settings: Settings) -> None:
    await seed(settings, now=lambda: NOW)
    seen = [message for _, messages in await seen_by(settings, "carlos") for message in messages]
    files = [file for message in seen for file in message.attachments]
    pictures = [(file.name, file.width, file.height) for file in files if file.kind is AttachmentKind.IMAGE]
    assert pictures == [
        ("sample board.jpg", 1_200, 800),
        ("matt sand.jpg", 900, 900),
        ("R11 structured.jpg", 900, 900),
    ]
    assert [file.media_type for file in files if file.kind is AttachmentKind.FILE] == ["application/pdf"]
    heard = [
        message
        for _, messages in await seen_by(settings, "elena")
        for message in messages
        if message.attachments
    ]
    (voice,) = heard[-1].attachments
    assert voice.kind is AttachmentKind.VOICE
    assert voice.duration_ms == pytest.approx(6_400, abs=100)
    assert len(set(voice.waveform or ())) > 10


async def test_seeding_again_changes_nothing(settings: Settings) -> None:
    assert await seed(settings, now=lambda: NOW)
    before = await seen_by(settings, "carlos")
    assert not await seed(settings, now=lambda: NOW + 86_400)
    assert await seen_by(settings, "carlos") == before


async def test_a_seeding_that_was_cut_short_is_completed_without_doubles(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("stockent.demo.PEOPLE", (*PEOPLE[:2], None, *PEOPLE[3:]))
        with pytest.raises(AttributeError):
            await seed(settings, now=lambda: NOW)
    assert await seed(settings, now=lambda: NOW + 60)
    seen = await seen_by(settings, "jonas")
    told = [talk for talk in TALKS if "jonas" in talk.people]
    assert sorted(len(messages) for _, messages in seen) == sorted(len(talk.lines) for talk in told)


async def test_a_login_is_good_for_the_person_until_it_ends(settings: Settings) -> None:
    demo = Demo(settings, now=lambda: NOW)
    token, person, expires_at = demo.login("amira")
    assert person.name == "Amira Haddad"
    identity = await Authenticator(settings, now=lambda: NOW).authenticate(token)
    assert (identity.profile, identity.expires_at) == (person, NOW + TOKEN_TTL_S)
    assert datetime.fromisoformat(expires_at).timestamp() == NOW + TOKEN_TTL_S
    with pytest.raises(MessagingError, match="no such person"):
        demo.login("nobody")


def test_each_person_talks_in_the_talks_that_are_theirs() -> None:
    for talk in TALKS:
        assert {line.speaker for line in talk.lines} | set(talk.unread) <= set(talk.people)
        assert all(1 <= len(line.text) <= 5_000 or line.files for line in talk.lines)
        assert {key for line in talk.lines for key in line.files} <= FILES.keys()
        assert not talk.lines[0].files
