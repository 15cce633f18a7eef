"""What the database itself keeps beside the rows that it follows from, so that no read has to count or sort them all.

A user's list is found by spans of time: `participants.active_span` is `conversations.activity` without its last bits,
so it moves with the first send of a span only, and a list reads whole spans and sorts what is in them. The total of
what is unread stands with the user. Both are kept by triggers: no writer can forget them.
"""

from __future__ import annotations

#: Of microseconds: spans of 67 seconds. Longer ones are written less often, shorter ones hold less to sort.
SPAN_BITS = 26
#: Later than any that an activity can be in.
LATEST_SPAN = 2**63 - 1

_NEW_PARTICIPANT = f"""
    CREATE TRIGGER new_participant AFTER INSERT ON participants
    BEGIN
        UPDATE participants SET active_span = (SELECT activity >> {SPAN_BITS} FROM conversations
            WHERE "key" = new.conversation_key)
        WHERE conversation_key = new.conversation_key AND user_key = new.user_key;
        UPDATE users SET unread = unread + new.unread WHERE "key" = new.user_key AND new.unread <> 0;
    END
"""
_NEW_SPAN = f"""
    CREATE TRIGGER new_span AFTER UPDATE OF activity ON conversations
    WHEN new.activity >> {SPAN_BITS} <> old.activity >> {SPAN_BITS}
    BEGIN
        UPDATE participants SET active_span = new.activity >> {SPAN_BITS} WHERE conversation_key = new."key";
    END
"""
_UNREAD = """
    CREATE TRIGGER unread_changed AFTER UPDATE OF unread ON participants WHEN new.unread <> old.unread
    BEGIN
        UPDATE users SET unread = unread + new.unread - old.unread WHERE "key" = new.user_key;
    END
"""
_GONE = """
    CREATE TRIGGER participant_gone AFTER DELETE ON participants WHEN old.unread <> 0
    BEGIN
        UPDATE users SET unread = unread - old.unread WHERE "key" = old.user_key;
    END
"""
TRIGGERS = (_NEW_PARTICIPANT, _NEW_SPAN, _UNREAD, _GONE)
