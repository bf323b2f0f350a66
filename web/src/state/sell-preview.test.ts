import { expect, it } from 'vitest';
import { previewOf, termsInWords } from './sell-preview.ts';
import { AT_A_DATE, EMPTY_FORM } from './sell-form.ts';

const NOW = Date.parse('2026-11-21T12:00:00.000Z');

it('shows an empty form as an item without a name', () => {
  const preview = previewOf(EMPTY_FORM, 'sam', NOW);
  expect(preview).toMatchObject({ status: 'live', price: 0, sellerId: 'sam', leader: null });
  expect(preview.item).toEqual({ id: '', title: 'Your item' });
  expect(Date.parse(preview.endsAt) - NOW).toBe(300_000);
});

it('shows what is filled in, and no picture from a half address', () => {
  const form = { ...EMPTY_FORM, title: ' Lamp ', startPrice: '12.50', opensInSeconds: 30 };
  expect(previewOf({ ...form, imageUrl: 'https:' }, 'sam', NOW).item).not.toHaveProperty(
    'imageUrl',
  );
  const preview = previewOf({ ...form, imageUrl: 'https://x.test/a.png' }, 'sam', NOW);
  expect(preview).toMatchObject({
    item: { title: 'Lamp', imageUrl: 'https://x.test/a.png' },
    status: 'scheduled',
    price: 1_250,
  });
});

it('puts the terms in words', () => {
  const form = { ...EMPTY_FORM, startPrice: '10', reservePrice: '50', buyNowPrice: '80' };
  const words = termsInWords(form, NOW, 'en-US', 'UTC').join(' ');
  expect(words).toContain('Opens at once and ends Sat, Nov 21, 12:05 PM');
  expect(words).toContain('$10.00 or more');
  expect(words).toContain('only if somebody bids $50.00');
  expect(words).toContain('anybody can have it for $80.00');
  expect(termsInWords(EMPTY_FORM, NOW, 'en-US', 'UTC').join(' ')).toContain('whatever the price');
  expect(words).toContain('later when somebody bids in the last 30 seconds.');
  const fixed = termsInWords({ ...form, lateSeconds: '0' }, NOW, 'en-US', 'UTC').join(' ');
  expect(fixed).toContain('12:05 PM UTC, whatever is bid at last.');
  const undated = termsInWords({ ...form, durationSeconds: AT_A_DATE }, NOW, 'en-US', 'UTC');
  expect(undated.join(' ')).not.toContain('ends');
});
