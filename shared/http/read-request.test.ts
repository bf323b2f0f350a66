import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { openExchange, type Exchange, type Read } from './exchange.ts';
import { receiveText, undeclaredJson } from './read-request.ts';

const exchangeOf = (incoming: IncomingMessage): Exchange =>
  openExchange(incoming, new ServerResponse(incoming), []);

test('a client that left before its body was asked for is not waited for', async () => {
  const incoming = new IncomingMessage(new Socket());
  incoming.destroy();
  await once(incoming, 'close');
  const read = await new Promise<Read<string>>((resolve) => {
    receiveText(exchangeOf(incoming), resolve);
  });
  expect(read.ok).toBe(false);
});

/** A request with such chunks of JSON so far, and what is heard of its body. */
function receiving(...chunks: string[]) {
  const incoming = new IncomingMessage(new Socket());
  incoming.headers['content-type'] = 'application/json';
  const done = vi.fn<(read: Read<string>) => void>();
  receiveText(exchangeOf(incoming), done, 20);
  for (const chunk of chunks) incoming.push(Buffer.from(chunk));
  const ended = async (): Promise<void> => {
    incoming.complete = true;
    incoming.push(null);
    await once(incoming, 'close');
  };
  return { incoming, done, ended };
}

test.each([[['{"a":', '1}']], [['{"a":1}']], [[]]])(
  'a body of chunks %j comes once',
  async (body) => {
    const { done, ended } = receiving(...body);
    expect(done).not.toHaveBeenCalled();
    await ended();
    expect(done.mock.calls).toEqual([[{ ok: true, value: body.join('') }]]);
  },
);

test('a body that grows too long is refused once, before its end', async () => {
  const { done, ended } = receiving('x'.repeat(15), 'x'.repeat(15), 'x');
  await vi.waitFor(() => expect(done).toHaveBeenCalled());
  await ended();
  expect(done.mock.calls).toMatchObject([[{ ok: false, answer: { status: 413 } }]]);
});

test('what a client sent that left half-way is not acted on', async () => {
  const { incoming, done } = receiving('{"a":1}');
  incoming.destroy();
  await once(incoming, 'close');
  expect(done.mock.calls).toMatchObject([[{ ok: false }]]);
});

/** A request that says so of its body. */
const declaring = (type: string | undefined, encoding: string | undefined) => ({
  headers: {
    ...(type !== undefined && { 'content-type': type }),
    ...(encoding !== undefined && { 'content-encoding': encoding }),
  },
});

test.each([
  ['application/json', undefined],
  ['APPLICATION/JSON; charset=utf-8', undefined],
  ['application/merge-patch+json', undefined],
  ['application/json', 'identity'],
  ['application/json', 'Identity'],
])('a body that is %s, packed as %s, is read', (type, encoding) => {
  expect(undeclaredJson(declaring(type, encoding))).toBeUndefined();
});

test.each([
  [undefined, undefined],
  ['text/plain', undefined],
  ['application/jsonx', undefined],
  ['application/json', 'gzip'],
  ['application/json', 'identity, br'],
])('a body that is %s, packed as %s, is not', (type, encoding) => {
  expect(undeclaredJson(declaring(type, encoding))).toMatch(/^Send the body/);
});
