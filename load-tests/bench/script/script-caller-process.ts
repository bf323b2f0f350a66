/**
 * Calls the decide script through the gateway's adapter. Arguments: Redis's URL, bids in a call,
 * calls under way, seconds.
 */
import { keepCalling } from '../generators/run-generator.ts';
import { openScriptCaller } from './script-calls.ts';

const [url = '', batch = '', underWay = '', seconds = ''] = process.argv.slice(2);
const caller = await openScriptCaller(url, Number(batch));
await keepCalling(caller.call, { underWay: Number(underWay), seconds: Number(seconds) });
caller.close();
