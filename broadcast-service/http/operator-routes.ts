/** What an admin does to the connections of all nodes. */
import { randomUUID } from 'node:crypto';
import type { Context, Hono, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { problem, type Problem } from '@outcry/shared/contracts/problems.ts';
import { ID_PATTERN } from '@outcry/shared/domain/ids.ts';
import type { VerifyToken } from '@outcry/shared/runtime/access-tokens.ts';
import { bearerToken } from '@outcry/shared/runtime/bearer-token.ts';
import { authenticateViewer, ConnectionRefusedError } from '../rooms/authenticate-viewer.ts';

export interface OperatorRoutesParts {
  readonly verifyToken: VerifyToken;
  /** Ends the user's connections, wherever they are. */
  endSessions(userId: string): void;
  /** Tells everybody who is connected. */
  announce(text: string): void;
}

const MAX_BODY_BYTES = 4_096;
const announcement = z.strictObject({ text: z.string().min(1).max(500) });

export function addOperatorRoutes(app: Hono, parts: OperatorRoutesParts): void {
  const forAdmins: MiddlewareHandler = async (c, next) => {
    const refusal = await refusalOf(c, parts.verifyToken);
    if (refusal !== undefined) return refuse(c, refusal);
    return next();
  };
  const limited = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: (c) =>
      refuse(
        c,
        problem('INVALID_REQUEST', 'The body is too large.', randomUUID(), { status: 413 }),
      ),
  });
  app.post('/v1/announcements', forAdmins, limited, async (c) => {
    const body = announcement.safeParse(await c.req.json().catch(() => undefined));
    if (!body.success) {
      return refuse(c, stated('INVALID_REQUEST', 'Send {"text"} of 1 to 500 characters.'));
    }
    parts.announce(body.data.text);
    return c.body(null, 202);
  });
  app.delete('/v1/users/:userId/sessions', forAdmins, (c) => {
    const userId = c.req.param('userId');
    if (!ID_PATTERN.test(userId)) {
      return refuse(c, stated('INVALID_REQUEST', 'No user has this id.'));
    }
    parts.endSessions(userId);
    return c.body(null, 202);
  });
}

async function refusalOf(c: Context, verify: VerifyToken): Promise<Problem | undefined> {
  try {
    const token = bearerToken(c.req.header('authorization'));
    const { caller } = await authenticateViewer({ token }, verify);
    if (caller === undefined) return stated('UNAUTHENTICATED', 'Send an access token.');
    if (!caller.roles.has('admin')) return stated('FORBIDDEN', 'This needs the role "admin".');
    return undefined;
  } catch (error) {
    if (error instanceof ConnectionRefusedError) return error.data;
    throw error;
  }
}

const stated = (code: Problem['code'], detail: string): Problem =>
  problem(code, detail, randomUUID());

function refuse(c: Context, refusal: Problem): Response {
  if (refusal.status === 401) c.header('www-authenticate', 'Bearer');
  const headers = { 'content-type': 'application/problem+json' };
  return new Response(JSON.stringify(refusal), { status: refusal.status, headers });
}
