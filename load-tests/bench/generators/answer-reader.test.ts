import { describe, expect, it } from 'vitest';
import { AnswerReader } from './answer-reader.ts';

const answer = (status: number, body: string): string =>
  `HTTP/1.1 ${status} Some Words\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

describe('AnswerReader', () => {
  it('finds each answer, however the bytes are cut', () => {
    const bytes = Buffer.from(answer(201, 'created') + answer(409, '') + answer(200, '\r\n\r\n'));
    for (let size = 1; size <= bytes.length; size += 1) {
      const reader = new AnswerReader();
      const found: number[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        found.push(...reader.push(bytes.subarray(at, at + size)));
      }
      expect(found).toEqual([201, 409, 200]);
    }
  });

  it('refuses an answer whose end it cannot know', () => {
    const chunked = Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n');
    expect(() => new AnswerReader().push(chunked)).toThrow('without a length');
  });
});
