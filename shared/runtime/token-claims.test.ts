import { describe, expect, test } from 'vitest';
import { seeded } from '../testing/seeded.ts';
import { commonSettings } from './config.ts';
import { madeUserId, rolesOf, userIdOf, type Claims, type ClaimSettings } from './token-claims.ts';

/** What a service makes of these variables. */
const settings = (environment: Record<string, string> = {}): ClaimSettings =>
  commonSettings.parse({ JWT_JWKS_URL: 'https://id.example.org/keys', ...environment });

const A = 'https://a.example.org';
const B = 'https://b.example.org';

/**
 * Tokens as their makers document them. Each names the page; where it has a whole token, its claims
 * are copied.
 */
const PROVIDERS: readonly {
  readonly provider: string;
  readonly page: string;
  readonly claims: Claims;
  readonly environment: Record<string, string>;
  readonly subject: string;
  readonly roles: readonly string[];
}[] = [
  {
    provider: 'Keycloak, realm roles',
    page: 'Server Administration Guide, "Protocol mappers": User Realm Role, claim realm_access.roles',
    claims: {
      iss: 'https://keycloak.example.com/realms/auctions',
      sub: 'f1c4f64e-2c0c-4cda-8c9f-9f3f8f3a2b0e',
      aud: ['outcry', 'account'],
      typ: 'Bearer',
      azp: 'outcry-web',
      scope: 'openid profile email',
      email_verified: true,
      preferred_username: 'janesmith',
      realm_access: {
        roles: ['default-roles-auctions', 'offline_access', 'uma_authorization', 'auction-seller'],
      },
      resource_access: { account: { roles: ['manage-account', 'view-profile'] } },
    },
    environment: {
      JWT_ROLES_CLAIM: 'realm_access.roles',
      JWT_ROLE_MAP: 'auction-seller=seller,auction-seller=bidder,auction-admin=admin',
    },
    subject: 'f1c4f64e-2c0c-4cda-8c9f-9f3f8f3a2b0e',
    roles: ['bidder', 'seller'],
  },
  {
    provider: 'Keycloak, roles of a client whose id has dots',
    page: 'Server Administration Guide, "Protocol mappers": User Client Role, resource_access.${client_id}.roles',
    claims: {
      iss: 'https://keycloak.example.com/realms/auctions',
      sub: 'f1c4f64e-2c0c-4cda-8c9f-9f3f8f3a2b0e',
      realm_access: { roles: ['admin'] },
      resource_access: { 'outcry.example.org': { roles: ['seller'] } },
    },
    environment: { JWT_ROLES_CLAIM: 'resource_access.outcry.example.org.roles' },
    subject: 'f1c4f64e-2c0c-4cda-8c9f-9f3f8f3a2b0e',
    roles: ['seller'],
  },
  {
    provider: 'Auth0, a person, with a claim of an Action',
    page: 'https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles',
    claims: {
      iss: 'https://my-domain.auth0.com/',
      sub: 'auth0|123456',
      aud: ['https://example.com/health-api', 'https://my-domain.auth0.com/userinfo'],
      azp: 'my_client_id',
      exp: 1_311_281_970,
      iat: 1_311_280_970,
      scope: 'openid profile read:patients read:admin',
      'https://outcry.example.org/roles': ['admin'],
    },
    environment: { JWT_ROLES_CLAIM: 'https://outcry.example.org/roles' },
    subject: 'auth0|123456',
    roles: ['admin'],
  },
  {
    provider: 'Auth0, a machine, with permissions',
    page: 'https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles',
    claims: {
      iss: 'https://my-domain.auth0.com/',
      sub: 'awZfdIir8YFdGZWkvCejDoUb7SjTDicx@clients',
      aud: 'https://test-server/api',
      azp: 'awZfdIir8YFdGZWkvCejDoUb7SjTDicx',
      gty: 'client-credentials',
      permissions: ['sell:auctions'],
    },
    environment: { JWT_ROLES_CLAIM: 'permissions', JWT_ROLE_MAP: 'sell:auctions=seller' },
    subject: 'awZfdIir8YFdGZWkvCejDoUb7SjTDicx@clients',
    roles: ['seller'],
  },
  {
    provider: 'Entra, access token v2.0',
    page: 'https://learn.microsoft.com/entra/identity-platform/access-tokens',
    claims: {
      aud: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
      iss: 'https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0',
      iat: 1_537_231_048,
      nbf: 1_537_231_048,
      exp: 1_537_234_948,
      azp: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
      azpacr: '0',
      name: 'Abe Lincoln',
      oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
      preferred_username: 'abeli@microsoft.com',
      rh: 'I',
      scp: 'access_as_user',
      sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
      tid: '72f988bf-86f1-41af-91ab-2d7cd011db47',
      uti: 'fqiBqXLPj0eQa82S-IYFAA',
      ver: '2.0',
      roles: ['Auction.Sell'],
    },
    environment: { JWT_USER_CLAIM: 'oid', JWT_ROLE_MAP: 'Auction.Sell=seller' },
    subject: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
    roles: ['seller'],
  },
  {
    provider: 'Entra, groups by their object ids',
    page: 'https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference',
    claims: {
      iss: 'https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0',
      sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
      groups: ['4c8d1c9e-0d1c-4b1c-8d1c-4b1c8d1c4b1c'],
    },
    environment: {
      JWT_ROLES_CLAIM: 'groups',
      JWT_ROLE_MAP: '4c8d1c9e-0d1c-4b1c-8d1c-4b1c8d1c4b1c=admin',
    },
    subject: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
    roles: ['admin'],
  },
  {
    provider: 'Google, ID token, which has no roles',
    page: 'https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload',
    claims: {
      iss: 'https://accounts.google.com',
      azp: '1234987819200.apps.googleusercontent.com',
      aud: '1234987819200.apps.googleusercontent.com',
      sub: '10769150350006150715113082367',
      at_hash: 'HK6E_P6Dh8Y93mRNtsDB1Q',
      hd: 'example.com',
      email: 'jsmith@example.com',
      email_verified: 'true',
      iat: 1_353_601_026,
      exp: 1_353_604_926,
      nonce: '0394852-3190485-2490358',
    },
    environment: {},
    subject: '10769150350006150715113082367',
    roles: ['bidder'],
  },
  {
    provider: 'Google, known by e-mail address',
    page: 'https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload',
    claims: {
      iss: 'https://accounts.google.com',
      sub: '10769150350006150715113082367',
      email: 'jsmith@example.com',
      email_verified: 'true',
    },
    environment: { JWT_USER_CLAIM: 'email' },
    subject: 'jsmith@example.com',
    roles: ['bidder'],
  },
  {
    provider: 'Dex',
    page: 'https://dexidp.io/docs/guides/using-dex/#consuming-id-tokens',
    claims: {
      iss: 'http://127.0.0.1:5556/dex',
      sub: 'CgcyMzQyNzQ5EgZnaXRodWI',
      aud: 'example-app',
      exp: 1_492_882_042,
      iat: 1_492_795_642,
      at_hash: 'bi96gOXZShvlWYtal9Eqiw',
      email: 'jane.doe@coreos.com',
      email_verified: true,
      groups: ['admins', 'developers'],
      name: 'Jane Doe',
    },
    environment: { JWT_ROLES_CLAIM: 'groups', JWT_ROLE_MAP: 'admins=admin,developers=seller' },
    subject: 'CgcyMzQyNzQ5EgZnaXRodWI',
    roles: ['seller', 'admin'],
  },
];

describe('who a token names', () => {
  test.each(PROVIDERS)('$provider ($page)', ({ claims, environment, subject, roles }) => {
    const read = settings(environment);
    const issuer = String(claims['iss']);
    expect(userIdOf(claims, read)).toBe(madeUserId(issuer, subject));
    expect([...rolesOf(claims, read)].toSorted()).toEqual(roles.toSorted());
  });

  test('an id is made as documented', () => {
    // printf '%s\0%s' https://a.example.org 'auth0|64' | openssl dgst -sha256 -binary |
    //   basenc --base64url | tr -d =
    const id = 'sub_eQFhewGUCBlLSBTwVGXGvyGKG8i_ApyhW8MteFKTPjk';
    expect(userIdOf({ iss: A, sub: 'auth0|64' }, settings())).toBe(id);
  });

  test('users of two issuers never meet, nor those who take an id for a name', () => {
    const read = settings();
    expect(userIdOf({ iss: A, sub: 'ann' }, read)).not.toBe(userIdOf({ iss: B, sub: 'ann' }, read));
    // Neither may the border between issuer and subject be moved.
    const ids = [
      userIdOf({ iss: A, sub: `x${B}` }, read),
      userIdOf({ iss: `${A}x`, sub: B }, read),
      userIdOf({ iss: A, sub: `\0x${B}` }, read),
    ];
    expect(new Set(ids).size).toBe(3);
    expect(userIdOf({ iss: `${A}\0`, sub: `x${B}` }, read)).toBeUndefined();
    const plain = settings({ JWT_PLAIN_ISSUER: A });
    const another = madeUserId(B, 'bob');
    expect(userIdOf({ iss: A, sub: another }, plain)).not.toBe(another);
  });

  test('a user of the former form stays who they are', () => {
    const subject = 'ann_1-B';
    const secret = settings({ JWT_SECRET: 'x'.repeat(32) });
    expect(userIdOf({ sub: subject, iss: A }, secret)).toBe(subject);
    expect(userIdOf({ sub: subject }, settings())).toBe(subject);
    const plain = settings({ JWT_PLAIN_ISSUER: A });
    expect(userIdOf({ sub: subject, iss: A }, plain)).toBe(subject);
    expect(userIdOf({ sub: subject, iss: B }, plain)).toBe(madeUserId(B, subject));
  });

  test('1,000 odd subjects are 1,000 users, each with an id', () => {
    const random = seeded(15);
    const alphabet = Array.from('aZ09_-|@.:/ \t\0"\\%|é𝄞漢字🙂ßẞıİ');
    const subjects = new Set(['ann', 'Ann', 'ann ', 'é', 'e\u0301', 'ß', 'ss', 'sub_', '-', '_']);
    while (subjects.size < 1_000) {
      const length = 1 + Math.floor(random() * 60);
      const letters = Array.from(
        { length },
        () => alphabet[Math.floor(random() * alphabet.length)] ?? '',
      );
      subjects.add(letters.join(''));
    }
    for (const read of [settings(), settings({ JWT_PLAIN_ISSUER: A })]) {
      const ids = Array.from(subjects, (sub) => userIdOf({ iss: A, sub }, read));
      for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
      expect(new Set(ids).size).toBe(1_000);
    }
  });

  test.each<[string, Claims, Record<string, string>?]>([
    ['nobody', { iss: A }],
    ['a number', { sub: 1 }],
    ['an empty text', { sub: '' }],
    ['more than 255 bytes', { sub: 'é'.repeat(128) }],
    ['half a surrogate pair', { sub: 'a\ud800' }],
    ['an issuer that is no text', { sub: 'ann', iss: ['https://a.example.org'] }],
    ['an address not verified', { email: 'a@b.c', sub: 'ann' }, { JWT_USER_CLAIM: 'email' }],
    [
      'an address said to be not verified',
      { email: 'a@b.c', email_verified: 'false' },
      { JWT_USER_CLAIM: 'email' },
    ],
  ])('no user: %s', (_what, claims, environment) => {
    expect(userIdOf(claims, settings(environment))).toBeUndefined();
  });

  test('255 bytes are a user', () => {
    expect(userIdOf({ sub: `${'é'.repeat(127)}x` }, settings())).toMatch(/^sub_/);
  });
});

const map = (JWT_ROLE_MAP: string): Record<string, string> => ({ JWT_ROLE_MAP });

describe('what a token allows', () => {
  test.each<[string, unknown, Record<string, string>, readonly string[]]>([
    ['nothing named', undefined, {}, ['bidder']],
    ['only what means nothing here', ['offline_access'], {}, ['bidder']],
    ['a role', ['seller'], {}, ['seller']],
    ['roles in one text', 'openid seller bidder', {}, ['bidder', 'seller']],
    ['no list', { admin: true }, {}, ['bidder']],
    ['odd members', [1, null, ['admin'], 'seller'], {}, ['seller']],
    [
      'a role of the same name, which the map does not have',
      ['admin'],
      map('x=seller'),
      ['bidder'],
    ],
    ['a name with = in it', ['cn=x'], map('cn=x=admin'), ['admin']],
    ['others by default', [], { JWT_DEFAULT_ROLES: 'bidder,seller' }, ['bidder', 'seller']],
    ['none by default', [], { JWT_DEFAULT_ROLES: 'none' }, []],
  ])('%s', (_what, roles, environment, expected) => {
    expect([...rolesOf({ roles }, settings(environment))].toSorted()).toEqual(expected);
  });

  test('a path leads through names with dots, and never past them', () => {
    const read = settings({ JWT_ROLES_CLAIM: 'a.b.c' });
    expect(rolesOf({ 'a.b': { c: ['seller'] } }, read)).toEqual(new Set(['seller']));
    expect(rolesOf({ 'a.b.c': ['admin'], a: { b: { c: [] } } }, read)).toEqual(new Set(['admin']));
    expect(rolesOf({ a: { b: 'c' }, c: ['admin'] }, read)).toEqual(new Set(['bidder']));
  });
});
