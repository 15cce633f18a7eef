/** What happened in a group, told to its reader: "Ana added you", where the server's sentence names everybody. */

import { personName, type Message, type QuotedSender } from '../../client';

/** A list names so many, and counts the others. */
const MAX_NAMED = 3;

export function systemWords({ system, sender, content }: Message, me: string | null): string {
  if (system === null) return content;
  const mine = sender.id === me;
  const who = mine ? 'You' : personName(sender);
  const [person] = system.users;
  const whom = person === undefined ? 'somebody' : named(person, me);
  switch (system.event) {
    case 'added':
      return `${who} added ${listed(system.users, me)}`;
    case 'removed':
      return `${who} removed ${whom}`;
    case 'left':
      return person === undefined ? `${who} left` : `${who} left; ${person.id === me ? 'you are' : `${whom} is`} an owner now`;
    case 'made_owner':
      return `${who} made ${whom} an owner`;
    case 'made_member':
      if (person?.id === sender.id) return mine ? 'You are no longer an owner' : `${who} is no longer an owner`;
      return `${who} made ${whom} a member`;
    case 'renamed':
      return system.title === null ? `${who} took the group’s name away` : `${who} named the group “${system.title}”`;
    case 'history_shown':
      return `${who} let people who are added see earlier messages`;
    case 'history_hidden':
      return `${who} ${mine ? 'keep' : 'keeps'} earlier messages from people who are added`;
  }
}

/** Oneself comes first. */
function listed(people: readonly QuotedSender[], me: string | null): string {
  const sorted = [...people].sort((a, b) => Number(b.id === me) - Number(a.id === me));
  const names = sorted.slice(0, MAX_NAMED).map((person) => named(person, me));
  const others = people.length - names.length;
  if (others > 0) names.push(`${others} ${others === 1 ? 'other' : 'others'}`);
  const last = names.pop() ?? 'nobody';
  return names.length === 0 ? last : `${names.join(', ')} and ${last}`;
}

function named(person: QuotedSender, me: string | null): string {
  return person.id === me ? 'you' : personName(person);
}
