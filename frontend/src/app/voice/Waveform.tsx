/** The line of a recording in bars, twice: what was played lies over the whole. How far is the variable `--played`. */

import { useMemo } from 'react';

import { folded } from './levels';

/** More cannot be told apart in the width of a message. */
const BARS = 44;
const HEIGHT = 100;
/** Silence is a row of dots. */
const LEAST = 4;

export function Waveform({ values }: { values: readonly number[] }) {
  const path = useMemo(() => pathOf(folded(values.length === 0 ? [0] : values, BARS)), [values]);
  return (
    <span className="waveform" aria-hidden="true">
      <svg viewBox={`0 0 ${BARS} ${HEIGHT}`} preserveAspectRatio="none">
        <path d={path} />
      </svg>
      <svg viewBox={`0 0 ${BARS} ${HEIGHT}`} preserveAspectRatio="none" className="waveform-played">
        <path d={path} />
      </svg>
    </span>
  );
}

function pathOf(bars: readonly number[]): string {
  return bars
    .map((value, index) => {
      const half = Math.max(LEAST, Math.min(HEIGHT, value) * 0.9) / 2;
      return `M${index + 0.5} ${HEIGHT / 2 - half}V${HEIGHT / 2 + half}`;
    })
    .join('');
}
