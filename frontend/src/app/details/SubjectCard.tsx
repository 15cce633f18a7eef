/** What the talk is about: picture, price, facts, and the way to its page. */

import { ExternalLink, Filter } from 'lucide-react';

import type { Subject } from '../../client';
import { factsOf, priceOf } from '../format';
import { SubjectPicture } from '../parts/SubjectPicture';
import { safeHref } from '../text/links';

export function SubjectCard({ subject, onShowAll }: { subject: Subject; onShowAll: () => void }) {
  const price = priceOf(subject);
  const facts = factsOf(subject);
  const page = safeHref(subject.url ?? '');
  return (
    <section className="details-part" aria-label="Subject">
      {subject.imageUrl && <SubjectPicture url={subject.imageUrl} large />}
      <h2 className="details-title">{subject.title}</h2>
      {price !== null && <p className="details-price">{price}</p>}
      {facts.length > 0 && (
        <dl className="facts">
          {facts.map(({ name, value }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      <div className="details-links">
        {page !== null && (
          <a className="details-link" href={page} target="_blank" rel="noopener noreferrer">
            <ExternalLink size={14} strokeWidth={1.75} aria-hidden="true" />
            Open product page
          </a>
        )}
        <button type="button" className="details-link" onClick={onShowAll}>
          <Filter size={14} strokeWidth={1.75} aria-hidden="true" />
          Show all about this
        </button>
      </div>
    </section>
  );
}
