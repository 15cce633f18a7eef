import { useTyping } from '../../react';

/** Who is typing. Its place is always there, so nothing jumps. */
export function TypingLine({ id }: { id: string }) {
  const { typists } = useTyping(id);
  const names = typists.map(({ name, userId }) => (name ?? userId).split(' ')[0] ?? '');
  return (
    <div className="typing-line">
      {names.length > 0 && (
        <span className="typing">
          <span className="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {names.length > 2 ? 'Several people are typing' : `${names.join(' and ')} ${names.length > 1 ? 'are' : 'is'} typing`}
        </span>
      )}
    </div>
  );
}
