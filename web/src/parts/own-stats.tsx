import { useState } from 'preact/hooks';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { UserStats } from '@outcry/shared/contracts/history.ts';
import type { Problem } from '@outcry/shared/contracts/problems.ts';
import { isolated } from '../format/isolated.ts';
import { formatMoney } from '../format/money.ts';
import { readFailure } from '../format/refusals.ts';
import { whyNot } from '../state/problem-of.ts';
import { asUser } from '../state/session.ts';
import { Button } from './button.tsx';
import { Waiting } from './empty.tsx';
import { Form, TextField } from './form.tsx';
import { Panel } from './panel.tsx';

interface OwnStatsProps {
  readonly client: OutcryClient;
  readonly stats: UserStats | undefined;
  readonly problem: Problem | null;
  readonly onRenamed: () => void;
}

/** The user's own figures, and the name that others see on the leaderboard. */
export function OwnStats({ client, stats, problem, onRenamed }: OwnStatsProps) {
  return (
    <Panel title="Your figures" class="own-stats stack">
      {stats === undefined ? (
        <Waiting>
          {problem === null ? 'Reading …' : `${readFailure(problem)}. Tried again by itself.`}
        </Waiting>
      ) : (
        <>
          <dl class="figures-list" data-testid="own-stats">
            <Figure label="Bids" value={stats.bids.toLocaleString()} />
            <Figure label="Auctions entered" value={stats.auctionsEntered.toLocaleString()} />
            <Figure label="Won" value={stats.auctionsWon.toLocaleString()} />
            {stats.money.map(({ currency, totalSpent, highestBid }) => (
              <div key={currency} class="figures-wide">
                <dt>{currency}</dt>
                <dd>{formatMoney(totalSpent, currency)} spent</dd>
                {highestBid !== null && (
                  <dd class="hint">highest bid {formatMoney(highestBid, currency)}</dd>
                )}
              </div>
            ))}
          </dl>
          <NameForm client={client} name={stats.name} onRenamed={onRenamed} />
        </>
      )}
    </Panel>
  );
}

function Figure({ label, value }: { readonly label: string; readonly value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

interface NameFormProps {
  readonly client: OutcryClient;
  readonly name: string;
  readonly onRenamed: () => void;
}

function NameForm({ client, name, onRenamed }: NameFormProps) {
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  const [done, setDone] = useState('');

  const change = (typed: string): void => {
    setText(typed);
    setFault('');
    setDone('');
  };

  const choose = async (chosen: string | null): Promise<void> => {
    setBusy(true);
    try {
      await asUser(client, () => client.chooseName(chosen));
      change('');
      setDone(chosen === null ? 'No name is shown now.' : 'Your name is set.');
      onRenamed();
    } catch (error) {
      setFault(whyNot(error));
    } finally {
      setBusy(false);
    }
  };

  const submit = (): void => {
    if (text.trim() === '') setFault('Enter a name first.');
    else void choose(text.trim());
  };

  return (
    <Form class="stack" aria-label="Name on the leaderboard" onSubmit={submit}>
      <TextField
        label="Name on the leaderboard"
        hint={`Others see “${isolated(name)}”. In auctions you stay a number.`}
        fault={fault}
        value={text}
        dir="auto"
        placeholder={name}
        autoComplete="nickname"
        onValue={change}
      />
      <p class="hint" role="status">
        {done}
      </p>
      <div class="row">
        <Button look="primary" type="submit" disabled={busy}>
          Set name
        </Button>
        <Button disabled={busy} onClick={() => void choose(null)}>
          Show no name
        </Button>
      </div>
    </Form>
  );
}
