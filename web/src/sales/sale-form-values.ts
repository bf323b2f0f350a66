/** What the form of a sale holds, and the request that it makes; pure. */
import {
  MAX_GRACE_SECONDS,
  MAX_STAGGER_SECONDS,
  REGISTRATION_KINDS,
  type SalePatch,
  type SaleRequest,
  type SaleView,
} from '@outcry/shared/contracts/sales.ts';
import { DESCRIPTION_RULE, textFault, tidyText, TITLE_RULE } from '@outcry/shared/domain/text.ts';
import { moneyFault, moneyFieldText, parseMoney } from '../format/money.ts';
import { dateFieldText } from '../state/sell-form.ts';

const DAY_SECONDS = 86_400;
const EXAMPLE_LIMIT = 100_000;

export const EMPTY_SALE = {
  title: '',
  description: '',
  currency: 'USD',
  startsAt: '',
  firstLotEndsAt: '',
  staggerSeconds: '60',
  registration: 'none',
  defaultLimit: '',
  lateSeconds: '30',
  addedSeconds: '30',
  graceSeconds: '120',
};
export type SaleFields = typeof EMPTY_SALE;
export type SaleFaults = Partial<Record<keyof SaleFields, string>>;

const dateText = (at: string | undefined): string =>
  at === undefined ? '' : dateFieldText(Date.parse(at));

/** The form with a sale's terms in it. */
export function fieldsOf(sale: SaleView): SaleFields {
  const { softClose } = sale;
  return {
    title: sale.title,
    description: sale.description ?? '',
    currency: sale.currency,
    startsAt: dateText(sale.startsAt),
    firstLotEndsAt: dateText(sale.firstLotEndsAt),
    staggerSeconds: String(sale.staggerSeconds),
    registration: sale.registration,
    defaultLimit:
      sale.defaultLimit === undefined ? '' : moneyFieldText(sale.defaultLimit, sale.currency),
    lateSeconds: String(softClose?.windowSeconds ?? 0),
    addedSeconds: String(softClose?.extendSeconds ?? EMPTY_SALE.addedSeconds),
    graceSeconds: String(sale.graceSeconds),
  };
}

/** @returns the request, or what is wrong with the form */
export function readSaleForm(
  form: SaleFields,
  locale?: string,
): { readonly request: SaleRequest } | { readonly faults: SaleFaults } {
  const faults: SaleFaults = {};
  const title = tidyText(form.title);
  const titleFault = title === '' ? 'is missing' : textFault(title, TITLE_RULE);
  if (titleFault !== undefined) faults.title = `The title ${titleFault}.`;
  const description = tidyText(form.description);
  const descriptionFault = textFault(description, DESCRIPTION_RULE);
  if (descriptionFault !== undefined) faults.description = `The description ${descriptionFault}.`;
  const ends = Date.parse(form.firstLotEndsAt);
  if (Number.isNaN(ends)) faults.firstLotEndsAt = 'Say when the first lot ends.';
  const starts = Date.parse(form.startsAt);
  if (starts >= ends) faults.startsAt = 'It must start before its first lot ends.';
  const whole = (
    name: 'staggerSeconds' | 'lateSeconds' | 'addedSeconds' | 'graceSeconds',
    from: number,
    to: number,
  ): number => {
    const text = form[name].trim();
    const number = /^\d{1,6}$/u.test(text) ? Number(text) : NaN;
    if (!(number >= from && number <= to)) faults[name] = `Enter ${from} to ${to} seconds.`;
    return number;
  };
  const staggerSeconds = whole('staggerSeconds', 0, MAX_STAGGER_SECONDS);
  const windowSeconds = whole('lateSeconds', 0, DAY_SECONDS);
  const softClose =
    windowSeconds === 0
      ? null
      : { windowSeconds, extendSeconds: whole('addedSeconds', 1, DAY_SECONDS) };
  const graceSeconds = whole('graceSeconds', 0, MAX_GRACE_SECONDS);
  const registration = REGISTRATION_KINDS.find((kind) => kind === form.registration) ?? 'none';
  const hasLimit = registration !== 'none' && form.defaultLimit.trim() !== '';
  const limit = hasLimit ? parseMoney(form.defaultLimit, form.currency, locale) : undefined;
  if (hasLimit && limit === undefined) {
    faults.defaultLimit = moneyFault(form.defaultLimit, form.currency, EXAMPLE_LIMIT, locale);
  }
  if (Object.keys(faults).length > 0) return { faults };
  return {
    request: {
      title,
      ...(description === '' ? {} : { description }),
      currency: form.currency,
      ...(Number.isNaN(starts) ? {} : { startsAt: new Date(starts).toISOString() }),
      firstLotEndsAt: new Date(ends).toISOString(),
      staggerSeconds,
      registration,
      ...(limit === undefined ? {} : { defaultLimit: limit }),
      softClose,
      graceSeconds,
    },
  };
}

const told = (value: unknown): string => JSON.stringify(value ?? null);

/** What of the terms is to be otherwise. */
export function changesOf(before: SaleRequest, after: SaleRequest): SalePatch {
  const then = new Map<string, unknown>(Object.entries(before));
  const changed = Object.entries({ ...absent(before), ...after }).filter(
    ([name, value]) => told(value) !== told(then.get(name)),
  );
  const patch: SalePatch = {};
  return Object.assign(patch, Object.fromEntries(changed));
}

/** What was given, as taken away. */
const absent = (request: SaleRequest): Record<string, null> =>
  Object.fromEntries(Object.keys(request).map((name) => [name, null]));
