/** What stands where there is nothing: why, and what to do next. */

import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

interface Props {
  icon: LucideIcon;
  title: string;
  text?: string;
  /** It is all that the page says, so its title is the page's. */
  alone?: boolean;
  children?: ReactNode;
}

export function EmptyState({ icon: Icon, title, text, alone = false, children }: Props) {
  const Title = alone ? 'h1' : 'h2';
  return (
    <div className="empty">
      <span className="empty-icon">
        <Icon size={22} strokeWidth={1.5} aria-hidden="true" />
      </span>
      <Title className="empty-title">{title}</Title>
      {text !== undefined && <p className="empty-text">{text}</p>}
      {children}
    </div>
  );
}
