/** Which addresses may be followed, and where one stands in a text. Everything else stays text. */

const PROTOCOLS = new Set(['http:', 'https:', 'mailto:']);
export const MAX_ADDRESS_CHARS = 2_048;
const MAX_LABEL_CHARS = 500;
const MAX_LOCAL_PART_CHARS = 64;

/** Controls, and marks without a shape of their own, hide what an address is. URL parsers drop tabs: `JaVa\tScript:`. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zs}\p{Zl}\p{Zp}]/u;
const CREDENTIALS = /^https?:\/\/[^/?#]*@/i;

/** The address as a browser would follow it, or null. Names and passwords in it serve only to deceive. */
export function safeHref(raw: string): string | null {
  if (raw.length > MAX_ADDRESS_CHARS || HIDDEN.test(raw) || CREDENTIALS.test(raw) || !URL.canParse(raw)) return null;
  const url = new URL(raw);
  return PROTOCOLS.has(url.protocol) ? url.href : null;
}

export interface Found {
  end: number;
  text: string;
  /** Null for what looks like an address and is none: it is passed over as a whole. */
  href: string | null;
}

const BARE = /(?:https?:\/\/|mailto:)[^\s<>"'`[\]\p{Cc}\p{Cf}\u3000-\u303f\uff00-\uffef]+/iuy;

export function bareAddress(text: string, at: number): Found | null {
  BARE.lastIndex = at;
  const run = BARE.exec(text)?.[0];
  if (run === undefined) return null;
  const address = trimmed(run);
  return { end: at + address.length, text: address, href: safeHref(address) };
}

const TRAILING = new Set('.,:;!?*~…}');

/** Without what ends the sentence. A bracket stays if it was opened inside, as in an encyclopaedia's addresses. */
function trimmed(run: string): string {
  let open = 0;
  for (const char of run) open += char === '(' ? 1 : char === ')' ? -1 : 0;
  let end = run.length;
  for (;;) {
    const last = run[end - 1] ?? '';
    if (last === ')' && open < 0) open += 1;
    else if (!TRAILING.has(last)) return run.slice(0, end);
    end -= 1;
  }
}

const LABELLED = new RegExp(`\\[([^[\\]\\n]{1,${MAX_LABEL_CHARS}})\\]\\(((?:[^\\s()[\\]<>]|\\([^\\s()[\\]<>]*\\))+)\\)`, 'y');
const LOOKS_LIKE_ADDRESS = /^\s*(?:[a-z][a-z\d+.-]*:\/\/|www\.)|^\s*[\p{L}\d-]+(?:\.[\p{L}\d-]+)+(?:[/:?#]\S*)?\s*$/iu;

/** `[label](address)` at `at`. Neither part holds a square bracket, so all attempts together read a text once. */
export function labelledAddress(text: string, at: number): { end: number; label: string; href: string } | null {
  LABELLED.lastIndex = at;
  const match = LABELLED.exec(text);
  const [whole, label = '', address = ''] = match ?? [];
  const href = safeHref(address);
  if (whole === undefined || href === null || label.trim() === '' || deceives(label, href)) return null;
  return { end: at + whole.length, label, href };
}

const FILE_NAME = /\.(?:pdf|docx?|xlsx?|pptx?|csv|txt|png|jpe?g|gif|svg|html?|md)\s*$/i;

/** A label that is itself an address of somewhere else. A file's name is none. */
export function deceives(label: string, href: string): boolean {
  if (!LOOKS_LIKE_ADDRESS.test(label) || (FILE_NAME.test(label) && !label.includes('/'))) return false;
  const named = label.trim();
  const claimed = named.includes('://') ? named : `https://${named}`;
  return !URL.canParse(claimed) || new URL(claimed).host.replace(/^www\./, '') !== new URL(href).host.replace(/^www\./, '');
}

const LOCAL_PART = /[\p{L}\d](?:[\p{L}\d.+_-]*)$/u;
const DOMAIN = /@(?:[\p{L}\d](?:[\p{L}\d-]{0,61}[\p{L}\d])?\.){1,8}\p{L}{2,24}(?![\p{L}\d_@-])/uy;

/** A mail address whose `@` is at `at` and whose first part does not begin before `from`. */
export function mailAddress(text: string, from: number, at: number): (Found & { start: number }) | null {
  DOMAIN.lastIndex = at;
  const domain = DOMAIN.exec(text)?.[0];
  if (domain === undefined) return null;
  const local = LOCAL_PART.exec(text.slice(Math.max(from, at - MAX_LOCAL_PART_CHARS), at))?.[0];
  if (local === undefined) return null;
  const address = local + domain;
  return { start: at - local.length, end: at + domain.length, text: address, href: safeHref(`mailto:${address}`) };
}
