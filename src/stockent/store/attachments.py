"""Files: uploads by owner, what their content was found to be, who may read them, and what nothing shows any more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from stockent.messaging.errors import Code, MessagingError, invalid, jittered, not_found
from stockent.messaging.models import Attachment, AttachmentKind, SharedFile, SharedFilePage, Wire
from stockent.messaging.ports import Begun, NewUpload, Readable, Upload

from .access import Access
from .connect import sqlite3
from .documents import encode_text
from .ids import new_id, rfc3339
from .queries import value
from .sends import client_key
from .transaction import Transaction

#: Who has too much unsent waits until something is sent, abandoned or removed: nothing that passes in seconds.
RETRY_AFTER_MS = 30_000
_CURSOR = re.compile(r"([0-9]{1,16})-([0-9]{1,4})")


class AttachmentsFamily(Access):
    """See `ports`."""

    async def begin_upload(self, new: NewUpload, *, max_unsent: int, max_unsent_bytes: int) -> Begun:
        return await self._write(
            f"uploads {new.owner_id}", lambda tx: begin_upload(tx, new, max_unsent, max_unsent_bytes)
        )

    async def upload(self, attachment_id: str, *, owner_id: str) -> Upload:
        return await self._read(
            lambda connection: _found(connection.execute(_OWN, (attachment_id, owner_id)).fetchone())
        )

    async def move_upload(self, attachment_id: str, *, owner_id: str) -> Upload:
        return await self._write(
            f"upload {attachment_id}", lambda tx: _found(tx.row(_MOVE, tx.now, attachment_id, owner_id))
        )

    async def judge_upload(
        self, attachment_id: str, attachment: Attachment, *, thumbnail_type: str | None
    ) -> None:
        document = encode_text(attachment)
        await self._write(
            f"upload {attachment_id}",
            lambda tx: _found(tx.row(_JUDGE, document, thumbnail_type, tx.now, attachment_id)),
        )

    async def finish_upload(self, attachment_id: str) -> Upload:
        return await self._write(
            f"upload {attachment_id}", lambda tx: _found(tx.row(_FINISH, tx.now, attachment_id))
        )

    async def remove_upload(self, attachment_id: str, *, owner_id: str) -> None:
        await self._write(f"upload {attachment_id}", lambda tx: remove_upload(tx, attachment_id, owner_id))

    async def readable_file(self, attachment_id: str, *, user_id: str) -> Readable:
        return await self._read(lambda connection: readable_file(connection, attachment_id, user_id))

    async def shared_files(
        self,
        conversation_id: str,
        *,
        user_id: str,
        cursor: str | None,
        kind: AttachmentKind | None,
        limit: int,
    ) -> SharedFilePage:
        return await self._read(
            lambda connection: shared_files(connection, conversation_id, user_id, cursor, kind, limit)
        )

    async def remove_unshown(self, *, idle_s: float, limit: int) -> list[str]:
        return await self._write("all uploads", lambda tx: remove_unshown(tx, idle_s, limit))

    async def known_attachments(self, ids: Sequence[str]) -> set[str]:
        return await self._read(
            lambda connection: set(_ids_from(value(connection, _KNOWN, encode_text(list(ids)))))
        )


def begin_upload(tx: Transaction, new: NewUpload, max_unsent: int, max_unsent_bytes: int) -> Begun:
    tx.run("INSERT INTO users (id) VALUES (?) ON CONFLICT DO NOTHING", new.owner_id)
    owner_key = tx.value("SELECT key FROM users WHERE id = ?", new.owner_id)
    key = client_key(new.client_id)
    found = tx.row(_MOVE_BY_CLIENT_ID, tx.now, owner_key, key)
    if found is not None:
        upload = _found(found)
        if (upload.name, upload.size_bytes, upload.voice) != (new.name, new.size_bytes, new.voice):
            raise MessagingError(
                Code.CLIENT_ID_REUSED, "this clientId was used for another upload; make a new one"
            )
        return Begun(upload, repeated=True)
    _refuse_too_much(tx, owner_key, new, max_unsent, max_unsent_bytes)
    row = tx.row(
        f"""
        INSERT INTO attachments
            (id, owner_key, client_key, name, size_bytes, voice, created_at, touched_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) RETURNING {_UPLOAD}
        """,
        new_id(tx.now_s),
        owner_key,
        key,
        new.name,
        new.size_bytes,
        new.voice,
        tx.now,
    )
    return Begun(_found(row), repeated=False)


def _refuse_too_much(
    tx: Transaction, owner_key: int, new: NewUpload, max_unsent: int, max_unsent_bytes: int
) -> None:
    count, size_bytes = tx.row(
        """
        SELECT count(*), coalesce(sum(size_bytes), 0) FROM attachments
        WHERE owner_key = ? AND touched_at IS NOT NULL
        """,
        owner_key,
    )
    if count < max_unsent and size_bytes + new.size_bytes <= max_unsent_bytes:
        return
    raise MessagingError(
        Code.RATE_LIMITED,
        f"expected at most {max_unsent} files of together {max_unsent_bytes} bytes that are not sent yet, "
        f"got {count + 1} of {size_bytes + new.size_bytes}; send or abandon some first",
        retry_after_ms=jittered(RETRY_AFTER_MS),
    )


def remove_upload(tx: Transaction, attachment_id: str, owner_id: str) -> None:
    key = tx.value(
        "SELECT a.key FROM attachments a JOIN users u ON u.key = a.owner_key WHERE a.id = ? AND u.id = ?",
        attachment_id,
        owner_id,
    )
    if key is None:
        raise not_found("attachment")
    if tx.value("SELECT 1 FROM message_attachments WHERE attachment_key = ? LIMIT 1", key):
        raise MessagingError(Code.TOO_LATE, "a message shows the file; delete the message instead")
    tx.run("DELETE FROM attachments WHERE key = ?", key)


def readable_file(connection: sqlite3.Connection, attachment_id: str, user_id: str) -> Readable:
    found = connection.execute(_READABLE, (attachment_id, user_id)).fetchone()
    if found is None:
        raise not_found("attachment")
    document, thumbnail_type = found
    return Readable(_attachment_from(document), thumbnail_type)


def shared_files(
    connection: sqlite3.Connection,
    conversation_id: str,
    user_id: str,
    cursor: str | None,
    kind: AttachmentKind | None,
    limit: int,
) -> SharedFilePage:
    stands = connection.execute(_STANDING, (conversation_id, user_id)).fetchone()
    if stands is None:
        raise not_found()
    conversation_key, visible_after, last_seq = stands
    at = _Place(last_seq + 1, 0) if cursor is None else _place(cursor)
    shown = _shown_from(
        value(
            connection,
            _SHARED,
            {
                "conversation": conversation_key,
                "after": visible_after,
                "seq": at.seq,
                "number": at.number,
                "kind": kind,
                "limit": limit + 1,
            },
        )
    )
    page = shown[:limit]
    more = len(shown) > limit
    return SharedFilePage(
        items=[each.file for each in page],
        next_cursor=f"{page[-1].file.seq}-{page[-1].number}" if more else None,
    )


class _Place(NamedTuple):
    """A file's: its message's `seq`, and which of that message's files it is."""

    seq: int
    number: int


def _place(cursor: str) -> _Place:
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise invalid("cursor", "expected a nextCursor of this list")
    return _Place(int(match[1]), int(match[2]))


class _Shown(Wire, frozen=True):
    file: SharedFile
    number: int


def remove_unshown(tx: Transaction, idle_s: float, limit: int) -> list[str]:
    rows = tx.run(_REMOVE_UNSHOWN, rfc3339(tx.now_s - idle_s), limit).fetchall()
    return [attachment_id for (attachment_id,) in rows]


def _found(row: tuple[str, str, int, int, str | None, int] | None) -> Upload:
    if row is None:
        raise not_found("attachment")
    attachment_id, name, size_bytes, voice, document, ready = row
    attachment = None if document is None else _attachment_from(document)
    return Upload(attachment_id, name, size_bytes, bool(voice), attachment, bool(ready))


_UPLOAD = "id, name, size_bytes, voice, document, ready"
_OWN = f"""
    SELECT {_UPLOAD} FROM attachments
    WHERE id = ? AND owner_key = (SELECT u.key FROM users u WHERE u.id = ?)
"""
_MOVED = "touched_at = CASE WHEN touched_at IS NOT NULL THEN ?1 END"
_MOVE = f"""
    UPDATE attachments SET {_MOVED}
    WHERE id = ?2 AND owner_key = (SELECT u.key FROM users u WHERE u.id = ?3) RETURNING {_UPLOAD}
"""
_MOVE_BY_CLIENT_ID = f"""
    UPDATE attachments SET {_MOVED} WHERE owner_key = ?2 AND client_key = ?3 RETURNING {_UPLOAD}
"""
_JUDGE = f"""
    UPDATE attachments SET document = ?1, thumbnail_type = ?2, touched_at = ?3
    WHERE id = ?4 AND NOT ready RETURNING {_UPLOAD}
"""
_FINISH = f"""
    UPDATE attachments SET ready = true, {_MOVED} WHERE id = ?2 AND document IS NOT NULL RETURNING {_UPLOAD}
"""
_READABLE = """
    SELECT a.document, a.thumbnail_type FROM attachments a CROSS JOIN users me ON me.id = ?2
    WHERE a.id = ?1 AND a.ready AND (a.owner_key = me.key OR EXISTS (
        SELECT 1 FROM message_attachments l
        CROSS JOIN participants p ON p.conversation_key = l.conversation_key AND p.user_key = me.key
        WHERE l.attachment_key = a.key AND l.message_seq > p.visible_after))
"""
_STANDING = """
    SELECT c.key, p.visible_after, c.last_seq FROM conversations c CROSS JOIN users u
    CROSS JOIN participants p ON p.conversation_key = c.key AND p.user_key = u.key
    WHERE c.id = ? AND u.id = ?
"""
_SHARED = """
    SELECT json_group_array(json_object('number', number, 'file', json_object(
        'attachment', json(attachment), 'messageId', id, 'seq', seq, 'createdAt', created_at,
        'sender', json_object('id', sender_id, 'name', sender_name))))
    FROM (
        SELECT e.value AS attachment, e.key AS number, m.id, m.seq, m.created_at,
            s.id AS sender_id, s.name AS sender_name
        FROM (
            SELECT DISTINCT message_seq FROM message_attachments
            WHERE conversation_key = :conversation AND message_seq > :after AND message_seq <= :seq) l
        CROSS JOIN messages m ON m.conversation_key = :conversation AND m.seq = l.message_seq
        CROSS JOIN users s ON s.key = m.sender_key
        CROSS JOIN json_each(m.extra, '$.attachments') e
        WHERE (m.seq < :seq OR e.key > :number) AND (:kind IS NULL OR e.value ->> 'kind' = :kind)
        ORDER BY m.seq DESC, e.key LIMIT 0 + :limit)
"""
_REMOVE_UNSHOWN = """
    DELETE FROM attachments WHERE key IN (
        SELECT a.key FROM attachments a
        WHERE a.touched_at < ? AND NOT EXISTS (
            SELECT 1 FROM message_attachments l WHERE l.attachment_key = a.key)
        ORDER BY a.touched_at LIMIT 0 + ?)
    RETURNING id
"""
_KNOWN = "SELECT json_group_array(a.id) FROM json_each(?) j CROSS JOIN attachments a ON a.id = j.value"
_attachment_from = msgspec.json.Decoder(Attachment).decode
_shown_from = msgspec.json.Decoder(list[_Shown]).decode
_ids_from = msgspec.json.Decoder(list[str]).decode
