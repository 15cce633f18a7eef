// Before the first paint, so that a chosen theme does not flash: the page itself takes over from theme.ts.
try {
  const theme = localStorage.getItem('stockent.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // A browser that forbids storage follows the system.
}
