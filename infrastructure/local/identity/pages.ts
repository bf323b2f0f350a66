/** The pages of the identity provider to try with, and its people. */

export interface Person {
  readonly name: string;
  readonly roles: readonly string[];
}

/** By subject. */
export const PEOPLE: ReadonlyMap<string, Person> = new Map([
  ['bea', { name: 'Bea Bidder', roles: ['bidder'] }],
  ['sam', { name: 'Sam Seller', roles: ['bidder', 'seller'] }],
  ['ada', { name: 'Ada Admin', roles: ['admin', 'bidder'] }],
]);

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 24rem; margin: 15vh auto; padding: 0 1rem }
  button { font: inherit; width: 100%; padding: .6rem; margin: .25rem 0; cursor: pointer }
  small { color: #555 }
</style>
<h1>${title}</h1>
${body}
</html>`;

/** @param uid of the sign-in, as the library made it */
export function signInPage(uid: string): string {
  const buttons = Array.from(
    PEOPLE,
    ([subject, { name, roles }]) =>
      `<form method="post" action="/people/${uid}/${subject}">
        <button>${name} <small>${roles.join(', ')}</small></button>
      </form>`,
  );
  return page(
    'Who are you?',
    `<p>A provider to try with: no password needed.</p>
    ${buttons.join('\n')}
    <form method="post" action="/people/${uid}/nobody"><button>Cancel</button></form>`,
  );
}

/** @param form the library's, which the button sends */
export const signOutPage = (form: string): string =>
  page(
    'Sign out?',
    `${form}
    <button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>`,
  );
