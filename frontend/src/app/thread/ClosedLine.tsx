import { Lock } from 'lucide-react';

import { Button } from '../parts/Button';

/** In the composer's place while the conversation is closed. */
export function ClosedLine({ onReopen }: { onReopen: () => void }) {
  return (
    <div className="closed-line">
      <Lock size={16} strokeWidth={1.75} aria-hidden="true" />
      <span>This conversation is closed.</span>
      <Button onClick={onReopen}>Reopen</Button>
    </div>
  );
}
