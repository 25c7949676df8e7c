import { Cell, Row } from './types';

// jsonb keeps no order of columns: what names a row comes first, then its figures, then what is said about it.
const FIRST = ['rank', 'time', 'cohort', 'age', 'member', 'kind', 'action', 'subject', 'label', 'metric', 'sku', 'product', 'brand', 'tier', 'headline', 'value', 'forecast', 'lo', 'hi'];
const LAST = ['level', 'model', 'source', 'evidence', 'rule', 'status', 'note'];

/** Columns of rows in the order people read them, without those that are empty everywhere or say nothing to a reader. */
export function columns(rows: Row[]): string[] {
  const place = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) - FIRST.length : LAST.indexOf(name) + 1);
  const names = Array.from(new Set(rows.flatMap((row) => Object.keys(row)))).sort((a, b) => place(a) - place(b));
  const shown = names.filter((name) => rows.some((row) => row[name] !== null && row[name] !== undefined && row[name] !== ''));
  const total = rows.every((row) => row.member === 'Total');
  return shown.filter((name) => !(name === 'member' && total) && !(name === 'members' && 'member' in rows[0]));
}

const FRACTIONS = /(_pct|_rate|^share|share$|share_change|contribution|attainment|p_attain|growth|^level$|retention|confidence|coverage|percentile|discount_depth)/;

/** A cell as people read it: fractions as percentages, numbers with separators and no more digits than needed. */
export function show(column: string, cell: Cell | undefined): string {
  if (cell === null || cell === undefined) {
    return '–';
  }
  const number = numeric(cell);
  if (number !== null) {
    if (FRACTIONS.test(column) && Math.abs(number) <= 100) {
      return `${(100 * number).toLocaleString('en-US', { maximumFractionDigits: 1 })} %`;
    }
    const digits = Number.isInteger(number) ? 0 : Math.abs(number) >= 1000 ? 0 : Math.abs(number) >= 1 ? 2 : 4;
    return number.toLocaleString('en-US', { maximumFractionDigits: digits });
  }
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
}

/** A number, also where PostgreSQL wrote it as text; dates and codes are none. */
export function numeric(cell: Cell | undefined): number | null {
  if (typeof cell === 'number') {
    return Number.isFinite(cell) ? cell : null;
  }
  return null;
}

/** Where a cell stands on an axis: a number as it is, a date or time in milliseconds. */
export function position(cell: Cell | undefined): number | null {
  if (typeof cell === 'number') {
    return cell;
  }
  const time = typeof cell === 'string' && /^\d{4}-\d\d/.test(cell) ? Date.parse(cell) : NaN;
  return Number.isNaN(time) ? null : time;
}

/** Rows as comma-separated values. A cell that a spreadsheet would take for a formula is quoted with an apostrophe. */
export function csv(rows: Row[]): string {
  const names = columns(rows);
  const quoted = (cell: Cell | undefined) => {
    let text = cell === null || cell === undefined ? '' : typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
    if (typeof cell === 'string' && /^[=+\-@\t\r]/.test(text)) {
      text = `'${text}`;
    }
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [names, ...rows.map((row) => names.map((name) => row[name]))].map((line) => line.map(quoted).join(',')).join('\r\n');
}

/** What is drawn of an answer's rows. */
export interface Drawing {
  kind: 'line' | 'bar';
  x: string;
  y: string;
  series: string | null;
  band: [string, string] | null;
}

const VALUES = ['forecast', 'value', 'revenue', 'change', 'contribution', 'expected', 'target', 'share', 'expected_uplift', 'impact'];

/** Chooses a chart: the answer's own hint where its columns are there, else by what the rows hold; none for a single figure. */
export function drawing(rows: Row[], hint: Record<string, unknown> | null): Drawing | null {
  const names = columns(rows);
  const text = (key: string) => (typeof hint?.[key] === 'string' && names.includes(hint[key] as string) ? (hint[key] as string) : null);
  const kind = String(hint?.type ?? hint?.kind ?? hint?.mark ?? '');
  if (rows.length < 2 || !['', 'line', 'points', 'bar'].includes(kind)) {
    return null;
  }
  const isNumber = (name: string) => rows.some((row) => numeric(row[name]) !== null);
  const time = text('x') ?? ['time', 'cohort', 'month', 'week', 'day'].find((name) => names.includes(name) && !isNumber(name)) ?? null;
  const y = text('y') ?? VALUES.find((name) => names.includes(name) && isNumber(name)) ?? names.find((name) => isNumber(name) && name !== 'rank') ?? null;
  if (!y) {
    return null;
  }
  const isTime = time !== null && rows.every((row) => position(row[time]) !== null);
  if (kind !== 'bar' && time && isTime) {
    const series = text('series') ?? (names.includes('member') && new Set(rows.map((row) => row.member)).size > 1 ? 'member' : null);
    const band: [string, string] | null = !series && names.includes('lo') && names.includes('hi') ? ['lo', 'hi'] : null;
    return { kind: 'line', x: time, y, series, band };
  }
  const label = text('x') ?? ['member', 'subject', 'label', 'sku', 'product', 'tier', 'metric', 'headline'].find((name) => names.includes(name)) ?? names.find((name) => !isNumber(name)) ?? null;
  return label && label !== y ? { kind: 'bar', x: label, y, series: null, band: null } : null;
}
