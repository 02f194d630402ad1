import { describe, expect, it } from '@jest/globals';
import { htmlReport } from './html-report.ts';
import type { Part } from './outcome.ts';

const machine = { cpu: 'a CPU', cores: 2, memoryGiB: 4, kernel: 'linux', node: 'v24' };

function reportOf(...parts: Part[]): string {
  const document = { at: '2026-11-30T12:00:00.000Z', machine, passed: true };
  return htmlReport({ command: 'npm run bench -- reads', parts, document });
}

describe('the HTML report', () => {
  it('has a bar for each row, the longest for the greatest figure', () => {
    const rows = [
      ['here', '50'],
      ['there', '100'],
      ['nowhere', '–'],
    ];
    const html = reportOf({ head: ['', 'requests/s'], rows, bars: 'requests/s' });
    const widths = [...html.matchAll(/<rect .*?width="(\d+)"/g)].map(([, width]) => Number(width));
    expect(widths).toEqual([190, 380, 0]);
  });

  it('draws a line through each value', () => {
    const html = reportOf({ title: 'memory', unit: 'MiB', seconds: 2, lines: { gateway: [50, 100, 100] } });
    expect(html).toContain('points="60.0,130.0 340.0,30.0 620.0,30.0"');
  });

  it('shows text of the system under load as text', () => {
    const html = reportOf('<script>', { head: ['<b>'], rows: [['"&']] });
    expect(html).not.toMatch(/<script>|<b>/);
    expect(html).toContain('<td>&quot;&amp;</td>');
  });

  it('needs nothing from elsewhere', () => {
    expect(reportOf('text')).not.toMatch(/https?:|src=|href=|@import/);
  });
});
