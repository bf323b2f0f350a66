/** The search over items: terms as Postgres stores them, and the question for them. */
import { queryTerms, searchTerms } from '@outcry/shared/domain/search-terms.ts';
import { sql } from './database.ts';

interface SearchedTexts {
  readonly title: string;
  readonly description?: string | null | undefined;
}

/** The terms of an item, one a line, for `array_to_tsvector(string_to_array(…, E'\n'))`. */
export const searchText = ({ title, description }: SearchedTexts): string =>
  searchTerms(title, description ?? '').join('\n');

/** Every word of the search is in the title or the description. */
export function itemsHave(search: string) {
  const query = queryTerms(search)
    .map(({ term, begins }) => `'${term.replaceAll(/['\\]/gu, '$&$&')}'${begins ? ':*' : ''}`)
    .join(' & ');
  // An empty question finds nothing.
  return sql`AND items.search @@ ${query}::text::tsquery`;
}
