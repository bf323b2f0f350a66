import { expect, it } from 'vitest';
import { whyNotComparable, type FormerRun, type PlannedRun } from './former-run.ts';

const former: FormerRun = {
  machine: { cpuModel: 'a CPU', cpus: 2 },
  options: { seconds: 5, connections: 64 },
  measured: [{ name: 'hot', rounds: [{ perSecond: 1, cores: {} }] }],
};
const planned: PlannedRun = {
  cpuModel: 'a CPU',
  cpus: 2,
  seconds: 5,
  connections: 64,
  names: ['bare', 'hot'],
};

it('compares runs of one machine, under one load, that have a measurement in common', () => {
  expect(whyNotComparable(former, planned)).toBeUndefined();
});

it.each([
  [{ cpus: 4 }, 'the earlier run was on another machine (a CPU, 2 cores)'],
  [{ seconds: 2 }, 'the earlier run had 5 s and 64 connections'],
  [{ names: ['spread'] }, 'the earlier run measured hot'],
])('says why not: %j', (change, reason) => {
  expect(whyNotComparable(former, { ...planned, ...change })).toBe(reason);
});
