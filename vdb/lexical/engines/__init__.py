"""One file an engine: its lexical conventions, and the arithmetic behind them."""
