import { SERVICE_NAMES, type Health, type ServiceName } from '../state/operations.ts';
import { AlertIcon, CheckIcon, ClockIcon } from './icons.tsx';

const NAMES: Readonly<Record<ServiceName, string>> = {
  gateway: 'Gateway',
  broadcaster: 'Broadcaster',
  archive: 'Archive',
};

const WORDS: Readonly<Record<Health['state'], string>> = {
  unknown: 'Asking …',
  ready: 'Ready',
  'not ready': 'Not ready',
  unreachable: 'Does not answer',
  hidden: 'Not passed on here',
};

interface HealthStripProps {
  readonly health: Readonly<Record<ServiceName, Health>>;
}

/** Whether each service is ready, and if not, what it waits for. */
export function HealthStrip({ health }: HealthStripProps) {
  return (
    <ul class="health" aria-label="Services" data-testid="health">
      {SERVICE_NAMES.map((name) => (
        <li key={name} class={`health-item health-${health[name].state.replace(' ', '-')}`}>
          <HealthIcon state={health[name].state} />
          <div>
            <strong>{NAMES[name]}</strong> <span role="status">{WORDS[health[name].state]}</span>
            <Reasons health={health[name]} />
          </div>
        </li>
      ))}
    </ul>
  );
}

function HealthIcon({ state }: Pick<Health, 'state'>) {
  if (state === 'ready') return <CheckIcon />;
  return state === 'unknown' || state === 'hidden' ? <ClockIcon /> : <AlertIcon />;
}

function Reasons({ health }: { readonly health: Health }) {
  if (health.state !== 'not ready') return null;
  return (
    <ul class="reasons">
      {Object.entries(health.waitingFor).map(([part, why]) => (
        <li key={part}>{why.toLowerCase().startsWith(part) ? why : `${part}: ${why}`}</li>
      ))}
    </ul>
  );
}
