/** Where one writes. Grows to eight lines, keeps the draft, and turns into the editor of a message when asked. */

import { ALargeSmall, ArrowUp, Check, Smile, X } from 'lucide-react';
import { useCallback, useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState, type ClipboardEvent, type KeyboardEvent, type ReactNode, type Ref } from 'react';

import { MAX_CONTENT_CHARS, type Message, type Quote } from '../../client';
import { useDraft, useMe, useTyping } from '../../react';
import { LazyEmojiPicker } from '../emoji/LazyEmojiPicker';
import { IconButton } from '../parts/Button';
import { applyEdit, draftIn, insertText } from '../text/area';
import { fromHtml } from '../text/clipboard';
import { continued, format, type Format } from '../text/edit';
import { FormatBar, formatOf } from '../text/FormatBar';
import { MentionPicker } from '../text/MentionPicker';
import type { Person } from '../text/mentions';
import { useMentions } from '../text/useMentions';
import { pastedFiles } from '../uploads/files';
import { isTouch } from '../viewport';
import { QuoteLines } from './QuoteBlock';
import { useDraftText } from './useDraftText';
import { useKeptFlag } from './useKeptFlag';

/** From here on the person is told how much room is left. */
const TELL_LEFT = 300;

export interface ComposerHandle {
  focus: () => void;
}

/** A message that is being edited, and what it is to say. */
export interface Editing {
  of: Message;
  text: string;
}

interface Props {
  ref: Ref<ComposerHandle>;
  conversationId: string;
  editing: Editing | null;
  onEditing: (editing: Editing | null) => void;
  /** What is answered. */
  replyTo?: Quote | null;
  onCancelReply?: () => void;
  /** Whom an `@` offers. */
  people?: readonly Person[];
  /** `mentions`: the ids of those whom the text names. */
  onSubmit: (text: string, mentions: string[]) => void;
  onEditLast: () => void;
  /** Left of the text. */
  tools?: ReactNode;
  /** Above the text: what goes with it. */
  tray?: ReactNode;
  /** In the place of Send while there is nothing to send. */
  endTool?: ReactNode;
  /** It is in use, and stays whatever there is to send. */
  endToolBusy?: boolean;
  /** Something goes with it, so it needs no text. */
  laden?: boolean;
  /** Pasted ones. */
  onFiles?: (files: readonly File[]) => void;
}

export function Composer(props: Props) {
  const { ref, conversationId, editing, onEditing, replyTo = null, onCancelReply, people = NOBODY, onSubmit, onEditLast, tools, tray, endTool, endToolBusy = false, laden = false, onFiles } = props;
  const box = useRef<HTMLTextAreaElement>(null);
  const me = useMe();
  const { draft, set: setDraft } = useDraft(conversationId);
  const [written, setWritten] = useDraftText(draft.text);
  const [choosing, setChoosing] = useState(false);
  const [formatting, setFormatting] = useKeptFlag('stockent.formatting');
  const { typing, stop } = useTyping(conversationId);
  const text = editing === null ? written : editing.text;
  const length = Array.from(text.trim()).length;
  const mayBeEmpty = editing === null ? laden : editing.of.attachments.length > 0;
  const sendable = (length > 0 || mayBeEmpty) && length <= MAX_CONTENT_CHARS;
  const named = useNamedFirst(people, editing === null ? draft.mentions : editing.of.mentions);
  const mentions = useMentions(box, text, named);

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
  const edited = editing?.of;
  useEffect(() => {
    if (edited !== undefined) box.current?.setSelectionRange(edited.content.length, edited.content.length);
  }, [edited]);

  const change = (next: string) => {
    if (editing !== null) {
      onEditing({ ...editing, text: next });
      return;
    }
    setWritten(next);
    setDraft({ text: next, mentions: next.includes('@') ? mentions.idsIn(next) : [] });
    if (next.trim() === '') stop();
    else typing();
  };
  const submit = () => {
    if (!sendable) return;
    onSubmit(text.trim(), mentions.idsIn(text));
    if (editing === null) change('');
    box.current?.focus();
  };
  const cancel = editing === null ? replyTo && onCancelReply : () => onEditing(null);
  const closeEmoji = useCallback(() => {
    setChoosing(false);
    box.current?.focus();
  }, []);
  const pickEmoji = (emoji: string) => {
    closeEmoji();
    if (box.current) insertText(box.current, emoji);
  };
  const onFormat = (what: Format) => {
    if (box.current) applyEdit(box.current, format(draftIn(box.current), what));
  };
  const newLine = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    const edit = continued(draftIn(event.currentTarget));
    if (edit === null) return;
    event.preventDefault();
    applyEdit(event.currentTarget, edit);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing || mentions.onKeyDown(event)) return;
    const wanted = formatOf(event);
    const keys: Record<string, (() => void) | undefined> = {
      Enter: event.shiftKey ? undefined : submit,
      ArrowUp: text === '' && editing === null ? onEditLast : undefined,
      Escape: cancel ?? undefined,
    };
    const act = wanted === null ? keys[event.key] : () => onFormat(wanted);
    if (act === undefined) {
      if (event.key === 'Enter') newLine(event);
      return;
    }
    event.preventDefault();
    act();
  };
  const onPaste = (event: ClipboardEvent<HTMLTextAreaElement>) => {
    const formatted = fromHtml(event.clipboardData.getData('text/html'));
    const files = formatted === null && editing === null ? pastedFiles(event.clipboardData, new Date()) : [];
    if (formatted === null && files.length === 0) return;
    event.preventDefault();
    if (formatted !== null) insertText(event.currentTarget, formatted);
    else onFiles?.(files);
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
          <IconButton icon={X} label="Cancel edit" hint="Esc" onClick={() => onEditing(null)} />
        </div>
      )}
      {editing === null && replyTo !== null && (
        <div className="composer-reply">
          <div className="quote quote-still">
            <span className="visually-hidden">In reply to </span>
            <QuoteLines quote={replyTo} me={me} />
          </div>
          <IconButton
            icon={X}
            label="Cancel reply"
            hint="Esc"
            onClick={() => {
              onCancelReply?.();
              box.current?.focus();
            }}
          />
        </div>
      )}
      {choosing && <LazyEmojiPicker onPick={pickEmoji} onClose={closeEmoji} />}
      {mentions.list && <MentionPicker list={mentions.list} />}
      <div className="composer-box">
        {editing === null && tray}
        {formatting && <FormatBar onFormat={onFormat} />}
        {editing === null && tools}
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
          onPaste={onPaste}
          onSelect={mentions.onSelect}
          onBlur={() => {
            stop();
            mentions.onBlur();
          }}
          {...mentions.aria}
        />
        <IconButton
          icon={ALargeSmall}
          label="Formatting"
          className="composer-tool"
          aria-pressed={formatting}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => setFormatting(!formatting)}
        />
        <IconButton
          icon={Smile}
          label="Emoji"
          className="composer-tool"
          aria-expanded={choosing}
          onClick={() => setChoosing(!choosing)}
        />
        {endToolBusy || (editing === null && !sendable && length === 0 && endTool !== undefined) ? (
          endTool
        ) : (
          <button type="submit" className="send" disabled={!sendable} aria-label={editing === null ? 'Send' : 'Save'} title={editing === null ? 'Send (Enter)' : 'Save (Enter)'}>
            {editing === null ? <ArrowUp size={18} strokeWidth={2} aria-hidden="true" /> : <Check size={18} strokeWidth={2} aria-hidden="true" />}
          </button>
        )}
      </div>
      {length > MAX_CONTENT_CHARS - TELL_LEFT && (
        <p id="composer-room" className="composer-room" data-over={length > MAX_CONTENT_CHARS} role="status">
          {roomText(MAX_CONTENT_CHARS - length)}
        </p>
      )}
    </form>
  );
}

const NOBODY: readonly Person[] = [];

/** Of two with one name, the one that was chosen is meant. */
function useNamedFirst(people: readonly Person[], ids: readonly string[]): readonly Person[] {
  return useMemo(() => {
    const isNamed = ({ id }: Person) => ids.includes(id);
    return ids.length === 0 ? people : [...people.filter(isNamed), ...people.filter((person) => !isNamed(person))];
  }, [people, ids]);
}

function roomText(left: number): string {
  const count = Math.abs(left);
  return `${count.toLocaleString()} ${count === 1 ? 'character' : 'characters'} ${left < 0 ? 'too many' : 'left'}`;
}
