/** Project Wycheproof's JSON Web vectors (shared/testing/wycheproof), with the keys as we take them. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { compactVerify, importJWK, type JWK, type JWTVerifyGetKey } from 'jose';
import { expect, test } from 'vitest';
import { listenLocally } from '@outcry/local/testing/listen-locally.ts';
import { ownJson } from '../contracts/api.ts';
import { createLogger } from './logger.ts';
import { isCompactToken } from './token-form.ts';
import { openTokenKeys } from './token-keys.ts';

interface Group {
  readonly comment: string;
  readonly private?: JWK & { readonly keys?: readonly JWK[] };
  readonly public?: JWK & { readonly keys?: readonly JWK[] };
  readonly tests: readonly { tcId: number; comment: string; jws: string; result: string }[];
}

/** Where our answer is not the file's; why so. */
const DEPARTURES = new Map([
  ['json_web_signature 346', 'refused: PS384 with a key for PS256'],
  ['json_web_signature 347', 'refused: ES512 with a key for "ES521", which does not exist'],
  ['json_web_signature 350', 'refused, as 346'],
  ['json_web_signature 351', 'refused, as 347'],
  ['json_web_signature 367', 'accepted: the same text as 357, which is valid'],
  ['json_web_signature 370', 'accepted: the same text as 357, which is valid'],
  ['json_web_signature 372', 'refused: a character that is not base64url'],
  ['json_web_signature 373', 'refused: a character that is not base64url'],
  ['json_web_key 2', 'refused: a published set has no secrets'],
  ['json_web_key 7', 'accepted: a key of a faulty chip (ROCA), which its issuer must notice'],
  ['json_web_key 13', 'refused, as 2'],
  ['json_web_key 14', 'refused, as 2'],
  ['json_web_key 15', 'refused, as 2'],
]);

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES512'];

/** The keys of an issuer who publishes these, or one shared secret. */
async function keysOf(group: Group): Promise<{ get: JWTVerifyGetKey; algorithms: string[] }> {
  const secret = group.private;
  if (secret?.kty === 'oct') {
    const key = await importJWK(secret, 'HS256');
    return { get: () => key, algorithms: ['HS256'] };
  }
  const published = group.public?.keys ?? group.private?.keys ?? [group.public];
  const issuer = createServer((_request, response) => {
    response.end(JSON.stringify({ keys: published }));
  });
  const JWT_JWKS_URL = `http://127.0.0.1:${await listenLocally(issuer)}/`;
  const settings = { JWT_SECRET: undefined, JWT_JWKS_URL, JWT_ALGORITHMS: ALGORITHMS };
  try {
    const keys = await openTokenKeys(settings, createLogger('test', 'silent'));
    return { get: keys.get, algorithms: [...keys.algorithms] };
  } catch {
    return { get: () => Promise.reject(new Error('no usable key')), algorithms: ALGORITHMS };
  } finally {
    issuer.close();
  }
}

const vectors = (file: string): readonly Group[] =>
  ownJson<{ testGroups: Group[] }>(
    readFileSync(new URL(`../testing/wycheproof/${file}_test.json`, import.meta.url), 'utf8'),
  ).testGroups;

test.each([
  ['json_web_signature', 401],
  ['json_web_key', 26],
])('%s: every vector is refused or accepted as it says', async (file, count) => {
  const wrong: unknown[] = [];
  let seen = 0;
  for (const group of vectors(file)) {
    const { get, algorithms } = await keysOf(group);
    for (const { tcId, comment, jws, result } of group.tests) {
      seen += 1;
      let accepted = isCompactToken(jws);
      try {
        await compactVerify(jws, get, { algorithms });
      } catch {
        accepted = false;
      }
      const departs = DEPARTURES.has(`${file} ${tcId}`);
      if ((accepted !== (result === 'valid')) !== departs) {
        wrong.push([tcId, group.comment, comment, result]);
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(seen).toBe(count);
});
