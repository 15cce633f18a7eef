/**
 * All emoji, with search, skin tones and the ones used last. On frimousse, which draws only what is in view. Large: loaded by
 * `LazyEmojiPicker` when it is first opened.
 */

import { EmojiPicker as Parts, type EmojiPickerListCategoryHeaderProps, type EmojiPickerListEmojiProps, type EmojiPickerListRowProps, type SkinTone } from 'frimousse';
import { useEffect, useRef, useState } from 'react';

import { isTouch } from '../viewport';
import { emojiData } from './emojiData';
import { keepSkinTone, noteEmoji, recentEmoji, skinTone } from './used';
import { useLeave } from './useLeave';

export interface EmojiPickerProps {
  onPick: (emoji: string) => void;
  onClose: () => void;
}

const CELL_PX = 36;
const TOUCH_CELL_PX = 44;
const MOST_COLUMNS = 9;
/** Beside the grid: the panel's edges and a scroll bar. */
const BESIDE_PX = 48;

export default function EmojiPicker({ onPick, onClose }: EmojiPickerProps) {
  const panel = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const [tone, setTone] = useState(skinTone);
  const [columns] = useState(columnsThatFit);
  useLeave(panel, onClose);
  useEffect(() => {
    // A phone's keyboard would cover what there is to choose from.
    if (isTouch()) panel.current?.focus();
    else search.current?.focus();
  }, []);
  return (
    <Parts.Root
      ref={panel}
      className="emoji"
      role="dialog"
      aria-label="Emoji"
      tabIndex={-1}
      columns={columns}
      skinTone={tone}
      resolveEmojiData={() => emojiData(recentEmoji())}
      onEmojiSelect={({ emoji }) => {
        noteEmoji(emoji);
        onPick(emoji);
      }}
    >
      <div className="emoji-head">
        <Parts.Search ref={search} className="field emoji-search" aria-label="Search emoji" placeholder="Search emoji" />
        <Parts.SkinTone emoji="✋">
          {({ skinToneVariations }) => (
            <Tones
              variations={skinToneVariations}
              tone={tone}
              onChange={(next) => {
                setTone(next);
                keepSkinTone(next);
              }}
            />
          )}
        </Parts.SkinTone>
      </div>
      <Parts.Viewport className="emoji-viewport" tabIndex={-1}>
        <Parts.Loading className="emoji-none">Loading…</Parts.Loading>
        <Parts.Empty className="emoji-none">{({ search: words }) => `No emoji for “${words}”`}</Parts.Empty>
        <Parts.List className="emoji-list" aria-label="Emoji" components={COMPONENTS} />
      </Parts.Viewport>
      <Parts.ActiveEmoji>
        {({ emoji }) => (
          <p className="emoji-foot" aria-hidden="true">
            {emoji ? (
              <>
                <span>{emoji.emoji}</span> {emoji.label}
              </>
            ) : (
              'Choose an emoji'
            )}
          </p>
        )}
      </Parts.ActiveEmoji>
    </Parts.Root>
  );
}

const COMPONENTS = { CategoryHeader, Row, Emoji };

function CategoryHeader({ category, ...props }: EmojiPickerListCategoryHeaderProps) {
  return (
    <div className="emoji-category" {...props}>
      {category.label}
    </div>
  );
}

function Row(props: EmojiPickerListRowProps) {
  return <div className="emoji-row" {...props} />;
}

function Emoji({ emoji, ...props }: EmojiPickerListEmojiProps) {
  return (
    <button type="button" className="emoji-cell" {...props} title={emoji.label}>
      {emoji.emoji}
    </button>
  );
}

interface TonesProps {
  variations: readonly { skinTone: SkinTone; emoji: string }[];
  tone: SkinTone;
  onChange: (tone: SkinTone) => void;
}

/** One button that goes through the tones: six choices need no menu. */
function Tones({ variations, tone, onChange }: TonesProps) {
  const index = variations.findIndex((variation) => variation.skinTone === tone);
  const next = variations[(index + 1) % variations.length];
  const name = tone === 'none' ? 'default' : tone.replace('-', ' ');
  return (
    <button type="button" className="icon-button emoji-tone" aria-label={`Skin tone: ${name}. Change`} title="Skin tone" onClick={() => next && onChange(next.skinTone)}>
      {variations[index]?.emoji ?? '✋'}
    </button>
  );
}

function columnsThatFit(): number {
  const cell = isTouch() ? TOUCH_CELL_PX : CELL_PX;
  return Math.min(MOST_COLUMNS, Math.max(1, Math.floor((window.innerWidth - BESIDE_PX) / cell)));
}
