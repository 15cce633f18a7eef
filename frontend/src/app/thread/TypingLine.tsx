import { useTyping } from '../../react';
import { typingWords } from '../words';

/** Who is typing. Its place is always there, so nothing jumps. */
export function TypingLine({ id }: { id: string }) {
  const { typists } = useTyping(id);
  const words = typingWords(typists);
  return (
    <div className="typing-line">
      {words !== '' && (
        <span className="typing">
          <span className="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {words}
        </span>
      )}
    </div>
  );
}
