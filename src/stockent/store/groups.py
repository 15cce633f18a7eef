"""Groups: who takes part, and in which role. Each change is an entry of the log and a SYSTEM message behind it.

Each function proves the actor's right by its own query and refuses before its first write. Rows of `participants` are
written first; taking the `seq` then lets the writer forget the conversation as it was.
"""

from __future__ import annotations

import msgspec

from stockent.messaging import notices
from stockent.messaging.errors import invalid, not_found
from stockent.messaging.models import MAX_PARTICIPANTS, GroupRole, QuotedSender, Sender
from stockent.messaging.notices import Notice
from stockent.messaging.ports import Membership

from .access import Access
from .changes import (
    Standing,
    changed,
    delete_conversation,
    prove_access,
    require_group,
    require_owner,
    take_seq,
)
from .documents import encode_text
from .sends import tell
from .transaction import Transaction


class GroupsFamily(Access):
    """See `ports`."""

    async def add_participants(
        self, conversation_id: str, *, user_id: str, user_ids: tuple[str, ...]
    ) -> Membership:
        return await self._write(
            conversation_id, lambda tx: add_participants(tx, conversation_id, user_id, user_ids)
        )

    async def remove_participant(self, conversation_id: str, *, user_id: str, removed_id: str) -> Membership:
        return await self._write(
            conversation_id, lambda tx: remove_participant(tx, conversation_id, user_id, removed_id)
        )

    async def set_group_role(
        self, conversation_id: str, *, user_id: str, member_id: str, role: GroupRole
    ) -> Membership:
        return await self._write(
            conversation_id, lambda tx: set_group_role(tx, conversation_id, user_id, member_id, role)
        )


def add_participants(
    tx: Transaction, conversation_id: str, user_id: str, user_ids: tuple[str, ...]
) -> Membership:
    """As at creation, users whom nobody has seen yet get a bare row."""
    stands = prove_access(tx, conversation_id, user_id)
    require_owner(stands)
    present = tx.views(conversation_id).keys()
    new = tuple(each for each in dict.fromkeys(user_ids) if each not in present)
    if not new:
        return _as_it_was(tx, conversation_id, stands)
    if (people := len(present) + len(new)) > MAX_PARTICIPANTS:
        raise invalid("userIds", f"expected at most {MAX_PARTICIPANTS} people in the group, got {people}")
    actor = _sender(tx, conversation_id, user_id)
    ids = encode_text(new)
    tx.run("INSERT INTO users (id) SELECT value FROM json_each(?) WHERE true ON CONFLICT DO NOTHING", ids)
    tx.run(_ADD, stands.key, ids, stands.last_seq, stands.history_visible)
    _set_apart(tx, stands)
    notice = notices.added(_quoted(actor), _people(tx, new))
    return _recorded(tx, conversation_id, stands, actor, notice)._replace(added=new)


def remove_participant(tx: Transaction, conversation_id: str, user_id: str, removed_id: str) -> Membership:
    stands = prove_access(tx, conversation_id, user_id)
    require_group(stands)
    leaves = user_id == removed_id
    if not leaves:
        require_owner(stands)
    removed_key, _ = _member(tx, stands, removed_id)
    if leaves and len(tx.views(conversation_id)) == 1:
        return _disbanded(tx, conversation_id, user_id)
    actor, removed = (_sender(tx, conversation_id, each) for each in (user_id, removed_id))
    tx.run("DELETE FROM participants WHERE conversation_key = ? AND user_key = ?", stands.key, removed_key)
    _set_apart(tx, stands)
    if leaves:
        notice = notices.left(_quoted(actor), _succeeding(tx, stands))
    else:
        notice = notices.removed(_quoted(actor), _quoted(removed))
    total = tx.value("SELECT unread FROM users WHERE key = ?", removed_key)
    return _recorded(tx, conversation_id, stands, actor, notice)._replace(
        removed=(removed_id,), removed_totals={removed_id: total}
    )


def set_group_role(
    tx: Transaction, conversation_id: str, user_id: str, member_id: str, role: GroupRole
) -> Membership:
    stands = prove_access(tx, conversation_id, user_id)
    require_owner(stands)
    member_key, present_role = _member(tx, stands, member_id)
    if present_role == role:
        return _as_it_was(tx, conversation_id, stands)
    if role is not GroupRole.OWNER and tx.value(_OWNERS, stands.key) == 1:
        raise invalid("role", "a group keeps at least one owner; make somebody else an owner first")
    actor, member = (_sender(tx, conversation_id, each) for each in (user_id, member_id))
    tx.run(
        "UPDATE participants SET group_role = ? WHERE conversation_key = ? AND user_key = ?",
        role.value,
        stands.key,
        member_key,
    )
    notice = notices.role_given(_quoted(actor), _quoted(member), role)
    return _recorded(tx, conversation_id, stands, actor, notice)


def _recorded(
    tx: Transaction, conversation_id: str, stands: Standing, actor: Sender, notice: Notice
) -> Membership:
    """Log a change whose rows are written, then the message that tells of it."""
    seq = take_seq(tx, conversation_id, stands, "membership")
    change = changed(tx, conversation_id, seq, None)
    return Membership(change, tell(tx, conversation_id, stands.user_key, actor, notice))


def _as_it_was(tx: Transaction, conversation_id: str, stands: Standing) -> Membership:
    return Membership(changed(tx, conversation_id, stands.last_seq, None, repeated=True), None)


def _disbanded(tx: Transaction, conversation_id: str, user_id: str) -> Membership:
    gone = delete_conversation(tx, conversation_id, user_id)
    total = gone.views[user_id].total_unread
    return Membership(gone._replace(views={}), None, removed=(user_id,), removed_totals={user_id: total})


def _set_apart(tx: Transaction, stands: Standing) -> None:
    """From the first change of its people on, a group is not found as the one that certain people have."""
    tx.run("UPDATE conversations SET identity = 'group ' || id WHERE key = ?", stands.key)


def _succeeding(tx: Transaction, stands: Standing) -> QuotedSender | None:
    """Who becomes owner because no owner is left."""
    if tx.value(_OWNERS, stands.key):
        return None
    heir_key, heir_id, heir_name = tx.row(_LONGEST_STANDING, stands.key)
    tx.run(
        "UPDATE participants SET group_role = ? WHERE conversation_key = ? AND user_key = ?",
        GroupRole.OWNER.value,
        stands.key,
        heir_key,
    )
    return QuotedSender(id=heir_id, name=heir_name)


def _member(tx: Transaction, stands: Standing, user_id: str) -> tuple[int, str]:
    found: tuple[int, str] | None = tx.row(_MEMBER, stands.key, user_id)
    if found is None:
        raise not_found("participant")
    return found


def _sender(tx: Transaction, conversation_id: str, user_id: str) -> Sender:
    return tx.memory.sender(tx.conversation(conversation_id), user_id)


def _quoted(person: Sender) -> QuotedSender:
    return QuotedSender(id=person.id, name=person.name)


def _people(tx: Transaction, user_ids: tuple[str, ...]) -> list[QuotedSender]:
    return _people_from(tx.value(_PEOPLE, encode_text(user_ids)))


# Their marks stand where they came, so nothing from before counts as unread, whether they see it or not.
_ADD = """
    INSERT INTO participants (conversation_key, user_key, group_role, joined_seq, read_seq, shown_read_seq,
        delivered_seq, visible_after)
    SELECT ?1, u.key, 'MEMBER', ?3, ?3, ?3, ?3, iif(?4, 0, ?3)
    FROM json_each(?2) j CROSS JOIN users u ON u.id = j.value
"""
_OWNERS = "SELECT count(*) FROM participants WHERE conversation_key = ? AND group_role = 'OWNER'"
_LONGEST_STANDING = """
    SELECT u.key, u.id, u.name FROM participants p CROSS JOIN users u ON u.key = p.user_key
    WHERE p.conversation_key = ? ORDER BY p.joined_seq, p.user_key LIMIT 1
"""
_MEMBER = """
    SELECT u.key, p.group_role FROM users u CROSS JOIN participants p ON p.user_key = u.key
    WHERE p.conversation_key = ? AND u.id = ?
"""
_PEOPLE = """
    SELECT json_group_array(json_object('id', u.id, 'name', u.name))
    FROM json_each(?) j CROSS JOIN users u ON u.id = j.value
"""
_people_from = msgspec.json.Decoder(list[QuotedSender]).decode
