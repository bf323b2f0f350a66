/** How long a browser has to begin with a download. */
const SAVE_LIMIT_MS = 10_000;

/** Has the browser save a file, as after a click on a link to it. */
export function saveFile(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), SAVE_LIMIT_MS);
}
