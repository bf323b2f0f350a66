/** The figures as text for people. */
import type { Machine } from './machine.ts';
import { OTHER_PROGRAMS } from './measurement.ts';
import type { Summary } from './summary.ts';

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;

export function machineText(machine: Machine): string {
  const { cpuModel, cpus, memoryGib, system, node, fsyncMs } = machine;
  const servers = Object.entries(machine.servers).map(([name, version]) => `${name} ${version}`);
  return [
    `${cpuModel}, ${cpus} cores, ${memoryGib} GiB, ${system}`,
    [`Node ${node}`, ...servers, `an fsync takes ${fsyncMs.toFixed(2)} ms`].join(', '),
  ].join('\n');
}

export function summaryText(summary: Summary): string {
  const { median, name, title, unit, otherUnit, comparedTo, ratio, limits } = summary;
  const compared = ratio === undefined ? '' : `, ${ratio.toFixed(3)} of ${comparedTo}`;
  const range = `${whole(summary.lowestPerSecond)} to ${whole(summary.highestPerSecond)}`;
  const cores = Object.entries(median.cores).map(([process, used]) =>
    process === OTHER_PROGRAMS
      ? `${process} ${used.toFixed(2)}`
      : `${process} ${used.toFixed(2)} (${((used / median.perSecond) * 1e6).toFixed(0)} µs each)`,
  );
  const batch =
    median.meanBatch === undefined || median.callsPerSecond === undefined
      ? []
      : [
          `${median.meanBatch.toFixed(1)} commands a script call, ${whole(median.callsPerSecond)} calls/s`,
        ];
  const latency =
    median.p50Ms === undefined || median.p99Ms === undefined
      ? []
      : [`p50 ${median.p50Ms.toFixed(2)} ms, p99 ${median.p99Ms.toFixed(2)} ms`];
  const others = `${otherUnit} ${whole(median.others)} (${percent(median.othersShare)})`;
  return [
    `${name}: ${title}`,
    `  ${whole(median.perSecond)} ${unit}/s${compared} (rounds: ${range})`,
    `  ${[...latency, others, ...batch].join('; ')}`,
    `  CPU in cores: ${cores.length === 0 ? 'cannot be read here' : cores.join(', ')}`,
    ...limits.map((limit) => `  ${limit}`),
  ].join('\n');
}
