import { createContext } from 'react';

/** Begin a search in the open conversation. Given by the page to whatever stands around the thread. */
export const SearchHere = createContext<() => void>(() => undefined);
