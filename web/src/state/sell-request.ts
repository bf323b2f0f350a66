/** From the sell form's texts to a request, with every mistake named at its field. */
import type { AuctionRequest } from '@outcry/shared/contracts/api.ts';
import { DESCRIPTION_RULE, textFault, tidyText, TITLE_RULE } from '@outcry/shared/domain/text.ts';
import { moneyFault, parseMoney } from '../format/money.ts';

/** The form as it is filled in. */
export interface SellForm {
  readonly title: string;
  readonly description: string;
  readonly imageUrl: string;
  readonly currency: string;
  readonly startPrice: string;
  readonly reservePrice: string;
  readonly buyNowPrice: string;
  readonly durationSeconds: number;
  /** How long until it opens; 0 for at once. */
  readonly opensInSeconds: number;
}

/** By the fields that can be filled in wrong. */
export type SellFaults = Partial<
  Readonly<
    Record<
      'title' | 'description' | 'imageUrl' | 'startPrice' | 'reservePrice' | 'buyNowPrice',
      string
    >
  >
>;

export type SellReading =
  | { readonly ok: true; readonly request: AuctionRequest }
  | { readonly ok: false; readonly faults: SellFaults };

export const EMPTY_FORM: SellForm = {
  title: '',
  description: '',
  imageUrl: '',
  currency: 'USD',
  startPrice: '',
  reservePrice: '',
  buyNowPrice: '',
  durationSeconds: 300,
  opensInSeconds: 0,
};

const EXAMPLE_AMOUNT = 10_000;

/** @param nowMs by the server's clock */
export function readSellForm(form: SellForm, nowMs: number, locale?: string): SellReading {
  const faults: { -readonly [Field in keyof SellFaults]: SellFaults[Field] } = {};
  const { currency } = form;
  const title = tidyText(form.title);
  const titleFault = textFault(title, TITLE_RULE);
  if (titleFault !== undefined) faults.title = `The title ${titleFault}.`;
  if (title === '') faults.title = 'Give it a title.';
  const description = tidyText(form.description);
  const descriptionFault = textFault(description, DESCRIPTION_RULE);
  if (descriptionFault !== undefined) faults.description = `The description ${descriptionFault}.`;

  const money = (name: 'startPrice' | 'reservePrice' | 'buyNowPrice'): number | undefined => {
    const amount = parseMoney(form[name], currency, locale);
    if (amount === undefined) {
      faults[name] = moneyFault(form[name], currency, EXAMPLE_AMOUNT, locale);
    }
    return amount;
  };
  const optionalMoney = (name: 'reservePrice' | 'buyNowPrice'): number | undefined =>
    form[name].trim() === '' ? undefined : money(name);

  const startPrice = money('startPrice');
  const reservePrice = optionalMoney('reservePrice');
  const buyNowPrice = optionalMoney('buyNowPrice');
  if (startPrice !== undefined && reservePrice !== undefined && reservePrice < startPrice) {
    faults.reservePrice = 'The reserve cannot be below the start price.';
  }
  const least = Math.max(startPrice ?? 0, reservePrice ?? 0);
  if (buyNowPrice !== undefined && buyNowPrice < least) {
    faults.buyNowPrice = 'Buy now cannot be below the start price or the reserve.';
  }
  const imageUrl = form.imageUrl.trim();
  if (imageUrl !== '' && !isWebAddress(imageUrl)) {
    faults.imageUrl = 'This must be an address that starts with https:// or http://.';
  }
  if (startPrice === undefined || Object.keys(faults).length > 0) return { ok: false, faults };

  const startsAt = new Date(nowMs + form.opensInSeconds * 1_000).toISOString();
  return {
    ok: true,
    request: {
      item: {
        title,
        ...(description === '' ? {} : { description }),
        ...(imageUrl === '' ? {} : { imageUrl }),
      },
      currency,
      startPrice,
      ...(reservePrice === undefined ? {} : { reservePrice }),
      ...(buyNowPrice === undefined ? {} : { buyNowPrice }),
      ...(form.opensInSeconds > 0 ? { startsAt } : {}),
      durationSeconds: form.durationSeconds,
    },
  };
}

/** What of these faults the changed form has still: nobody is told of fields not yet reached. */
export function stillWrong(
  faults: SellFaults,
  form: SellForm,
  nowMs: number,
  locale?: string,
): SellFaults {
  const reading = readSellForm(form, nowMs, locale);
  if (reading.ok) return {};
  const left = Object.entries(reading.faults).filter(([field]) => Object.hasOwn(faults, field));
  return Object.fromEntries(left);
}

/** Whether somebody has written anything into it. */
export const isFilledIn = (form: SellForm): boolean =>
  (['title', 'description', 'imageUrl', 'startPrice', 'reservePrice', 'buyNowPrice'] as const).some(
    (field) => form[field].trim() !== '',
  );

const isWebAddress = (text: string): boolean =>
  URL.canParse(text) && /^https?:$/u.test(new URL(text).protocol);
