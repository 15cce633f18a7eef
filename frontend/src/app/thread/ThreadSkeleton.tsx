/** The shape of a thread before it is there; invisible for the first moment. */
export function ThreadSkeleton() {
  return (
    <div className="skeleton thread-skeleton" role="status" aria-label="Loading messages">
      {[62, 40, 28, 55, 34].map((width, index) => (
        <span key={width} className="skeleton-bubble" data-own={index % 3 === 2} style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}
