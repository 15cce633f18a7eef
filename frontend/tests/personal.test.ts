/** How one keeps conversations: in the state, in the list, and over real sockets. */

import { describe, expect, test } from 'vitest';

import { apply, initialState, isMuted, isUnread, listConversations, listSubjects, type Conversation, type State, type StateEvent } from '../src/client';
import { catchup, conversation, ME, message, NOTHING_PERSONAL, read } from './make';
import { backend, clientOf, inView, ready } from './server/rig';
import { until } from './server/until';
import { Refusal } from './server/world';

const AT = '2026-01-02T00:00:00.000Z';

function after(...events: StateEvent[]): State {
  return events.reduce(apply, initialState(ME));
}

function known(more: Partial<Conversation> = {}): StateEvent {
  return { type: 'conversation_loaded', conversation: conversation(more) };
}

function personalOf(state: State) {
  return state.conversations['c']?.personal;
}

describe('a wish', () => {
  const pin: StateEvent = { type: 'keeping', conversationId: 'c', token: 't1', at: AT, change: { pinned: true } };

  test('shows at once, and stays when it is granted', () => {
    const wished = after(known(), pin);
    expect(personalOf(wished)?.pinnedAt).toBe(AT);
    const granted = apply(wished, { type: 'kept', conversationId: 'c', token: 't1', personal: { ...NOTHING_PERSONAL, pinnedAt: '2026-01-03T00:00:00.000Z' } });
    expect(personalOf(granted)?.pinnedAt).toBe('2026-01-03T00:00:00.000Z');
    expect(granted.keeping).toEqual({});
  });

  test('that is refused takes back itself and nothing else', () => {
    const mute: StateEvent = { type: 'keeping', conversationId: 'c', token: 't2', at: AT, change: { mutedUntil: AT } };
    const state = after(known(), pin, mute, { type: 'kept', conversationId: 'c', token: 't1', personal: null });
    expect(personalOf(state)).toEqual({ ...NOTHING_PERSONAL, mutedUntil: AT });
  });

  test('lies over what the server tells meanwhile', () => {
    const told: StateEvent = { type: 'personal_changed', payload: { conversationId: 'c', personal: { ...NOTHING_PERSONAL, archived: true } } };
    const state = after(known(), pin, told, known({ seq: 3, personal: { ...NOTHING_PERSONAL, archived: true } }));
    expect(personalOf(state)).toMatchObject({ pinnedAt: AT, archived: true });
    expect(personalOf(apply(state, { type: 'kept', conversationId: 'c', token: 't1', personal: null }))).toEqual({ ...NOTHING_PERSONAL, archived: true });
  });
});

describe('what follows by itself', () => {
  test('a new message takes the conversation out of the archive', () => {
    const state = after(known({ personal: { ...NOTHING_PERSONAL, archived: true } }), { type: 'message_received', payload: message(1) });
    expect(personalOf(state)?.archived).toBe(false);
  });

  test('reading ends the being marked as unread, here and from another device', () => {
    const marked = known({ seq: 2, personal: { ...NOTHING_PERSONAL, markedUnread: true } });
    expect(personalOf(after(marked, { type: 'read', conversationId: 'c', seq: 2 }))?.markedUnread).toBe(false);
    expect(personalOf(after(marked, { type: 'message_read', payload: read(ME, 2, { unread: 0, totalUnread: 0 }) }))?.markedUnread).toBe(false);
    expect(personalOf(after(marked, { type: 'message_read', payload: read('you', 2) }))?.markedUnread).toBe(true);
  });

  test('a catch-up tells how it is kept now', () => {
    const state = after(known(), { type: 'caught_up', conversationId: 'c', after: 0, catchup: catchup({ personal: { ...NOTHING_PERSONAL, pinnedAt: AT } }) });
    expect(personalOf(state)?.pinnedAt).toBe(AT);
  });
});

describe('the list', () => {
  const of = (id: string, day: number, more: Partial<Conversation> = {}) => conversation({ id, updatedAt: `2026-01-0${String(day)}T00:00:00.000Z`, ...more });
  const kept = (more: object) => ({ personal: { ...NOTHING_PERSONAL, ...more } });
  const steel = { type: 'product', id: 'p1', title: 'Steel coil' };
  const held = [
    of('new', 5),
    of('old', 1, { unread: 2 }),
    of('pinned', 2, kept({ pinnedAt: AT })),
    of('archived', 4, { ...kept({ archived: true }), subject: steel }),
    of('marked', 3, { ...kept({ markedUnread: true }), subject: steel }),
  ];
  const state = { me: ME, conversations: Object.fromEntries(held.map((each) => [each.id, each])) };
  const ids = (filter: Parameters<typeof listConversations>[1]) => listConversations(state, filter).map(({ id }) => id);

  test('has the pinned ones first, then the newest, and the archived ones apart', () => {
    expect(ids({})).toEqual(['pinned', 'new', 'marked', 'old']);
    expect(ids({ archived: true })).toEqual(['archived']);
    expect(ids({ archived: null })).toEqual(['pinned', 'new', 'archived', 'marked', 'old']);
  });

  test('counts as unread what is marked so', () => {
    expect(ids({ unread: true })).toEqual(['marked', 'old']);
    expect(ids({ sort: 'unread' })).toEqual(['pinned', 'marked', 'old', 'new']);
    expect(held.filter(isUnread)).toHaveLength(2);
  });

  test('can be had of one subject', () => {
    expect(ids({ subject: steel })).toEqual(['marked']);
    expect(listSubjects(state)).toEqual([steel]);
  });

  test('muting ends by itself', () => {
    const muted = conversation(kept({ mutedUntil: AT }));
    expect(isMuted(muted, Date.parse(AT) - 1)).toBe(true);
    expect(isMuted(muted, Date.parse(AT))).toBe(false);
    expect(isMuted(conversation(), 0)).toBe(false);
  });
});

describe('over the network', () => {
  test('all devices of one person keep it alike, and nobody else hears of it', async () => {
    const id = backend.world.create(['ana', 'ben']);
    const [desk, phone, ben] = [clientOf('ana'), clientOf('ana'), clientOf('ben')];
    await Promise.all([ready(desk), ready(phone), ready(ben)]);
    const done = desk.setPersonal(id, { pinned: true, archived: true });
    expect(desk.store.get().conversations[id]?.personal.archived).toBe(true);
    await done;
    await until('on the phone', () => phone.store.get().conversations[id]?.personal.archived);
    expect(ben.store.get().conversations[id]?.personal).toEqual(NOTHING_PERSONAL);
  });

  test('a refusal is told and taken back', async () => {
    const id = backend.world.create(['ana', 'ben']);
    const ana = clientOf('ana');
    await ready(ana);
    backend.onCommand = (name) => {
      if (name === 'change_personal') throw new Refusal('invalid', 'no', 422);
      return 'answer';
    };
    const done = ana.setPersonal(id, { markedUnread: true });
    expect(ana.store.get().conversations[id]?.personal.markedUnread).toBe(true);
    await expect(done).rejects.toMatchObject({ code: 'invalid' });
    expect(ana.store.get().conversations[id]?.personal.markedUnread).toBe(false);
  });

  test('without an answer it is asked again', async () => {
    const id = backend.world.create(['ana', 'ben']);
    const ana = clientOf('ana');
    await ready(ana);
    let silent = 1;
    backend.onCommand = (name) => (name === 'change_personal' && silent-- > 0 ? 'ignore' : 'answer');
    await ana.setPersonal(id, { pinned: true });
    expect(backend.world.seen(id, 'ana').personal.pinnedAt).not.toBeNull();
  });

  test('looking at what is marked as unread ends that, though nothing is new', async () => {
    const id = backend.world.create(['ana', 'ben']);
    backend.world.send(id, 'ben', 'hello');
    backend.world.markRead(id, 'ana', 1);
    const ana = clientOf('ana');
    await ready(ana);
    await ana.setPersonal(id, { markedUnread: true });
    ana.markRead(id, 1);
    await until('told', () => !backend.world.seen(id, 'ana').personal.markedUnread);
    expect(ana.store.get().conversations[id]?.personal.markedUnread).toBe(false);
  });

  test('the archive is a list of its own, and a new message brings a conversation back', async () => {
    const id = backend.world.create(['ana', 'ben']);
    backend.world.send(id, 'ben', 'hello');
    backend.world.setPersonal(id, 'ana', { archived: true });
    const ana = clientOf('ana');
    await ready(ana);
    await ana.loadMoreConversations(true);
    const listed = (archived: boolean) => listConversations(ana.store.get(), { archived }).map((each) => each.id);
    expect(listed(true)).toEqual([id]);
    expect(ana.store.get().archive).toMatchObject({ status: 'loaded', cursor: null });
    await inView(ana, id, 'ana');
    backend.world.send(id, 'ben', 'still there?');
    await until('back', () => listed(false).includes(id));
  });
});
