/** What clients write to a bare TCP connection to speak WebSocket, and how they read it. */

/** Where Socket.IO listens, for those who ask for a WebSocket at once. */
export const SOCKET_IO = '/socket.io/?EIO=4&transport=websocket';
export const TEXT = 1;

/** The request that makes a connection a WebSocket. */
export const upgrade = (path: string, ...headers: string[]): Buffer =>
  Buffer.from(
    [
      `GET ${path} HTTP/1.1`,
      'host: x',
      'connection: upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
      '',
      '',
    ].join('\r\n'),
  );

/** A frame as clients send it; the mask is zeros. @param final false: more of it follows */
export function frame(text: string, opcode = TEXT, final = true): Buffer {
  const payload = Buffer.from(text);
  const short = payload.length < 126 ? payload.length : payload.length < 65_536 ? 126 : 127;
  const length = Buffer.alloc(short < 126 ? 0 : short === 126 ? 2 : 8);
  if (short === 126) length.writeUInt16BE(payload.length);
  if (short === 127) length.writeBigUInt64BE(BigInt(payload.length));
  const head = Buffer.from([(final ? 0x80 : 0) | opcode, 0x80 | short]);
  return Buffer.concat([head, length, Buffer.alloc(4), payload]);
}

/** Cuts what comes into frames; the HTTP answer before them is skipped. */
export function frameReader(onFrame: (payload: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  let upgraded = false;
  return (chunk) => {
    let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (!upgraded) {
      const end = data.indexOf('\r\n\r\n');
      if (end < 0) {
        rest = Buffer.from(data);
        return;
      }
      upgraded = true;
      data = data.subarray(end + 4);
    }
    for (;;) {
      const short = (data[1] ?? 0) & 0x7f;
      const head = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (data.length < head) break;
      // Of a length of 64 bits nobody sends more than 32.
      const length = head === 4 ? data.readUInt16BE(2) : head === 10 ? data.readUInt32BE(6) : short;
      if (data.length < head + length) break;
      onFrame(data.subarray(head, head + length));
      data = data.subarray(head + length);
    }
    // A copy: the chunk's memory is read into again.
    rest = Buffer.from(data);
  };
}
