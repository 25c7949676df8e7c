import { CoreApp, DataQueryRequest, DataQueryResponse, DataSourceApi, TimeRange, toDataFrame } from '@grafana/data';
import { getDataSourceSrv } from '@grafana/runtime';
import { defer, from, isObservable, map, Observable, switchMap } from 'rxjs';
import { Answer, Cell, Context, Failure, Row } from './types';

/** Longer questions are cut by the input. */
export const LONGEST_QUESTION = 1000;

/**
 * Text as a SQL expression that nothing on the way can change: Grafana doubles quotes, puts variables and macros in,
 * even inside of literals; hexadecimal digits have none of those.
 */
export function sqlText(text: string): string {
  const hex = Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `convert_from(decode('${hex}', 'hex'), 'UTF8')`;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The query that asks. */
export function askSql(question: string, conversation: string | null, context: Context): string {
  const id = conversation && UUID.test(conversation) ? `'${conversation}'::uuid` : 'NULL';
  const period = context.period
    ? `kpi.period(${sqlText(context.period.from)}::timestamptz, ${sqlText(context.period.to)}::timestamptz)`
    : 'NULL';
  return (
    'SELECT a.answer, a.plan::text AS plan, a.sql, a.rows::text AS rows, a.chart::text AS chart, ' +
    'to_json(a.suggestions)::text AS suggestions, a.engine, a.verified, a.note, a.conversation::text AS conversation, a.ms ' +
    `FROM kpi.ask(${sqlText(question)}, conversation => ${id}, period => ${period}, ` +
    `filter => ${sqlText(JSON.stringify(context.filter))}::jsonb) AS a`
  );
}

/** Asks once; unsubscribing cancels the request. Errors come as errors of the observable. */
export function ask(
  uid: string,
  question: string,
  conversation: string | null,
  context: Context,
  range: TimeRange
): Observable<Answer> {
  // A data source that is not there throws before there is a promise: defer turns that into an error of the observable.
  return defer(() => from(getDataSourceSrv().get({ uid }))).pipe(
    switchMap((source) => run(source, askSql(question, conversation, context), range)),
    map(read)
  );
}

let requests = 0;

function run(source: DataSourceApi, rawSql: string, range: TimeRange): Observable<DataQueryResponse> {
  requests += 1;
  const query = { refId: 'A', rawSql, format: 'table', rawQuery: true, editorMode: 'code', datasource: { type: source.type, uid: source.uid } };
  const request = {
    requestId: `pgkpi-chat-${requests}`,
    app: CoreApp.Dashboard,
    targets: [query],
    range,
    interval: '1d',
    intervalMs: 86_400_000,
    maxDataPoints: 1000,
    timezone: 'utc',
    scopedVars: {},
    startTime: Date.now(),
    hideFromInspector: false,
  } as unknown as DataQueryRequest;
  const response = source.query(request);
  return isObservable(response) ? response : from(response);
}

function json<T>(text: unknown, otherwise: T): T {
  if (typeof text !== 'string' || text === '') {
    return otherwise;
  }
  try {
    return (JSON.parse(text) as T) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function read(response: DataQueryResponse): Answer {
  const error = response.errors?.[0] ?? response.error;
  if (error) {
    throw new Error(error.message ?? error.data?.message ?? 'the query failed');
  }
  const frame = response.data.length > 0 ? toDataFrame(response.data[0]) : null;
  if (!frame || frame.length === 0) {
    throw new Error('kpi.ask() returned no row');
  }
  const cell = (name: string): unknown => frame.fields.find((field) => field.name === name)?.values[0] ?? null;
  const rows = json<Cell>(cell('rows'), []);
  return {
    answer: String(cell('answer') ?? ''),
    plan: json(cell('plan'), null),
    sql: String(cell('sql') ?? ''),
    rows: (Array.isArray(rows) ? rows : [rows]) as Row[],
    chart: json(cell('chart'), null),
    suggestions: json<string[]>(cell('suggestions'), []),
    engine: String(cell('engine') ?? ''),
    verified: cell('verified') === true,
    note: String(cell('note') ?? ''),
    conversation: String(cell('conversation') ?? ''),
    ms: typeof cell('ms') === 'number' ? (cell('ms') as number) : null,
  };
}

/** What an error means to a viewer, and what to do about it. */
export function failure(error: unknown): Failure {
  const thrown = error as { message?: string; statusText?: string; data?: { message?: string; error?: string }; status?: number };
  const detail = thrown?.data?.message ?? thrown?.data?.error ?? thrown?.message ?? thrown?.statusText ?? String(error);
  const kinds: Array<[RegExp, string, string]> = [
    [/permission denied/i, 'The data source may not ask', 'Its role lacks a right: run sql/grafana_role.sql in the database.'],
    [/function kpi\.ask|schema "kpi" does not exist/i, 'This database cannot answer', 'Install pg_kpi in it (kpi init), or choose another data source in the options.'],
    [/statement timeout|canceling statement|deadline exceeded|timeout/i, 'It took too long', 'Ask for a shorter period or fewer members, or ask an administrator for a longer statement_timeout.'],
    [/rate limit/i, 'Too many questions', 'Wait a minute and ask again.'],
    [/data ?source.*not found|was not found/i, 'There is no such data source', 'Choose the data source in the panel’s options.'],
    [/failed to fetch|network|connection refused|bad gateway|connect/i, 'The database cannot be reached', 'Try again; if it stays so, tell whoever runs Grafana.'],
    [/SQLSTATE 22023|hint/i, 'That could not be answered', 'Put the question differently.'],
  ];
  const [, title, hint] = kinds.find(([pattern]) => pattern.test(detail)) ?? [null, 'That did not work', 'Try again, or put the question differently.'];
  return { title, hint, detail };
}
