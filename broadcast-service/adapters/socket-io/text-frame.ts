/**
 * A WebSocket text frame as a server sends it (RFC 6455, section 5.2: final, not masked), in one
 * piece. Made once, it can be written to any number of connections.
 * @param restBytes so many more bytes belong to the text, and are to be written after the frame
 */
export function textFrame(text: string, restBytes = 0): Buffer {
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
