/** Cursors say where a list goes on; clients hand them back unread. */

/** The cursor is not one that this service gave out. */
export class CursorError extends Error {
  override readonly name = 'CursorError';
}

export const cursorOf = (...parts: (string | number)[]): string =>
  Buffer.from(parts.join(':')).toString('base64url');

/**
 * The parts of a cursor of this form.
 * @throws CursorError
 */
export function cursorParts(cursor: string, form: RegExp): string[] {
  const match = form.exec(Buffer.from(cursor, 'base64url').toString());
  if (match === null) throw new CursorError('not a cursor of this list');
  return match.slice(1);
}

/** A page of what was read with one more than `limit`, which says whether more follow. */
export function pageOf<T>(
  found: readonly T[],
  limit: number,
  cursor: (last: T) => string,
): { readonly items: readonly T[]; readonly nextCursor: string | null } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const more = found.length > limit && last !== undefined;
  return { items, nextCursor: more ? cursor(last) : null };
}
