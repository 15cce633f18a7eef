/** The shape of the list before it is there. It stays invisible for a moment, so that a quick answer does not flash. */
export function ListSkeleton() {
  return (
    <div className="skeleton" role="status" aria-label="Loading conversations">
      {Array.from({ length: 8 }, (_, index) => (
        <div key={index} className="skeleton-row">
          <span className="skeleton-face" />
          <span className="skeleton-lines">
            <span />
            <span />
          </span>
        </div>
      ))}
    </div>
  );
}
