// `npm start` with stand-ins, in the folder that its first argument names: a test interrupts it.
import { runUntilSignal } from '../run-until-signal.ts';
import { startSystem } from '../start-system.ts';
import { standIn } from './stand-in-parts.ts';

const [folder = '', behaviour = 'ready'] = process.argv.slice(2);
await runUntilSignal(async (signal) => {
  const services = [standIn('archive', 'ready'), standIn('web', behaviour)];
  const system = await startSystem({ root: folder, folder, services, durable: false, signal });
  console.log('up');
  return system;
}, console.log);
