// Stands in for @grafana/i18n, which 11.6 does not have.
export {};
