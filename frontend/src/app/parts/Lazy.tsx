/** A part of the page that is fetched when it is first shown. A fetch that fails says so and can be tried again. */

import { useEffect, useState, type ComponentType, type ReactNode } from 'react';

import { Button } from './Button';

interface Frame {
  waiting: ReactNode;
  failed: string;
  className: string;
}

/** `load` must be a dynamic import; what it brought is kept for every later showing. */
export function lazyPart<P extends object>(load: () => Promise<{ default: ComponentType<P> }>, { waiting, failed, className }: Frame): ComponentType<P> {
  let loaded: ComponentType<P> | null = null;
  return function Lazy(props: P) {
    const [Part, setPart] = useState<ComponentType<P> | null>(() => loaded);
    const [broken, setBroken] = useState(false);
    const [turn, setTurn] = useState(0);
    useEffect(() => {
      if (loaded !== null) return undefined;
      let wanted = true;
      load().then(
        (module) => {
          loaded = module.default;
          if (wanted) setPart(() => module.default);
        },
        () => {
          if (wanted) setBroken(true);
        },
      );
      return () => {
        wanted = false;
      };
    }, [turn]);
    if (Part !== null) return <Part {...props} />;
    if (!broken) return <div className={className}>{waiting}</div>;
    return (
      <div className={`${className} lazy-failed`} role="alert">
        <p>{failed}</p>
        <Button
          onClick={() => {
            setBroken(false);
            setTurn(turn + 1);
          }}
        >
          Try again
        </Button>
      </div>
    );
  };
}
