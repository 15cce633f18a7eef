/** Saves a file: a plain link where the browser can ask for it, else what was fetched is handed to it. */

import { Download } from 'lucide-react';
import { use, useState, type MouseEvent } from 'react';

import { IconLink } from '../parts/Button';
import { notice } from '../parts/toasts';
import { SourcesContext } from './useSource';

interface Props {
  path: string;
  /** Harmless already. */
  name: string;
  label: string;
}

/** A browser may need its address a moment longer than the click. */
const REVOKE_MS = 10_000;

export function DownloadLink({ path, name, label }: Props) {
  const sources = use(SourcesContext);
  const [busy, setBusy] = useState(false);
  const fetched = async () => {
    setBusy(true);
    try {
      save(await sources.read(path, new AbortController().signal), name);
    } catch {
      notice('The file could not be downloaded', name);
    }
    setBusy(false);
  };
  const onClick = (event: MouseEvent) => {
    if (sources.direct) return;
    event.preventDefault();
    if (!busy) void fetched();
  };
  const href = path.startsWith('/') ? `${path}?download=true` : path;
  return <IconLink icon={Download} label={label} title="Download" href={href} download={name} aria-busy={busy} onClick={onClick} />;
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), REVOKE_MS);
}
