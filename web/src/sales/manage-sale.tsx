import { useState } from 'preact/hooks';
import type {
  AdmissionRequest,
  RegistrationView,
  SaleView,
} from '@outcry/shared/contracts/sales.ts';
import { useCommands } from '../desks/commands.ts';
import { ListPanel, usePages } from '../desks/pages.tsx';
import { formatMoney, moneyFault, moneyFieldText, parseMoney } from '../format/money.ts';
import { Button } from '../parts/button.tsx';
import { Fold } from '../parts/fold.tsx';
import { TextField } from '../parts/form.tsx';
import { NoticeText } from '../parts/notice-text.tsx';
import { Panel } from '../parts/panel.tsx';
import { ReasonDialog } from '../parts/reason-dialog.tsx';
import { query } from '../router.ts';
import { saleClient } from '../state/sales.ts';
import type { Services } from '../state/services.ts';
import { ImportLots } from './import-lots.tsx';
import { LotForm } from './lot-form.tsx';
import { SaleForm } from './sale-form.tsx';
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
  const isChanging = query.value.has('change');
  const isEmpty = sale.lots.length === 0 && !isChanging;
  const done = (): null => {
    onChanged();
    return null;
  };
  return (
    <>
      <Panel title="Manage the sale" class="stack">
        <div class="row">
          {sale.status === 'paused' ? (
            <Button
              look="primary"
              disabled={commands.busy}
              onClick={() =>
                void commands.run({
                  request: (options) => sales.resume(sale.id, options),
                  done,
                })
              }
            >
              Resume the sale
            </Button>
          ) : (
            <Button
              disabled={sale.status === 'ended'}
              onClick={() => {
                commands.forgetNotice();
                setAsking(true);
              }}
            >
              Pause the sale
            </Button>
          )}
        </div>
        <NoticeText notice={isAsking ? null : commands.notice.value} />
        <Fold title="Add a lot" isOpen={isEmpty}>
          <LotForm services={services} sale={sale} onAdded={onChanged} />
        </Fold>
        <Fold title="Add lots from a file" isOpen={isEmpty}>
          <ImportLots services={services} sale={sale} onAdded={onChanged} />
        </Fold>
        {sale.status === 'scheduled' && (
          <Fold title="Change its terms" isOpen={isChanging}>
            <SaleForm services={services} sale={sale} onDone={onChanged} />
          </Fold>
        )}
      </Panel>
      <Bidders services={services} sale={sale} mayDecide />
      {isAsking && (
        <ReasonDialog
          title="Pause the whole sale?"
          hint="Everybody who watches reads it."
          action="Pause"
          busyAction="Pausing …"
          look="primary"
          sender={commands}
          onGiven={(reason) =>
            commands.run({
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

interface BiddersProps {
  readonly services: Services;
  readonly sale: SaleView;
  /** Whether it shows how to admit them, too. */
  readonly mayDecide: boolean;
}

/** Who has registered, for the seller and admins. */
export function Bidders(props: BiddersProps) {
  const { services, sale } = props;
  const pages = usePages(services.client, (page) =>
    saleClient(services).registrations(sale.id, page),
  );
  if (sale.registration === 'none') return null;
  return (
    <ListPanel
      title="Bidders"
      class="stack"
      pages={pages}
      none="Nobody has registered yet."
      keyOf={({ paddle }) => String(paddle)}
      row={(registration) => (
        <Registration {...props} registration={registration} onDecided={() => pages.again()} />
      )}
    />
  );
}

interface RegistrationProps extends BiddersProps {
  readonly registration: RegistrationView;
  readonly onDecided: () => void;
}

function Registration(props: RegistrationProps) {
  const { services, sale, mayDecide, registration, onDecided } = props;
  const { paddle, userId, status, limit, committed } = registration;
  const { currency } = sale;
  const commands = useCommands(services.client);
  const [text, setText] = useState<string>();
  const [fault, setFault] = useState('');
  const shown = text ?? (limit === null ? '' : moneyFieldText(limit, currency));
  const decide = async (decision: AdmissionRequest['status']): Promise<void> => {
    const wanted = shown.trim() === '' ? null : parseMoney(shown, currency);
    setFault(wanted === undefined ? moneyFault(shown, currency, committed + 1) : '');
    if (wanted === undefined) return;
    const isDone = await commands.run({
      name: 'Your decision',
      request: () =>
        saleClient(services).decideRegistration(sale.id, paddle, {
          status: decision,
          limit: wanted,
        }),
      done: () => null,
    });
    if (isDone) setText(undefined);
    onDecided();
  };
  const button = (decision: AdmissionRequest['status'], label: string) => (
    <Button
      look={label === 'Approve' ? 'primary' : undefined}
      disabled={commands.busy || sale.status === 'ended'}
      aria-label={`${label} paddle ${paddle}`}
      onClick={() => void decide(decision)}
    >
      {label}
    </Button>
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
      {mayDecide && (
        <>
          <TextField
            label={`Limit of paddle ${paddle}`}
            fault={fault}
            inputMode="decimal"
            placeholder="no limit"
            value={shown}
            onValue={(typed) => {
              setText(typed);
              setFault('');
            }}
          />
          <div class="row">
            {button('approved', status === 'approved' ? 'Set limit' : 'Approve')}
            {status === 'pending' && button('refused', 'Refuse')}
            {status === 'approved' && button('blocked', 'Block')}
          </div>
        </>
      )}
      <NoticeText notice={commands.notice.value} />
    </div>
  );
}
