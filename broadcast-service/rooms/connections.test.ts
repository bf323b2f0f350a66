import { describe, expect, it } from 'vitest';
import { Connections } from './connections.ts';

const added = (connections: Connections, address: string, now = 0): (() => void) => {
  const result = connections.add(address, now);
  if (typeof result === 'string') throw new Error(result);
  return result;
};

describe('connections', () => {
  it('are so many in all and of one address', () => {
    const connections = new Connections({ all: 3, perAddress: 2 });
    const leave = added(connections, 'a');
    added(connections, 'a');
    expect(connections.add('a', 0)).toBe('too many connections of one address');
    added(connections, 'b');
    expect(connections.add('c', 0)).toBe('this node is full');
    expect(connections.count).toBe(3);
    leave();
    expect(connections.count).toBe(2);
    added(connections, 'c');
  });

  it('of one address come only so fast', () => {
    const connections = new Connections({ all: 1_000, perAddress: 20 });
    for (let i = 0; i < 66; i += 1) added(connections, 'a')();
    expect(connections.add('a', 0)).toBe('too many requests of one address');
    added(connections, 'b');
    expect(connections.add('a', 49)).toBe('too many requests of one address');
    added(connections, 'a', 50);
  });

  it('are fewer for an address that did harm', () => {
    const connections = new Connections({ all: 100, perAddress: 20 });
    for (let i = 0; i < 500; i += 1) connections.misused('2001:db8::1', 0);
    expect(connections.add('2001:db8::2', 10_000)).toBe('too many requests of one address');
    added(connections, '2001:db8:1::2');
    added(connections, '2001:db8::2', 10_150);
  });

  it('of one address together ask only so much', () => {
    const connections = new Connections({ all: 100, perAddress: 20 });
    for (let i = 0; i < 200; i += 1) expect(connections.request('a', 0)).toBe(0);
    expect(connections.request('a', 0)).toBe(50);
    expect(connections.request('b', 0)).toBe(0);
    expect(connections.request('a', 50)).toBe(0);
  });

  it('of one address are told what they missed only up to a bound', () => {
    const connections = new Connections({ all: 100, perAddress: 20 });
    expect(connections.mayRecover('a', 2_000, 0)).toBe(true);
    expect(connections.mayRecover('a', 2_000, 0)).toBe(false);
    expect(connections.mayRecover('a', 0, 0)).toBe(true);
    expect(connections.mayRecover('b', 2_000, 0)).toBe(true);
    expect(connections.request('a', 0)).toBe(0);
    expect(connections.mayRecover('a', 2_000, 9_000)).toBe(false);
    expect(connections.mayRecover('a', 2_000, 10_000)).toBe(true);
  });

  it('have no limit by address when it is 0', () => {
    const connections = new Connections({ all: 5, perAddress: 0 });
    connections.misused('a', 0);
    expect(connections.request('a', 0)).toBe(0);
    expect(connections.mayRecover('a', 1_000_000, 0)).toBe(true);
    for (let i = 0; i < 5; i += 1) added(connections, 'a');
    expect(connections.add('a', 0)).toBe('this node is full');
  });

  it('of addresses without end are forgotten when they are gone, those that are here are not', () => {
    const connections = new Connections({ all: 10, perAddress: 1 });
    added(connections, 'stays');
    for (let i = 0; i < 1_000; i += 1) added(connections, `passes-${i}`, i)();
    expect(connections.add('stays', 1_000)).toBe('too many connections of one address');
    expect(connections.count).toBe(1);
  });

  it('of an address that owes for its harm are not forgotten before it has paid', () => {
    const connections = new Connections({ all: 10, perAddress: 1 });
    for (let i = 0; i < 19; i += 1) added(connections, `passes-${i}`)();
    for (let i = 0; i < 500; i += 1) connections.misused('harmful', 10_000);
    // One network more than are kept: those that are past go.
    added(connections, 'newcomer', 20_000)();
    expect(connections.add('harmful', 20_000)).toBe('too many requests of one address');
    added(connections, 'harmful', 20_150);
  });
});
