import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { contentPolicy } from './content-policy.ts';

const template = readFileSync(
  new URL('../infrastructure/docker/web.conf.template', import.meta.url),
  'utf8',
);

test("the web image's nginx sends the same policy as the local web server", () => {
  const places = { connectTo: '${WEB_CONNECT_TO}', framedBy: '${WEB_FRAMED_BY}' };
  expect(template).toContain(`set $content_policy "${contentPolicy(places)}";`);
});

test('every place that serves files sends it', () => {
  const serving = template.split('location ').filter((block) => block.includes('try_files'));
  expect(serving).toHaveLength(2);
  for (const block of serving) {
    expect(block).toContain('add_header Content-Security-Policy $content_policy always;');
  }
});

test('nothing inline, nothing evaluated, frames only where configured', () => {
  const policy = contentPolicy({ connectTo: '', framedBy: "'none'" });
  expect(policy).not.toMatch(/unsafe|data:|\*/);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
});
