"""The tables of docs/performance.md, one module each. All modelled."""
