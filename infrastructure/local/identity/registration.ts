/** What the local identity provider and the services know of each other. */

/** What tokens are for. */
export const AUDIENCE = 'outcry';

/** The web app. */
export const WEB_CLIENT = 'outcry-web';

/** A seller's system: client credentials, with the role `seller`. */
export const MACHINE = { id: 'outcry-machine', secret: 'only-on-your-own-machine' };
