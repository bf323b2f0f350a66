/** Cuts HTTP/1.1 answers out of a byte stream; only as much of HTTP as the servers here use. */

const HEAD_END = Buffer.from('\r\n\r\n');
const STATUS_AT = 'HTTP/1.1 '.length;
const LENGTH = /\r\ncontent-length: *(\d+)/i;

/** Collects what arrives on one connection. */
export class AnswerReader {
  #buffered: Buffer = Buffer.alloc(0);

  /**
   * Takes bytes in and gives the statuses of the answers that are complete now.
   * @throws Error for an answer without a length
   */
  push(chunk: Buffer): number[] {
    this.#buffered = this.#buffered.length === 0 ? chunk : Buffer.concat([this.#buffered, chunk]);
    const statuses: number[] = [];
    for (;;) {
      const headEnd = this.#buffered.indexOf(HEAD_END);
      if (headEnd < 0) return statuses;
      const head = this.#buffered.toString('latin1', 0, headEnd);
      const length = LENGTH.exec(head)?.[1];
      if (length === undefined) throw new Error(`an answer without a length: ${head}`);
      const end = headEnd + HEAD_END.length + Number(length);
      if (this.#buffered.length < end) return statuses;
      statuses.push(Number(head.slice(STATUS_AT, STATUS_AT + 3)));
      this.#buffered = this.#buffered.subarray(end);
    }
  }
}
