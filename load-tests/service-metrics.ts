/** What services say of themselves at `/metrics`, in Prometheus's text format. */

const ANSWER_LIMIT_MS = 5_000;

/** @throws Error when the service does not answer 200 within 5 s */
export async function readMetrics(serviceUrl: string): Promise<string> {
  const url = `${serviceUrl}/metrics`;
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
  if (!response.ok) throw new Error(`${url} answers with status ${response.status}`);
  return response.text();
}

/**
 * One metric, all its label sets added up.
 *
 * @param name in full, such as `outcry_commands_total`
 * @param label only label sets with this text count, such as `result="OK"`
 * @returns 0 when there is none
 */
export function metricIn(metrics: string, name: string, label = ''): number {
  let sum = 0;
  for (const line of metrics.split('\n')) {
    const end = line.lastIndexOf(' ');
    const [its, labels = ''] = line.slice(0, end).split('{');
    if (its === name && labels.includes(label)) sum += Number(line.slice(end + 1));
  }
  return sum;
}
