import { useState } from 'preact/hooks';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { SaleClient } from '@outcry/client/sale-client.ts';
import type {
  AdmissionRequest,
  RegistrationView,
  SaleView,
} from '@outcry/shared/contracts/sales.ts';
import { useCommands } from '../desks/commands.ts';
import { List, usePages } from '../desks/pages.tsx';
import { formatMoney, moneyFault, moneyFieldText, parseMoney } from '../format/money.ts';
import { FormField } from '../parts/form-field.tsx';
import { NoticeText } from '../parts/notice-text.tsx';
import { ReasonDialog } from '../parts/reason-dialog.tsx';
import { saleClient } from '../state/sales.ts';
import type { Services } from '../state/services.ts';
import { ImportLots } from './import-lots.tsx';
import { LotForm } from './lot-form.tsx';
import { REGISTRATION_STATUS_WORDS } from './sale-words.ts';

interface ManageSaleProps {
  readonly services: Services;
  readonly sale: SaleView;
  /** The sale is not as it was. */
  readonly onChanged: () => void;
}

/** What the seller and admins do with a sale: lots, pauses, and who may bid. */
export function ManageSale({ services, sale, onChanged }: ManageSaleProps) {
  const { client } = services;
  const sales = saleClient(services);
  const commands = useCommands(client);
  const [isAsking, setAsking] = useState(false);
  const isOpen = sale.status !== 'ended';
  const done = (): null => {
    onChanged();
    return null;
  };
  return (
    <>
      {isOpen && (
        <section class="panel stack" aria-label="Manage the sale">
          <h2>Manage the sale</h2>
          <div class="row">
            {sale.status === 'paused' ? (
              <button
                type="button"
                class="button button-primary"
                disabled={commands.busy}
                onClick={() =>
                  void commands.run({
                    name: 'Your request',
                    request: (options) => sales.resume(sale.id, options),
                    done,
                  })
                }
              >
                Resume the sale
              </button>
            ) : (
              <button
                type="button"
                class="button"
                onClick={() => {
                  commands.forgetNotice();
                  setAsking(true);
                }}
              >
                Pause the sale
              </button>
            )}
          </div>
          <NoticeText notice={isAsking ? null : commands.notice} />
          <LotForm services={services} sale={sale} onAdded={onChanged} />
          <ImportLots services={services} sale={sale} onAdded={onChanged} />
        </section>
      )}
      {sale.registration !== 'none' && (
        <section class="panel stack" aria-label="Bidders">
          <h2>Bidders</h2>
          <Registrations client={client} sales={sales} sale={sale} isOpen={isOpen} />
        </section>
      )}
      {isAsking && (
        <ReasonDialog
          title="Pause the whole sale?"
          hint="Everybody who watches reads it."
          action="Pause"
          busyAction="Pausing …"
          busy={commands.busy}
          notice={commands.notice}
          onGiven={(reason) =>
            commands.run({
              name: 'Your request',
              request: (options) => sales.pause(sale.id, reason, options),
              done,
            })
          }
          onClose={() => setAsking(false)}
        >
          Nobody can bid on any lot until you resume it. All ends then move by as long as the pause
          was.
        </ReasonDialog>
      )}
    </>
  );
}

interface RegistrationsProps {
  readonly client: OutcryClient;
  readonly sales: SaleClient;
  readonly sale: SaleView;
  readonly isOpen: boolean;
}

function Registrations(props: RegistrationsProps) {
  const { client, sales, sale } = props;
  const pages = usePages(client, (query) => sales.registrations(sale.id, query));
  return (
    <List
      pages={pages}
      none="Nobody has registered yet."
      keyOf={({ paddle }) => String(paddle)}
      row={(registration) => (
        <Registration {...props} registration={registration} onDecided={() => pages.again()} />
      )}
    />
  );
}

interface RegistrationProps extends RegistrationsProps {
  readonly registration: RegistrationView;
  readonly onDecided: () => void;
}

function Registration(props: RegistrationProps) {
  const { client, sales, sale, isOpen, registration, onDecided } = props;
  const { paddle, userId, status, limit, committed } = registration;
  const { currency } = sale;
  const commands = useCommands(client);
  const [text, setText] = useState<string>();
  const [fault, setFault] = useState('');
  const shown = text ?? (limit === null ? '' : moneyFieldText(limit, currency));
  const decide = async (decision: AdmissionRequest['status']): Promise<void> => {
    const wanted = shown.trim() === '' ? null : parseMoney(shown, currency);
    setFault(wanted === undefined ? moneyFault(shown, currency, committed + 1) : '');
    if (wanted === undefined) return;
    const isDone = await commands.run({
      name: 'Your decision',
      request: () => sales.decideRegistration(sale.id, paddle, { status: decision, limit: wanted }),
      done: () => null,
    });
    if (isDone) setText(undefined);
    onDecided();
  };
  const button = (decision: AdmissionRequest['status'], label: string) => (
    <button
      type="button"
      class={`button${decision === 'approved' ? ' button-primary' : ''}`}
      disabled={commands.busy}
      aria-label={`${label} paddle ${paddle}`}
      onClick={() => void decide(decision)}
    >
      {label}
    </button>
  );
  return (
    <div class="registration" data-testid="registration">
      <p>
        <strong>Paddle {paddle}</strong> {userId}{' '}
        <span class={`tag ${status === 'approved' ? 'tag-met' : 'tag-open'}`}>
          {REGISTRATION_STATUS_WORDS[status]}
        </span>
        <br />
        <span class="muted">Committed: {formatMoney(committed, currency)}</span>
      </p>
      {isOpen && (
        <>
          <FormField
            label={`Limit of paddle ${paddle}`}
            hint="None: as much as they like."
            fault={fault}
            control={(tied) => (
              <input
                {...tied}
                inputMode="decimal"
                autoComplete="off"
                value={shown}
                onInput={({ currentTarget }) => {
                  setText(currentTarget.value);
                  setFault('');
                }}
              />
            )}
          />
          <div class="row">
            {button('approved', status === 'approved' ? 'Set limit' : 'Approve')}
            {status === 'pending' && button('refused', 'Refuse')}
            {status === 'approved' && button('blocked', 'Block')}
          </div>
        </>
      )}
      <NoticeText notice={commands.notice} />
    </div>
  );
}
