"""The dashboards' sources: one module a dashboard, each with a `board()`."""
