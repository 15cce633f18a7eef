/** Who takes part, whether they are there, and for owners of a group, what can be done with each. */

import { Crown, MoreHorizontal, UserMinus, UserPlus, UserRound } from 'lucide-react';
import { useMemo, useState } from 'react';

import { isOwner, personName, toMessagingError, type Conversation, type Participant, type Presence } from '../../client';
import { useClientState, usePresence, useSocket } from '../../react';
import { countryName, roleName } from '../format';
import { AddPeopleDialog } from '../groups/AddPeopleDialog';
import { PresenceDot } from '../list/PresenceDot';
import { Avatar } from '../parts/Avatar';
import { IconButton } from '../parts/Button';
import { Confirm } from '../parts/Dialog';
import { Menu, MenuItem } from '../parts/Menu';
import { notice } from '../parts/toasts';
import { presenceWords } from '../presence';
import { Act } from './Keeping';

/** As many as a group may have. */
const MAX_WATCHED = 100;

interface Props {
  conversation: Conversation;
  me: string | null;
  now: Date;
}

export function People({ conversation, me, now }: Props) {
  const { participants, kind } = conversation;
  const sorted = useMemo(() => inOrder(participants, me), [participants, me]);
  const presence = usePresence(useMemo(() => sorted.filter(({ userId }) => userId !== me).slice(0, MAX_WATCHED).map(({ userId }) => userId), [sorted, me]));
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Participant | null>(null);
  const most = useClientState((state) => state.limits?.maxParticipants ?? MAX_WATCHED);
  const client = useSocket();
  const rules = kind === 'GROUP' && isOwner(conversation, me);
  const remove = (person: Participant) => {
    client.groups.remove(conversation.id, person.userId).catch((error: unknown) => {
      notice(`${personName(person)} could not be removed`, toMessagingError(error).message);
    });
  };
  return (
    <section className="details-part" aria-label="Participants">
      <h2 className="details-heading">{kind === 'GROUP' ? `${participants.length} participants` : 'Participants'}</h2>
      {rules && participants.length < most && (
        <Act icon={UserPlus} onClick={() => setAdding(true)}>
          Add people
        </Act>
      )}
      <ul className="people">
        {sorted.map((person) => (
          <PersonLine key={person.userId} person={person} conversation={conversation} me={me} presence={presence[person.userId]} now={now} onRemove={rules ? setRemoving : null} />
        ))}
      </ul>
      {adding && <AddPeopleDialog conversation={conversation} onClose={() => setAdding(false)} />}
      {removing && (
        <Confirm
          title={`Remove ${personName(removing)}?`}
          text="They hear nothing of the group from then on and see nothing of it any more. What they wrote stays."
          action="Remove"
          onClose={() => setRemoving(null)}
          onConfirm={() => remove(removing)}
        />
      )}
    </section>
  );
}

interface LineProps extends Props {
  person: Participant;
  presence: Presence | undefined;
  /** Null for those who may not. */
  onRemove: ((person: Participant) => void) | null;
}

function PersonLine({ person, conversation, me, presence, now, onRemove }: LineProps) {
  const name = personName(person);
  const there = presenceWords(presence, now);
  const group = conversation.kind === 'GROUP';
  const country = countryName(person.country);
  return (
    <li className="person">
      <span className="picture">
        <Avatar id={person.userId} name={name} url={person.avatarUrl} size="m" />
        <PresenceDot status={presence?.status} />
      </span>
      <span className="person-words">
        <span className="person-line">
          <span className="person-name">
            {name}
            {person.userId === me && <span className="person-you"> (you)</span>}
          </span>
          {person.role !== null && <span className="tag">{roleName(person.role)}</span>}
          {group && person.groupRole === 'OWNER' && <span className="tag tag-owner">Owner</span>}
        </span>
        <span className="person-about">{[person.companyName, country].filter(Boolean).join(' · ')}</span>
        {there !== null && <span className="person-there">{there}</span>}
      </span>
      {onRemove && <PersonMenu person={person} conversation={conversation} me={me} onRemove={onRemove} />}
    </li>
  );
}

function PersonMenu({ person, conversation, me, onRemove }: Pick<LineProps, 'person' | 'conversation' | 'me'> & { onRemove: (person: Participant) => void }) {
  const client = useSocket();
  const owner = person.groupRole === 'OWNER';
  const name = personName(person);
  const last = owner && conversation.participants.filter(({ groupRole }) => groupRole === 'OWNER').length === 1;
  const setRole = () => {
    client.groups.setRole(conversation.id, person.userId, owner ? 'MEMBER' : 'OWNER').catch((error: unknown) => {
      notice(`The role of ${name} could not be changed`, toMessagingError(error).message);
    });
  };
  const self = person.userId === me;
  if (self && last) return null;
  return (
    <Menu label={name} trigger={<IconButton icon={MoreHorizontal} label={`What to do with ${name}`} />}>
      {!last && (
        <MenuItem icon={owner ? UserRound : Crown} onSelect={setRole}>
          {self ? 'Stop being an owner' : owner ? 'Make a member' : 'Make an owner'}
        </MenuItem>
      )}
      {!self && (
        <MenuItem icon={UserMinus} danger onSelect={() => onRemove(person)}>
          Remove from the group
        </MenuItem>
      )}
    </Menu>
  );
}

/** Owners first, then by name; oneself last. */
function inOrder(participants: readonly Participant[], me: string | null): Participant[] {
  const rank = ({ userId, groupRole }: Participant) => (userId === me ? 2 : groupRole === 'OWNER' ? 0 : 1);
  return [...participants].sort((a, b) => rank(a) - rank(b) || personName(a).localeCompare(personName(b)));
}
