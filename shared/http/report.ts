/** Reports: lists of rows as JSON or as CSV, streamed however long they are. */
import { csvText, type Table } from './csv.ts';
import { appendHeader, setHeader, type Exchange } from './exchange.ts';
import type { StreamedAnswer } from './route.ts';
import { arrayText, streamText } from './stream-text.ts';

/** Answers in the form that `Accept` asks for. @param name of the file, without its ending */
export function streamReport<Row extends { readonly currency: string }>(
  x: Exchange,
  name: string,
  table: Table<Row>,
  lists: AsyncIterable<readonly Row[]>,
): Promise<StreamedAnswer> {
  const isCsv = prefersCsv(x.incoming.headers.accept ?? '');
  appendHeader(x, 'vary', 'Accept');
  const file = `outcry-${name}.${isCsv ? 'csv' : 'json'}`;
  setHeader(x, 'content-disposition', `attachment; filename="${file}"`);
  return isCsv
    ? streamText(x, csvText(table, lists), 'text/csv; charset=utf-8; header=present')
    : streamText(x, reportJson(lists));
}

async function* reportJson(
  lists: AsyncIterable<readonly object[]>,
): AsyncGenerator<string, void, void> {
  yield* arrayText(lists);
  yield '\n';
}

/** Whether `Accept` names CSV, and JSON not as much. */
export function prefersCsv(accept: string): boolean {
  const weightOf = (type: string): number => {
    const range = accept.split(',').find((each) => each.split(';')[0]?.trim() === type);
    if (range === undefined) return 0;
    return Number(/;\s*q=([01](?:\.\d{0,3})?)/.exec(range)?.[1] ?? '1');
  };
  return weightOf('text/csv') > weightOf('application/json');
}
