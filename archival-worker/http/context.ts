/** What travels with a request through the history API. */
export interface HistoryContext {
  Variables: { requestId: string };
}
