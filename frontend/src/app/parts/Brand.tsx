/** The mark and the name. */
export function Brand() {
  return (
    <span className="brand">
      <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
        <rect width="24" height="24" rx="6" className="brand-tile" />
        <path className="brand-line" d="M6 8.5h8.5M6 12h12M9.500 15.500H18" />
      </svg>
      <span>StockENT</span>
    </span>
  );
}
