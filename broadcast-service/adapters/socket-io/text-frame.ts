/**
 * A WebSocket text frame as a server sends it (RFC 6455, section 5.2: final, not masked), in one
 * piece. Made once, it can be written to any number of connections.
 */
export function textFrame(text: string): Buffer {
  return startOfTextFrame(text, 0);
}

/** The same, of a text that `restBytes` more bytes belong to: these are to be written after it. */
export function startOfTextFrame(text: string, restBytes: number): Buffer {
  const textBytes = Buffer.byteLength(text);
  const length = textBytes + restBytes;
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(head + textBytes);
  frame[0] = 0x81;
  if (head === 2) {
    frame[1] = length;
  } else if (head === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, head);
  return frame;
}
