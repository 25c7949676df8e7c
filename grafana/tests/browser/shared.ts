// What both pages need before anything of Grafana is drawn.
import * as i18n from '@grafana/i18n';
import { createTheme, GrafanaTheme2 } from '@grafana/data';
import * as runtime from '@grafana/runtime';
import * as rxjs from 'rxjs';

export const parameters = new URLSearchParams(window.location.search);
export const theme: GrafanaTheme2 = createTheme({ colors: { mode: parameters.get('theme') === 'light' ? 'light' : 'dark' } });

export async function prepare(): Promise<void> {
  // From 12 on components throw unless translations were set up once.
  await (i18n as { initPluginTranslations?: (id: string) => Promise<unknown> }).initPluginTranslations?.('grafana');
  document.body.style.background = theme.colors.background.canvas;
  document.body.style.color = theme.colors.text.primary;
  document.body.style.fontFamily = theme.typography.fontFamily;
  document.body.style.fontSize = '14px';
  document.body.style.lineHeight = String(theme.typography.body.lineHeight);
}

const page = window as unknown as Record<string, any>;

// As the SQL data source does: variables are put in wherever they stand.
class Source extends runtime.DataSourceWithBackend<any, any> {
  applyTemplateVariables(query: any) {
    return { ...query, rawSql: query.rawSql.replace(/\$\{?region\}?/g, 'REPLACED') };
  }
}

// A request that ends when nobody waits for it any more.
const fetchOnce = (request: { url: string; data: unknown }) =>
  new rxjs.Observable((to: rxjs.Subscriber<unknown>) => {
    const abort = new AbortController();
    page.requests = (page.requests ?? 0) + 1;
    fetch(request.url, { method: 'POST', body: JSON.stringify(request.data), signal: abort.signal }).then(
      async (response) => {
        const body = await response.json();
        page.returned = performance.now();
        if (!response.ok) {
          to.error({ status: response.status, data: body, message: body.message });
          return;
        }
        to.next({ data: body, status: response.status, ok: true, headers: response.headers, url: request.url, config: request });
        to.complete();
      },
      (error) => to.error(error)
    );
    return () => {
      if (!to.closed || !page.returned) {
        page.aborted = (page.aborted ?? 0) + 1;
      }
      abort.abort();
    };
  });

const settings = (uid: string) => ({ id: 1, uid, type: 'grafana-postgresql-datasource', name: uid, jsonData: { database: 'sales' }, meta: {} });

/** What a panel needs of Grafana to query a data source. */
export function backend(): void {
  runtime.setBackendSrv({ fetch: fetchOnce } as never);
  runtime.setDataSourceSrv({
    get: async ({ uid }: { uid: string }) => {
      if (!uid.startsWith('pg-kpi')) {
        throw new Error(`Datasource ${uid} was not found`);
      }
      return new Source(settings(uid) as never);
    },
    getInstanceSettings: (ref: { uid: string }) => settings(ref.uid),
    getList: () => [],
  } as never);
}
