/** Where one writes. Grows to eight lines, keeps the draft, and turns into the editor of a message when asked. */

import { ArrowUp, Check, Smile, X } from 'lucide-react';
import { lazy, Suspense, useCallback, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState, type KeyboardEvent, type Ref } from 'react';

import { MAX_CONTENT_CHARS, type Message } from '../../client';
import { useTyping } from '../../react';
import { IconButton } from '../parts/Button';
import { useSignedIn } from '../session/SessionContext';
import { isTouch } from '../viewport';
import { draftOf, keepDraft } from './drafts';

const EmojiPanel = lazy(() => import('./EmojiPanel'));

/** From here on the person is told how much room is left. */
const TELL_LEFT = 300;

export interface ComposerHandle {
  focus: () => void;
}

interface Props {
  ref: Ref<ComposerHandle>;
  conversationId: string;
  editing: Message | null;
  onSubmit: (text: string) => void;
  onCancelEdit: () => void;
  onEditLast: () => void;
}

export function Composer({ ref, conversationId, editing, onSubmit, onCancelEdit, onEditLast }: Props) {
  const box = useRef<HTMLTextAreaElement>(null);
  const { me } = useSignedIn();
  const [draft, setDraft] = useState(() => draftOf(me.id, conversationId));
  const [edited, setEdited] = useState<{ of: Message; text: string } | null>(null);
  const [choosing, setChoosing] = useState(false);
  const { typing, stop } = useTyping(conversationId);
  const text = editing === null ? draft : edited?.of === editing ? edited.text : editing.content;
  const length = Array.from(text.trim()).length;
  const sendable = length > 0 && length <= MAX_CONTENT_CHARS;

  useImperativeHandle(ref, () => ({ focus: () => box.current?.focus() }));
  useEffect(() => {
    if (!isTouch()) box.current?.focus();
    return stop;
  }, [stop]);
  useLayoutEffect(() => {
    const area = box.current;
    if (area === null) return;
    area.style.height = 'auto';
    area.style.height = `${area.scrollHeight}px`;
  }, [text]);
  useEffect(() => {
    if (editing !== null) box.current?.setSelectionRange(editing.content.length, editing.content.length);
  }, [editing]);

  const change = (next: string) => {
    if (editing !== null) {
      setEdited({ of: editing, text: next });
      return;
    }
    setDraft(next);
    keepDraft(me.id, conversationId, next);
    if (next.trim() === '') stop();
    else typing();
  };
  const submit = () => {
    if (!sendable) return;
    onSubmit(text.trim());
    setEdited(null);
    if (editing === null) change('');
    box.current?.focus();
  };
  const cancel = () => {
    setEdited(null);
    onCancelEdit();
  };
  const closeEmoji = useCallback(() => {
    setChoosing(false);
    box.current?.focus();
  }, []);
  const pickEmoji = (emoji: string) => {
    const { selectionStart = text.length, selectionEnd = text.length } = box.current ?? {};
    change(text.slice(0, selectionStart) + emoji + text.slice(selectionEnd));
    closeEmoji();
    const caret = selectionStart + emoji.length;
    requestAnimationFrame(() => box.current?.setSelectionRange(caret, caret));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const keys: Record<string, (() => void) | undefined> = {
      Enter: event.shiftKey ? undefined : submit,
      ArrowUp: text === '' && editing === null ? onEditLast : undefined,
      Escape: editing === null ? undefined : cancel,
    };
    const act = keys[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {editing !== null && (
        <div className="composer-editing">
          <span>Editing your message</span>
          <IconButton icon={X} label="Cancel edit" hint="Esc" onClick={cancel} />
        </div>
      )}
      {choosing && (
        <Suspense fallback={null}>
          <EmojiPanel onPick={pickEmoji} onClose={closeEmoji} />
        </Suspense>
      )}
      <div className="composer-box">
        <textarea
          ref={box}
          rows={1}
          value={text}
          dir="auto"
          placeholder="Write a message"
          aria-label={editing === null ? 'Message' : 'Edit message'}
          aria-describedby={length > MAX_CONTENT_CHARS - TELL_LEFT ? 'composer-room' : undefined}
          enterKeyHint="send"
          onChange={(event) => change(event.target.value)}
          onKeyDown={onKeyDown}
          onBlur={stop}
        />
        <IconButton
          icon={Smile}
          label="Emoji"
          className="emoji-button"
          aria-expanded={choosing}
          onClick={() => setChoosing(!choosing)}
        />
        <button type="submit" className="send" disabled={!sendable} aria-label={editing === null ? 'Send' : 'Save'} title={editing === null ? 'Send (Enter)' : 'Save (Enter)'}>
          {editing === null ? <ArrowUp size={18} strokeWidth={2} aria-hidden="true" /> : <Check size={18} strokeWidth={2} aria-hidden="true" />}
        </button>
      </div>
      {length > MAX_CONTENT_CHARS - TELL_LEFT && (
        <p id="composer-room" className="composer-room" data-over={length > MAX_CONTENT_CHARS} role="status">
          {roomText(MAX_CONTENT_CHARS - length)}
        </p>
      )}
    </form>
  );
}

function roomText(left: number): string {
  const count = Math.abs(left);
  return `${count.toLocaleString()} ${count === 1 ? 'character' : 'characters'} ${left < 0 ? 'too many' : 'left'}`;
}
