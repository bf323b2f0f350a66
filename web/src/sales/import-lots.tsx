import { useState } from 'preact/hooks';
import { newIdempotencyKey } from '@outcry/client/http-transport.ts';
import type { SaleView } from '@outcry/shared/contracts/sales.ts';
import { deskRefusalWords } from '../desks/commands.ts';
import { formatMoney } from '../format/money.ts';
import { Button } from '../parts/button.tsx';
import { FormField } from '../parts/form.tsx';
import { NoticeText } from '../parts/notice-text.tsx';
import { serverNow } from '../state/clock.ts';
import type { Notice } from '../state/command-sender.ts';
import { problemOf } from '../state/problem-of.ts';
import type { Services } from '../state/services.ts';
import { asUser } from '../state/session.ts';
import { sha256 } from '../state/sha256.ts';
import type { LineFault, ListedLot, LotListReading } from './lot-list.ts';

const MAX_BYTES = 2_000_000;
const SHOWN_LOTS = 5;

interface ImportLotsProps {
  readonly services: Services;
  readonly sale: SaleView;
  readonly onAdded: () => void;
}

interface Chosen {
  readonly reading: LotListReading;
  /** The same for the same file, so that what was added of it before is not added again. */
  readonly key: string;
}

/** Adds the lots of a file, one after the other, once the whole file is right. */
export function ImportLots({ services: { client }, sale, onAdded }: ImportLotsProps) {
  const [chosen, setChosen] = useState<Chosen>();
  const [added, setAdded] = useState<number>();
  const [notice, setNotice] = useState<Notice | null>(null);
  const choose = async (file: File | undefined): Promise<void> => {
    setChosen(undefined);
    setNotice(null);
    if (file === undefined) return;
    if (file.size > MAX_BYTES) {
      setNotice({ tone: 'bad', title: 'The file is too large', advice: 'At most 2 MB are read.' });
      return;
    }
    const text = await file.text();
    const { readLotList } = await import('./lot-list.ts');
    setChosen({ reading: readLotList(text, sale, serverNow()), key: await keyOf(sale.id, text) });
  };
  const add = async (lots: readonly ListedLot[], key: string): Promise<void> => {
    setNotice(null);
    let line = 0;
    try {
      for (const [nth, listed] of lots.entries()) {
        setAdded(nth);
        ({ line } = listed);
        const { line: _line, ...terms } = listed;
        const options = { idempotencyKey: `${key}-${line}` };
        await asUser(client, () => client.createAuction({ saleId: sale.id, ...terms }, options));
      }
      setNotice({
        tone: 'good',
        title: 'Added',
        advice: `All ${lots.length} lots are in the sale.`,
      });
    } catch (error) {
      const { title, advice } = deskRefusalWords(problemOf(error));
      setNotice({
        tone: 'bad',
        title: `Stopped at line ${line}: ${title}`,
        advice: `${advice} Add the lots again to go on: those that are there are not added twice.`,
      });
    }
    setAdded(undefined);
    onAdded();
  };
  const lots = chosen?.reading.ok === true ? chosen.reading.lots : undefined;
  return (
    <div class="stack">
      <FormField
        label="CSV file"
        hint="Columns: title, startPrice, and if you like description, imageUrl, reservePrice, buyNowPrice, lot."
        control={(tied) => (
          <input
            {...tied}
            type="file"
            accept=".csv,text/csv"
            disabled={added !== undefined}
            onChange={({ currentTarget }) => void choose(currentTarget.files?.[0])}
          />
        )}
      />
      {chosen?.reading.ok === false && <Faults faults={chosen.reading.faults} />}
      {lots !== undefined && chosen !== undefined && (
        <>
          <Preview lots={lots} currency={sale.currency} />
          {added !== undefined && (
            <progress max={lots.length} value={added} aria-label="Lots added" />
          )}
          {notice?.tone !== 'good' && (
            <div class="row">
              <Button disabled={added !== undefined} onClick={() => void add(lots, chosen.key)}>
                {added === undefined
                  ? `Add ${lots.length} ${lots.length === 1 ? 'lot' : 'lots'}`
                  : `Adding ${added + 1} of ${lots.length} …`}
              </Button>
            </div>
          )}
        </>
      )}
      <NoticeText notice={notice} />
    </div>
  );
}

function Faults({ faults }: { readonly faults: readonly LineFault[] }) {
  return (
    <div role="alert" data-testid="lot-faults">
      <p>Nothing was added. Correct the file and choose it again:</p>
      <ul class="lot-faults">
        {faults.map(({ line, message }) => (
          <li key={`${line} ${message}`}>
            Line {line}: {message}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Preview({
  lots,
  currency,
}: {
  readonly lots: readonly ListedLot[];
  readonly currency: string;
}) {
  return (
    <div data-testid="lot-preview">
      <p>{lots.length === 1 ? 'One lot:' : `${lots.length} lots:`}</p>
      <ul class="lot-faults">
        {lots.slice(0, SHOWN_LOTS).map(({ line, lot, item, startPrice }) => (
          <li key={line}>
            {lot === undefined ? '' : `Lot ${lot}: `}
            {item.title}, from {formatMoney(startPrice, currency)}
          </li>
        ))}
        {lots.length > SHOWN_LOTS && <li>and {lots.length - SHOWN_LOTS} more</li>}
      </ul>
    </div>
  );
}

/** Begins the idempotency keys of a file's lots. */
const keyOf = async (saleId: string, text: string): Promise<string> =>
  isSecureContext ? sha256(`${saleId}\n${text}`) : newIdempotencyKey();
