/** The demo's way in: choose who to be. People stand under their companies, buyers before sellers. */

import { ArrowRight } from 'lucide-react';
import { useState } from 'react';

import { personName, toMessagingError, type Profile } from '../../client';
import { countryName, roleName } from '../format';
import { Avatar } from '../parts/Avatar';
import { Brand } from '../parts/Brand';
import { session } from './session';

interface Company {
  name: string;
  country: string | null;
  people: Profile[];
}

export function PeoplePicker({ people }: { people: Profile[] }) {
  const [entering, setEntering] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const enter = async (userId: string) => {
    setEntering(userId);
    setError(null);
    try {
      await session.enter(userId);
    } catch (failure) {
      setEntering(null);
      setError(toMessagingError(failure).message);
    }
  };
  return (
    <main className="picker">
      <header className="picker-head">
        <Brand />
        <h1>Who would you like to be?</h1>
        <p>
          This is a demo market. Choose a person to see their messages, then open a second tab as somebody else and talk
          with yourself.
        </p>
      </header>
      {error !== null && (
        <p className="picker-error" role="alert">
          {error}
        </p>
      )}
      <div className="picker-companies">
        {companiesOf(people).map((company) => (
          <section key={company.name} className="picker-company" aria-label={company.name}>
            <h2>
              {company.name}
              {company.country !== null && <span>{countryName(company.country)}</span>}
            </h2>
            <ul>
              {company.people.map((person) => (
                <li key={person.id}>
                  <button type="button" className="picker-person" disabled={entering !== null} onClick={() => void enter(person.id)}>
                    <Avatar id={person.id} name={personName(person)} url={person.avatarUrl} size="l" />
                    <span className="picker-words">
                      <span className="picker-name">{personName(person)}</span>
                      <span className="picker-role">{roleName(person.role)}</span>
                    </span>
                    <ArrowRight size={18} strokeWidth={1.75} aria-hidden="true" />
                  </button>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </main>
  );
}

const ROLE_ORDER = ['BUYER', 'SELLER', 'ADMIN'];

function companiesOf(people: Profile[]): Company[] {
  const companies = new Map<string, Company>();
  for (const person of people) {
    const name = person.companyName ?? 'Independent';
    const company = companies.get(name) ?? { name, country: person.country, people: [] };
    company.people.push(person);
    companies.set(name, company);
  }
  const rank = (company: Company) => Math.min(...company.people.map((person) => ROLE_ORDER.indexOf(person.role ?? 'ADMIN')));
  return [...companies.values()].sort((a, b) => rank(a) - rank(b));
}
