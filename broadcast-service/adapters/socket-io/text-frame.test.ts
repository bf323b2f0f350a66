import type { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import * as ws from 'ws';
import { textFrame } from './text-frame.ts';

/** The library's own reader of frames, which its types leave out. */
const Receiver = Reflect.get(ws, 'Receiver') as new (options: { isServer: boolean }) => Writable;

it('is read as the text it was made of, whatever its length', async () => {
  for (const length of [0, 1, 125, 126, 65_535, 65_536, 300_000]) {
    const text = `${'é'.repeat(Math.floor(length / 2))}${length % 2 === 1 ? 'x' : ''}`;
    const receiver = new Receiver({ isServer: false });
    const read = new Promise((resolve, reject) => {
      receiver.on('message', (data: Buffer, isBinary: boolean) =>
        resolve([data.toString(), isBinary]),
      );
      receiver.on('error', reject);
    });
    receiver.write(textFrame(text));
    expect(await read).toEqual([text, false]);
  }
});

it('can be made in two parts', () => {
  for (const length of [0, 1, 100, 200, 70_000]) {
    const rest = Buffer.from('ü'.repeat(length));
    const parts = [textFrame('é and ', rest.length), rest];
    expect(Buffer.concat(parts).equals(textFrame(`é and ${rest.toString()}`))).toBe(true);
  }
});
