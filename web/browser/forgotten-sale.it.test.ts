/** A sale that the gateway has forgotten, on a system where that takes seconds instead of a day. */
import { expect, test } from 'vitest';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import { until } from '@outcry/shared/testing/until.ts';
import {
  DARK_PHONE,
  LIMIT_MS,
  overhang,
  seriousFaults,
  signIn,
  textOf,
  useStage,
} from './testing/browser-stage.ts';
import { COUNT_SHIFTS, layoutShifts } from './testing/layout.ts';

const MAX_SHIFT = 0.05;
const TEST_MS = 120_000;
/** It ends, is sealed, and is forgotten. */
const GONE_MS = 60_000;

const stage = useStage({ env: { FORGET_AFTER_SECONDS: '1' } });

const isMissing = (read: Promise<unknown>): Promise<boolean> =>
  read.then(
    () => false,
    (error: unknown) => error instanceof OutcryError && error.problem.status === 404,
  );

test('is shown from the archive, and so are its lots', { timeout: TEST_MS }, async () => {
  const owner = await stage.sales('sam');
  const sale = await owner.create({
    title: 'Forks of yesterday',
    description: 'Silver and tin.',
    currency: 'USD',
    firstLotEndsAt: new Date(Date.now() + 4_000).toISOString(),
    staggerSeconds: 0,
    registration: 'open',
    softClose: null,
  });
  const seller = await stage.client('sam');
  const lots = await Promise.all(
    ['Silver fork', 'Tin fork'].map((title) =>
      seller.createAuction({ saleId: sale.id, item: { title }, startPrice: 500 }),
    ),
  );
  const { id: fork = '' } = lots.find(({ item }) => item.title === 'Silver fork') ?? {};
  await (await stage.sales('ann')).register(sale.id);
  await (await stage.client('ann')).bid(fork, { maxAmount: 900 });
  const isGone = async (): Promise<boolean> => {
    const missing = lots.map(({ id }) => isMissing(seller.auction(id)));
    return (await Promise.all([isMissing(owner.read(sale.id)), ...missing])).every(Boolean);
  };
  await until('the gateway has forgotten it', isGone, GONE_MS);

  const page = await stage.open('/sales', DARK_PHONE, COUNT_SHIFTS);
  await signIn(page, 'ann');
  await page.getByRole('button', { name: 'Ended' }).click();
  await page.getByRole('link', { name: sale.title }).click();
  const rows = page.getByTestId('results').locator('tbody tr');
  const { lots: results } = await owner.archived(sale.id);
  await expect
    .poll(() => rows.allTextContents(), { timeout: LIMIT_MS })
    .toEqual(
      results.map(({ lot, title, paddle }) =>
        paddle === null ? `${lot} ${title}No bids– ` : `${lot} ${title}Sold for $5.00${paddle} `,
      ),
    );
  expect(results.find(({ auctionId }) => auctionId === fork)?.paddle).toBe(1);
  await page.getByText('Silver and tin.').waitFor();
  expect(await textOf(page.getByTestId('sale-status'))).toBe('Ended');
  expect(await page.getByRole('alert').count()).toBe(0);
  const { sum, moved } = await layoutShifts(page);
  expect(sum, moved.join('\n')).toBeLessThan(MAX_SHIFT);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect([await seriousFaults(page), await overhang(page)]).toEqual([[], 0]);
    await stage.shot(page, `sale-forgotten-phone-${colorScheme}`);
  }

  await page.getByRole('link', { name: results[0]?.title ?? '' }).click();
  await page.getByRole('link', { name: `Lot 1 of ${sale.title}` }).waitFor();
  await page.getByRole('link', { name: 'Next lot' }).click();
  await page.getByRole('heading', { name: results[1]?.title ?? '' }).waitFor();
  const nobodys = await stage.open(`/sales/${sale.id}y`);
  await nobodys.getByRole('heading', { name: 'No such sale' }).waitFor();
});
