/** What the talk is about, in one line, where the details have no column of their own. */

import { ChevronRight } from 'lucide-react';

import type { Subject } from '../../client';
import { priceOf } from '../format';

export function SubjectStrip({ subject, onOpen }: { subject: Subject; onOpen: () => void }) {
  const price = priceOf(subject);
  return (
    <button type="button" className="strip" onClick={onOpen}>
      <span className="visually-hidden">Details of </span>
      <span className="strip-title">{subject.title}</span>
      {price !== null && <span className="strip-price">{price}</span>}
      <ChevronRight size={16} strokeWidth={1.75} aria-hidden="true" />
    </button>
  );
}
