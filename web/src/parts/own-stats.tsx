import { useId, useState } from 'preact/hooks';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { UserStats } from '@outcry/shared/contracts/history.ts';
import type { Problem } from '@outcry/shared/contracts/problems.ts';
import { formatMoney } from '../format/money.ts';
import { readFailure, refusalWords } from '../format/refusals.ts';
import { problemOf } from '../state/problem-of.ts';
import { asUser } from '../state/session.ts';

interface OwnStatsProps {
  readonly client: OutcryClient;
  readonly stats: UserStats | undefined;
  readonly problem: Problem | null;
  readonly onRenamed: () => void;
}

/** The user's own figures, and the name that others see on the leaderboard. */
export function OwnStats({ client, stats, problem, onRenamed }: OwnStatsProps) {
  return (
    <section class="panel own-stats" aria-label="Your figures">
      <h2>Your figures</h2>
      {stats === undefined ? (
        <p class="muted" role="status">
          {problem === null ? 'Reading …' : `${readFailure(problem)}. Tried again by itself.`}
        </p>
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
    </section>
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
  const [said, setSaid] = useState<{ readonly bad: boolean; readonly text: string }>();
  const fieldId = useId();
  const hintId = useId();

  const choose = async (chosen: string | null): Promise<void> => {
    setBusy(true);
    try {
      await asUser(client, () => client.chooseName(chosen));
      setSaid({ bad: false, text: chosen === null ? 'Your name is off.' : 'Your name is set.' });
      setText('');
      onRenamed();
    } catch (error) {
      const { title, advice } = refusalWords(problemOf(error));
      setSaid({ bad: true, text: `${title}. ${advice}` });
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      class="stack"
      noValidate
      aria-label="Name on the leaderboard"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() === '') setSaid({ bad: true, text: 'Enter a name first.' });
        else void choose(text.trim());
      }}
    >
      <div class="field">
        <label for={fieldId}>Name on the leaderboard</label>
        <input
          id={fieldId}
          class="input"
          value={text}
          maxLength={40}
          placeholder={name}
          autoComplete="nickname"
          aria-describedby={hintId}
          aria-invalid={said?.bad === true}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setSaid(undefined);
          }}
        />
        <p id={hintId} class={said?.bad === true ? 'fault' : 'hint'} aria-live="polite">
          {said?.text ?? `Others see “${name}”. In auctions you stay a number.`}
        </p>
      </div>
      <div class="row">
        <button type="submit" class="button button-primary" disabled={busy}>
          Set name
        </button>
        <button type="button" class="button" disabled={busy} onClick={() => void choose(null)}>
          Show no name
        </button>
      </div>
    </form>
  );
}
