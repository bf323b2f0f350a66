import { describe, expect, it } from 'vitest';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import { RenewalPauses, requestSession } from './token-requests.ts';

const clientThat = (fetch: () => Promise<Response>): OutcryClient =>
  new OutcryClient({ gatewayUrl: 'http://gateway', retries: 0, fetch });

describe('requestSession', () => {
  it('counts the lifetime by this clock, whatever the server’s says', async () => {
    const expiresAt = '1999-01-01T00:00:00.000Z';
    const client = clientThat(async () => Response.json({ token: 't', expiresAt, expiresIn: 600 }));
    const { expiresAtMs } = await requestSession(client, 'ann', ['bidder']);
    expect(Math.abs(expiresAtMs - Date.now() - 600_000)).toBeLessThan(5_000);
  });

  it('calls no sign-in something that may have counted', async () => {
    const client = clientThat(() => Promise.reject(new TypeError('cut off')));
    await expect(requestSession(client, 'ann', ['bidder'])).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  });
});

describe('RenewalPauses', () => {
  it('lets few renewals through in a minute, however often they are wanted', () => {
    const pauses = new RenewalPauses();
    let renewals = 0;
    for (let now = 0; now < 60_000; now += 10) if (pauses.take(now) === 0) renewals += 1;
    expect(renewals).toBeLessThan(18);
  });

  it('lets one through at once after a quiet minute', () => {
    const pauses = new RenewalPauses();
    for (let now = 0; now < 20_000; now += 10) pauses.take(now);
    expect(pauses.take(21_000)).toBeGreaterThan(0);
    expect(pauses.take(90_000)).toBe(0);
    expect(pauses.take(90_001)).toBe(0);
    expect(pauses.take(90_002)).toBeGreaterThan(0);
  });
});
