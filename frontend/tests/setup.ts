/** Before each file of tests: what a test waits for on a page may take as long as what it waits for elsewhere. */

import { UNTIL_MS } from './server/until';

if (typeof document !== 'undefined') {
  const { configure } = await import('@testing-library/react');
  configure({ asyncUtilTimeout: UNTIL_MS });
}
