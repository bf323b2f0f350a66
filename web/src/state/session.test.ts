import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import { clientProblem, OutcryError } from '@outcry/client/outcry-error.ts';
import type { ProblemCode } from '@outcry/shared/contracts/problems.ts';
import { asUser, renew, session, signIn, signOut } from './session.ts';
import type { Session } from './stored-session.ts';
import { tokenReplacer } from './token-replacer.ts';

const LATER = '2100-01-01T00:00:00.000Z';

const sessionOf = (userId: string, token: string): Session => ({
  userId,
  roles: ['bidder', 'seller'],
  token,
  expiresAtMs: Date.parse(LATER),
});
const ANN = sessionOf('ann', 'first');

interface Asked {
  readonly body: unknown;
  readonly answer: (response: Response) => void;
}

/** Requests for tokens that wait until the test answers them. */
let asked: Asked[];
const client = new OutcryClient({
  gatewayUrl: 'http://gateway',
  retries: 0,
  fetch: (_url, { body }) =>
    new Promise((answer) => {
      asked.push({ body, answer });
    }),
});

/** Answers the oldest request that waits, as soon as there is one. */
async function answer(userId: string, response: Response): Promise<void> {
  const request = await vi.waitUntil(() => asked.shift());
  expect(request.body).toContain(`"userId":"${userId}"`);
  request.answer(response);
}

const LIFETIME_SECONDS = 3_600;
const tokenAnswer = (token: string): Response =>
  Response.json({ token, expiresAt: LATER, expiresIn: LIFETIME_SECONDS });

/** Of whom the session is, and by which token. */
const present = (): unknown => {
  const { userId, token } = session.peek() ?? {};
  return { userId, token };
};

const refusal = (code: ProblemCode): Response => {
  const problem = clientProblem(code, 'no token');
  return Response.json(problem, { status: problem.status });
};

const unauthenticated = new OutcryError(clientProblem('UNAUTHENTICATED', 'unknown key'));

beforeEach(() => {
  asked = [];
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  session.value = ANN;
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  signOut();
});

describe('renew', () => {
  it('puts the new token in place of the old one', async () => {
    const renewed = renew(client, ANN);
    await answer('ann', tokenAnswer('second'));
    await renewed;
    expect(present()).toEqual({ userId: 'ann', token: 'second' });
  });

  it.each<[string, Session | null]>([
    ['signed out', null],
    ['signed in as another', sessionOf('bob', 'his')],
  ])('leaves alone who has %s meanwhile', async (_what, since) => {
    for (const late of [tokenAnswer('second'), refusal('FORBIDDEN'), refusal('UNAVAILABLE')]) {
      session.value = ANN;
      const renewed = expect(renew(client, ANN)).rejects.toThrow(OutcryError);
      session.value = since;
      await answer('ann', late);
      await renewed;
      expect(session.peek()).toEqual(since);
    }
  });

  it('signs out when there are no tokens any more, not when the gateway is away', async () => {
    const away = expect(renew(client, ANN)).rejects.toThrow('UNAVAILABLE');
    await answer('ann', refusal('UNAVAILABLE'));
    await away;
    expect(session.peek()?.token).toBe('first');
    const final = expect(renew(client, ANN)).rejects.toThrow('FORBIDDEN');
    await answer('ann', refusal('FORBIDDEN'));
    await final;
    expect(session.peek()).toBeNull();
  });
});

describe('asUser', () => {
  it('acts again with a new token, and never in the name of another user', async () => {
    const doneBy: (string | undefined)[] = [];
    const action = async (): Promise<string> => {
      const current = session.peek();
      doneBy.push(current?.userId);
      if (current?.token === 'first') throw unauthenticated;
      return 'done';
    };
    const acted = asUser(client, action);
    await answer('ann', tokenAnswer('second'));
    expect(await acted).toBe('done');

    session.value = ANN;
    const refused = expect(asUser(client, action)).rejects.toThrow('UNAUTHENTICATED');
    await vi.waitUntil(() => asked.length > 0);
    session.value = sessionOf('bob', 'his');
    await answer('ann', tokenAnswer('third'));
    await refused;
    expect(doneBy).toEqual(['ann', 'ann', 'ann']);
  });
});

describe('tokenReplacer', () => {
  it('replaces the token of who is signed in by now, refused while the last one’s was', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const replaceToken = tokenReplacer(client);
    const replaced = replaceToken();
    await vi.advanceTimersByTimeAsync(0);
    session.value = sessionOf('bob', 'his');
    await replaceToken();
    await answer('ann', tokenAnswer('second'));
    await vi.advanceTimersByTimeAsync(5_000);
    await answer('bob', tokenAnswer('fresh'));
    await replaced;
    expect(present()).toEqual({ userId: 'bob', token: 'fresh' });
  });

  it('goes on while the gateway is away, and ends when the user signs out', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const replaced = tokenReplacer(client)();
    await vi.advanceTimersByTimeAsync(0);
    await answer('ann', refusal('UNAVAILABLE'));
    await vi.advanceTimersByTimeAsync(5_000);
    await vi.waitUntil(() => asked.length > 0);
    signOut();
    await answer('ann', tokenAnswer('second'));
    await replaced;
    expect(session.peek()).toBeNull();
  });
});

it('signing in takes the place of whoever was signed in', async () => {
  const signedIn = signIn(client, 'bob');
  await answer('bob', tokenAnswer('his'));
  await signedIn;
  expect(present()).toEqual({ userId: 'bob', token: 'his' });
});
