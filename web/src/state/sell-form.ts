/** What the sell form holds, and when the auction would open and end; pure. */

/** Stands for a moment that is chosen in a field of its own. */
export const AT_A_DATE = -1;

/** The spans that the form offers. */
export const DURATIONS: readonly (readonly [seconds: number, label: string])[] = [
  [60, '1 minute'],
  [120, '2 minutes'],
  [300, '5 minutes'],
  [900, '15 minutes'],
  [3_600, '1 hour'],
  [86_400, '1 day'],
  [259_200, '3 days'],
  [604_800, '7 days'],
];

export const EMPTY_FORM = {
  title: '',
  description: '',
  imageUrl: '',
  currency: 'USD',
  startPrice: '',
  reservePrice: '',
  buyNowPrice: '',
  /** How long until it opens; 0 for at once, {@link AT_A_DATE} for `opensAt`. */
  opensInSeconds: 0,
  /** `2026-11-21T14:05`, in the reader's time zone. */
  opensAt: '',
  /** How long it lasts; {@link AT_A_DATE} for until `endsAt`. */
  durationSeconds: 300,
  endsAt: '',
  /** A bid in the last so many seconds moves the end; nothing or 0 for never. */
  lateSeconds: '30',
  /** How many seconds are left then, at least. */
  addedSeconds: '30',
  /** By how many minutes the end moves at most; nothing for a day. */
  mostMinutes: '',
  /** One row a line, `from: by`; nothing for the usual table. */
  increments: '',
  highestBid: '',
  graceSeconds: '120',
};

/** The form as it is filled in. */
export type SellForm = Readonly<typeof EMPTY_FORM>;

/** What of it is written, and not chosen from a list. */
function textsOf({
  currency: _in,
  opensInSeconds: _opens,
  durationSeconds: _lasts,
  ...texts
}: SellForm) {
  return Object.values(texts).map((text) => text.trim());
}

/** Whether somebody has written anything into it. @param before as it was opened */
export const isFilledIn = (form: SellForm, before: SellForm = EMPTY_FORM): boolean =>
  JSON.stringify(textsOf(form)) !== JSON.stringify(textsOf(before));

/** NaN where a date was to be chosen and was not. @param nowMs by the server's clock */
export function timesOf(
  form: SellForm,
  nowMs: number,
): { readonly startsAtMs: number; readonly endsAtMs: number } {
  const { opensInSeconds, opensAt, durationSeconds, endsAt } = form;
  const startsAtMs =
    opensInSeconds === AT_A_DATE ? Date.parse(opensAt) : nowMs + opensInSeconds * 1_000;
  const endsAtMs =
    durationSeconds === AT_A_DATE ? Date.parse(endsAt) : startsAtMs + durationSeconds * 1_000;
  return { startsAtMs, endsAtMs };
}

/** Whether it opens later than at once. */
export const isScheduled = (form: SellForm): boolean => form.opensInSeconds !== 0;

const MINUTE_MS = 60_000;

/** A moment as date fields take it, in the reader's time zone; seconds are rounded up. */
export function dateFieldText(atMs: number): string {
  const at = new Date(Math.ceil(atMs / MINUTE_MS) * MINUTE_MS);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

const two = (part: number): string => String(part).padStart(2, '0');
