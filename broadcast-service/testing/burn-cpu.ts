/**
 * A process that uses CPU time and does nothing else, until it is killed: what an attacker on the
 * same machine costs everybody, whatever it attacks. Argument: which share of a core, 0 to 1.
 */
const share = Number(process.argv[2]);
const EVERY_MS = 20;

setInterval(() => {
  const end = performance.now() + share * EVERY_MS;
  while (performance.now() < end);
}, EVERY_MS);
process.send?.('burning');
process.on('disconnect', () => process.exit());
