import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { App } from './App';
import { session } from './session/session';
import { followVisibleHeight } from './viewport';
import './styles/index.css';

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no #root');

followVisibleHeight();
void session.start();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
