/** What an admin looks for, which is part of the address. */
import { ID_PATTERN } from '@outcry/shared/domain/ids.ts';
import { ADMIN_PATH } from '../routes.ts';
import type { Services } from '../state/services.ts';

export const SOUGHT = ['user', 'auction', 'bid', 'sale'] as const;
export type Sought = (typeof SOUGHT)[number];

/** Of the part of the page that shows what was found. */
export interface FoundProps {
  readonly services: Services;
  readonly id: string;
}

export const searchPath = (what: Sought, id: string): string => `${ADMIN_PATH}?${what}=${id}`;

/** @returns undefined where the address asks for nothing, or for no id */
export function soughtBy(
  query: URLSearchParams,
): { readonly what: Sought; readonly id: string } | undefined {
  for (const what of SOUGHT) {
    const id = query.get(what) ?? '';
    if (ID_PATTERN.test(id)) return { what, id };
  }
  return undefined;
}

/** An id as it was typed or pasted, maybe as the end of an address; undefined where it is none. */
export function typedId(text: string): string | undefined {
  const id = text.trim().replace(/\/$/u, '').split('/').at(-1) ?? '';
  return ID_PATTERN.test(id) ? id : undefined;
}
