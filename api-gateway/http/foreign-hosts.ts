import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { answerProblem, openExchange } from '@outcry/shared/http/exchange.ts';

/**
 * Turns away what was sent to another server's name. A gateway with dev tokens makes anybody whom
 * the caller wants to be; a page elsewhere whose name suddenly means this machine (DNS rebinding)
 * must not be such a caller. Names that no page elsewhere can have are let in: addresses, the public
 * name, `localhost`, and names without a dot.
 * @returns what answers such a request; false for any other
 */
export function refuseForeignHosts(
  publicUrl: string,
): (incoming: IncomingMessage, outgoing: ServerResponse) => boolean {
  const publicName = new URL(publicUrl).hostname;
  // Nearly all requests come under one name, which need not be read again for each.
  let lastOwn: string | undefined;
  return (incoming, outgoing) => {
    const { host } = incoming.headers;
    if (host !== undefined && host === lastOwn) return false;
    const name = nameIn(host);
    if (name === undefined || name === publicName || isOwn(name)) {
      lastOwn = host;
      return false;
    }
    const x = openExchange(incoming, outgoing, []);
    const detail = 'This server does not answer under that name.';
    const { status, body } = answerProblem(x, 'INVALID_REQUEST', detail, { status: 421 });
    outgoing.writeHead(status, [...x.headers, 'connection', 'close']).end(body);
    return true;
  };
}

/** HTTP/1.0, which no browser speaks, names none. What cannot be read is nobody's name. */
function nameIn(host: string | undefined): string | undefined {
  if (host === undefined) return undefined;
  const url = `http://${host}`;
  return URL.canParse(url) ? new URL(url).hostname : '.';
}

const isOwn = (name: string): boolean =>
  name.startsWith('[') || isIP(name) !== 0 || name.endsWith('.localhost') || !name.includes('.');
