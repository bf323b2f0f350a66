import { MINOR_DIGITS } from '@outcry/shared/domain/currencies.ts';

const FREQUENT_CURRENCIES = ['USD', 'EUR', 'GBP', 'CHF', 'JPY', 'INR', 'BRL', 'KWD'];

/** All that can be chosen, the frequent ones first. */
export const CURRENCIES = [...new Set([...FREQUENT_CURRENCIES, ...MINOR_DIGITS.keys()])];
