/** What can be set in the panel's options. */
export interface Options {
  /** Data source whose database has kpi.ask(). */
  datasourceUid: string;
  /** Questions offered before the first one is asked. */
  suggestions: string[];
  /** Dashboard variables that are dimensions of pg_kpi: what they choose goes along as a filter. */
  dimensions: string[];
  /** Whether the filters go along unless a viewer switches them off. */
  sendContext: boolean;
  /** Whether the time range goes along unless a viewer switches it off. */
  sendTime: boolean;
  /** Whether the SQL behind an answer can be seen. */
  showSql: boolean;
}

export const defaults: Options = {
  datasourceUid: 'pg-kpi-ask',
  suggestions: [
    'How did sales do last month?',
    'Which brands drive growth?',
    'Why did revenue change last month?',
    'What will revenue be in the next 3 months?',
    'What should we do next?',
  ],
  dimensions: ['brand', 'channel', 'vendor', 'product_type'],
  sendContext: true,
  sendTime: false,
  showSql: true,
};

export type Cell = string | number | boolean | null | object;
export type Row = Record<string, Cell>;

/** One row of kpi.ask(), read. */
export interface Answer {
  answer: string;
  plan: { function?: string; args?: Record<string, unknown>; confidence?: number } | null;
  sql: string;
  rows: Row[];
  chart: Record<string, unknown> | null;
  suggestions: string[];
  engine: string;
  verified: boolean;
  note: string;
  conversation: string;
  ms: number | null;
}

/** What goes along with a question. */
export interface Context {
  filter: Record<string, string[]>;
  period: { from: string; to: string } | null;
}

/** A question and what became of it. */
export interface Turn {
  id: number;
  question: string;
  context: Context;
  state: 'waiting' | 'answered' | 'failed' | 'cancelled';
  answer?: Answer;
  error?: Failure;
}

/** An error in words for a viewer, and as the server put it. */
export interface Failure {
  title: string;
  hint: string;
  detail: string;
}
