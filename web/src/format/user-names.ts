const MAX_CHARACTERS = 64;

/**
 * A user id from a name somebody typed: `Zoë  van Dijk!` becomes `Zoe-van-Dijk`.
 * @returns text that matches `[A-Za-z0-9_-]{1,64}`, or undefined when nothing usable is left
 */
export function userIdFromName(name: string): string | undefined {
  const id = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .trim()
    .replace(/[^A-Za-z0-9_-]+/gu, '-')
    .slice(0, MAX_CHARACTERS)
    .replace(/^-+|-+$/gu, '');
  return id === '' ? undefined : id;
}

/** The letter or two that stand for a user in a small round. */
export function initials(userId: string): string {
  const parts = userId.split(/[-_\s]+/u).filter((part) => part !== '');
  const letters = parts.length > 1 ? parts.slice(0, 2).map((part) => part.charAt(0)) : [];
  return (letters.join('') || userId.slice(0, 1)).toUpperCase();
}

/** A seller as buyers see one: by id, of one that a provider's user was given only its beginning. */
export const sellerName = (sellerId: string): string =>
  sellerId.replace(/^sub_(.{8}).{35}$/u, 'seller $1');
