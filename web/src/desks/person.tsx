import { DELETED_USER } from '@outcry/shared/domain/ids.ts';
import { searchPath } from './search.ts';

/** A user as the desk names one, with the way to all that is known of them. */
export function Person({ userId }: { readonly userId: string }) {
  if (userId === DELETED_USER) return <>a deleted account</>;
  return <a href={searchPath('user', userId)}>{userId}</a>;
}
