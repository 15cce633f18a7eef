/** Sentences that several views tell, in the words of who reads them. Pure. */

import { personName, type Message, type Outgoing, type SystemNote, type Typist } from '../client';

/** So many names a sentence holds; the others are counted. */
const MAX_NAMED = 3;

interface Named {
  id: string;
  name: string | null;
}

export function firstName(person: { name: string | null; userId?: string; id?: string }): string {
  return personName(person).split(' ')[0] ?? '';
}

/** Who is typing or recording; empty for nobody. `named`: false where it is plain who. */
export function typingWords(typists: readonly Typist[], named = true): string {
  if (typists.length === 0) return '';
  const several = typists.length > 1;
  const recording = several ? 'recording voice messages' : 'recording a voice message';
  const doing = typists.every(({ activity }) => activity === 'recording') ? recording : 'typing';
  if (!named) return doing;
  const names = typists.map(firstName);
  const who = names.length > 2 ? `${names[0] ?? ''} and ${names.length - 1} others` : names.join(' and ');
  return `${who} ${several ? 'are' : 'is'} ${doing}`;
}

/** Why a message of mine is not gone yet, though nothing is wrong with it. */
export function waitingWords({ error, tab, attachments }: Pick<Outgoing, 'error' | 'tab' | 'attachments'>): string {
  if (error?.code === 'rate_limited') return 'That was a lot at once: it is sent in a moment';
  if (error !== null) return 'The server is busy: it is sent in a moment';
  if (tab !== null && attachments.some(({ attachment }) => attachment === null)) return 'Another tab is uploading its files';
  return 'Waiting to be sent';
}

/** What the server wrote into a group. A note of an event that this page does not know yet is told as the server told it. */
export function systemWords({ sender, system, content }: Message, me: string | null): string {
  const sentence = system === null ? null : sentenceOf(sender, system, me);
  return sentence === null ? content : `${sentence}.`;
}

function sentenceOf(actor: Named, { event, users, title }: SystemNote, me: string | null): string | null {
  const who = actor.id === me ? 'You' : personName(actor);
  const [first] = users;
  const youFirst = [...users].sort((a, b) => Number(b.id === me) - Number(a.id === me));
  const whom = listed(youFirst.map((user) => (user.id === me ? 'you' : personName(user))), MAX_NAMED);
  switch (event) {
    case 'added':
      return `${who} added ${whom}`;
    case 'removed':
      return `${who} removed ${whom}`;
    case 'left':
      return first === undefined ? `${who} left` : `${who} left. ${first.id === me ? 'You are' : `${personName(first)} is`} an owner now`;
    case 'made_owner':
      return `${who} made ${whom} an owner`;
    case 'made_member':
      return first?.id === actor.id ? `${who} ${actor.id === me ? 'are' : 'is'} no longer an owner` : `${who} made ${whom} a member`;
    case 'renamed':
      return title === null ? `${who} took the group’s name away` : `${who} named the group “${title}”`;
    case 'history_shown':
      return `${who} let people who are added see earlier messages`;
    case 'history_hidden':
      return `${who} ${actor.id === me ? 'keep' : 'keeps'} earlier messages from people who are added`;
    default:
      return null;
  }
}

/** “A, B and 2 others”. `count`: how many they are in all, where not everybody is in the list. */
export function listed(names: readonly string[], most: number, count = names.length): string {
  const said = names.length === count && count <= most ? [...names] : names.slice(0, most);
  const others = count - said.length;
  if (others > 0) said.push(`${others} ${others === 1 ? 'other' : 'others'}`);
  const last = said.pop() ?? '';
  return said.length === 0 ? last : `${said.join(', ')} and ${last}`;
}
