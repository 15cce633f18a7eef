/** A whole page with one thing to say and one thing to do. */

import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

import { Brand } from '../parts/Brand';
import { EmptyState } from '../parts/EmptyState';

export function Gate({ icon, title, text, children }: { icon: LucideIcon; title: string; text: string; children: ReactNode }) {
  return (
    <main className="gate">
      <Brand />
      <EmptyState icon={icon} title={title} text={text} alone>
        {children}
      </EmptyState>
    </main>
  );
}
