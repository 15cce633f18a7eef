/** What one searched for lately, in this browser only. */

const MAX_RECENT = 8;

export function recentSearches(userId: string): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(userId)) ?? '[]');
    return Array.isArray(kept) ? kept.filter((each) => typeof each === 'string').slice(0, MAX_RECENT) : [];
  } catch {
    return [];
  }
}

export function rememberSearch(userId: string, q: string): void {
  const asked = q.trim();
  if (asked === '') return;
  keep(userId, [asked, ...recentSearches(userId).filter((each) => each !== asked)].slice(0, MAX_RECENT));
}

export function forgetSearches(userId: string): void {
  keep(userId, []);
}

function keep(userId: string, searches: readonly string[]): void {
  try {
    if (searches.length === 0) localStorage.removeItem(keyOf(userId));
    else localStorage.setItem(keyOf(userId), JSON.stringify(searches));
  } catch {
    // Then the next search starts from nothing.
  }
}

function keyOf(userId: string): string {
  return `stockent.searches.${userId}`;
}
