import { PanelPlugin } from '@grafana/data';
import { ChatPanel } from './components/ChatPanel';
import { defaults, Options } from './types';

export const plugin = new PanelPlugin<Options>(ChatPanel).setPanelOptions((builder) =>
  builder
    .addTextInput({
      path: 'datasourceUid',
      name: 'Data source',
      description: 'Uid of the PostgreSQL data source whose database has pg_kpi',
      defaultValue: defaults.datasourceUid,
    })
    .addStringArray({
      path: 'suggestions',
      name: 'Suggestions',
      description: 'Questions offered before the first one; none: the built-in ones',
      defaultValue: [],
    })
    .addStringArray({
      path: 'dimensions',
      name: 'Variables that filter',
      description: 'Dashboard variables that are named like a dimension of pg_kpi',
      defaultValue: defaults.dimensions,
    })
    .addBooleanSwitch({ path: 'sendContext', name: 'Send the filters', defaultValue: defaults.sendContext })
    .addBooleanSwitch({
      path: 'sendTime',
      name: 'Send the time range',
      description: 'It is then the period of questions that name none',
      defaultValue: defaults.sendTime,
    })
    .addBooleanSwitch({ path: 'showSql', name: 'Show the SQL', defaultValue: defaults.showSql })
);
