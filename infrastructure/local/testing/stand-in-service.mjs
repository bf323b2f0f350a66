// Stands in for a service. `ready`, `never-ready`, `broken` and `deaf` say how it behaves.
import { createServer } from 'node:http';

const behaviour = process.argv[2];
if (behaviour === 'broken') {
  console.error('a mistake in the configuration');
  process.exit(3);
}
if (behaviour === 'deaf') process.on('SIGTERM', () => {});
console.log(JSON.stringify({ level: 40, msg: 'a warning' }));

createServer((request, response) => {
  response.statusCode = request.url === '/readyz' && behaviour === 'never-ready' ? 503 : 200;
  response.end(JSON.stringify(process.env));
}).listen(Number(process.env['PORT']), '127.0.0.1');
