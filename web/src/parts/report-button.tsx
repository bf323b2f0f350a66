import { useEffect, useState } from 'preact/hooks';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { whyNot } from '../state/problem-of.ts';
import { saveFile } from '../state/save-file.ts';
import { asUser } from '../state/session.ts';
import { Button } from './button.tsx';

interface ReportButtonProps {
  readonly client: OutcryClient;
  readonly of: Parameters<OutcryClient['report']>[0];
  /** Completes "Download … as CSV". */
  readonly what: string;
  /** Rows that are expected, where that is known. */
  readonly rows?: number | undefined;
}

const LINE_FEED = 10;

/** Downloads a report as a file, and shows how far it is. */
export function ReportButton({ client, of, what, rows }: ReportButtonProps) {
  const [stop, setStop] = useState<AbortController | null>(null);
  const [done, setDone] = useState(0);
  const [fault, setFault] = useState('');
  useEffect(() => () => stop?.abort(), [stop]);
  const download = async (): Promise<void> => {
    const stopping = new AbortController();
    setStop(stopping);
    setDone(0);
    setFault('');
    try {
      const pieces = await asUser(client, async () => {
        const read: Uint8Array<ArrayBuffer>[] = [];
        let lines = 0;
        for await (const piece of client.report(of, { signal: stopping.signal })) {
          read.push(new Uint8Array(piece));
          lines += piece.filter((byte) => byte === LINE_FEED).length;
          setDone(lines);
        }
        return read;
      });
      saveFile(new Blob(pieces, { type: 'text/csv' }), `outcry-${what.replaceAll(' ', '-')}.csv`);
    } catch (error) {
      if (!stopping.signal.aborted) setFault(whyNot(error));
    }
    setStop(null);
  };
  return (
    <div class="report bar">
      <Button look="quiet" onClick={() => (stop === null ? void download() : stop.abort())}>
        {stop === null ? `Download ${what} as CSV` : 'Stop downloading'}
      </Button>
      {stop !== null && (
        <>
          <progress aria-label={`Download of ${what}`} max={rows} value={rows && done} />
          <small>{done.toLocaleString()} rows</small>
        </>
      )}
      <span role="status">{fault}</span>
    </div>
  );
}
