import type { Series } from './outcome.ts';

const WIDTH = 760;
const ROW = 24;
const LABELS = 300;
const PLOT = { left: 60, top: 30, width: 560, height: 200 };
const COLOURS = ['#4477aa', '#ee6677', '#228833', '#ccbb44', '#66ccee', '#aa3377'];

export function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** A bar for each figure, the greatest over the whole width; one that is no number has none. */
export function barChart(title: string, figures: readonly { label: string; text: string }[]): string {
  const values = figures.map(({ text }) => (Number.isFinite(Number(text)) ? Number(text) : 0));
  const most = Math.max(...values, Number.MIN_VALUE);
  const bars = figures.map(({ label, text }, row) => {
    const y = (row + 1) * ROW;
    const width = Math.round((values[row]! / most) * (WIDTH - LABELS - 80));
    return [
      `<text x="${LABELS - 8}" y="${y + 16}" text-anchor="end">${escape(label)}</text>`,
      `<rect x="${LABELS}" y="${y + 4}" width="${width}" height="${ROW - 8}" fill="${COLOURS[0]}"/>`,
      `<text x="${LABELS + width + 6}" y="${y + 16}">${escape(text)}</text>`,
    ].join('');
  });
  const heading = `<text x="${LABELS}" y="16" font-weight="bold">${escape(title)}</text>`;
  return svg((figures.length + 1) * ROW, [heading, ...bars]);
}

/** A line for each name, from 0 to the greatest value of all. */
export function lineChart({ title, unit, seconds, lines }: Series): string {
  const { left, top, width, height } = PLOT;
  const bottom = top + height;
  const most = Math.max(...Object.values(lines).flat(), Number.MIN_VALUE);
  const drawn = Object.entries(lines).map(([name, values], index) => {
    const colour = COLOURS[index % COLOURS.length];
    const points = values.map((value, n) => {
      const x = left + (n / Math.max(1, values.length - 1)) * width;
      return `${x.toFixed(1)},${(bottom - (value / most) * height).toFixed(1)}`;
    });
    const legend = `<text x="${left + width + 12}" y="${top + 14 + index * 18}" style="fill:${colour}">${escape(name)}</text>`;
    return `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/>${legend}`;
  });
  return svg(bottom + ROW, [
    `<text x="${left}" y="16" font-weight="bold">${escape(title)}</text>`,
    `<path d="M${left} ${top}V${bottom}H${left + width}" fill="none" stroke="#888"/>`,
    `<text x="${left - 6}" y="${top + 6}" text-anchor="end">${most.toPrecision(3)} ${escape(unit)}</text>`,
    `<text x="${left - 6}" y="${bottom}" text-anchor="end">0</text>`,
    `<text x="${left + width}" y="${bottom + 16}" text-anchor="end">${Math.round(seconds)} s</text>`,
    ...drawn,
  ]);
}

function svg(height: number, content: readonly string[]): string {
  return `<svg role="img" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}">\n${content.join('\n')}\n</svg>`;
}
