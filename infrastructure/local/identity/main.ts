/** Runs the identity provider to try with until it is told to end. */
import { startIdentityProvider } from './identity-provider.ts';

const { PORT, WEB_ORIGIN = '', TOKEN_LIFE_SECONDS } = process.env;
const provider = await startIdentityProvider({
  port: Number(PORT),
  webOrigin: WEB_ORIGIN,
  ...(TOKEN_LIFE_SECONDS === undefined ? {} : { tokenLifeSeconds: Number(TOKEN_LIFE_SECONDS) }),
});
process.once('SIGTERM', () => void provider.close());
