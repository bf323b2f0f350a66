// The containers' health check: ends with 0 when the service here is ready for traffic.
const answer = await fetch(`http://127.0.0.1:${process.env.PORT}/readyz`, {
  signal: AbortSignal.timeout(2_000),
});
process.exit(answer.ok ? 0 : 1);
