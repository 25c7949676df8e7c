// What both pages need before anything of Grafana is drawn.
import * as i18n from '@grafana/i18n';
import { createTheme, GrafanaTheme2 } from '@grafana/data';

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
