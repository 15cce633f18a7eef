/** The files in a paste, a drop or a choice, and what can be shown of one before it is sent. */

/** True while something is dragged that holds files. */
export function hasFiles(transfer: DataTransfer | null): boolean {
  return transfer?.types.includes('Files') ?? false;
}

/** Folders are left out: a browser gives them as a file that cannot be read. */
export function droppedFiles(transfer: DataTransfer): File[] {
  return [...transfer.items]
    .filter((item) => item.kind === 'file' && item.webkitGetAsEntry()?.isDirectory !== true)
    .flatMap((item) => item.getAsFile() ?? []);
}

/**
 * None when there is text too: office programs put a picture of what was copied beside its words, and the words are
 * meant. A picture without a name of its own is named by the time.
 */
export function pastedFiles(transfer: DataTransfer | null, now: Date): File[] {
  if (transfer === null || transfer.types.includes('text/plain')) return [];
  const files = [...transfer.files];
  return files.map((file, index) => (isNameless(file) ? named(file, now, files.length > 1 ? index + 1 : null) : file));
}

/** Browsers call every picture of the clipboard so. */
function isNameless({ name }: File): boolean {
  return /^(image\.\w+)?$/.test(name);
}

function named(file: File, now: Date, number: number | null): File {
  const [day = '', time = ''] = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().split('T');
  const ending = file.type.split('/')[1]?.replace(/\+.*/, '') ?? 'bin';
  const name = `Pasted ${day} ${time.slice(0, 8).replaceAll(':', '.')}${number === null ? '' : ` ${number}`}.${ending}`;
  return new File([file], name, { type: file.type, lastModified: file.lastModified });
}

const SHOWN = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp'];

/** A picture that every browser draws, and only as a picture. */
export function isPicture({ type }: Blob): boolean {
  return SHOWN.includes(type);
}
